"""A worker killed with calls in flight: when all of them go on elsewhere, and how many requests that costs.

The goals are 10 s, and no more than two requests more for each call in flight. The baseline is known, not
run: stock Dramatiq gives a dead worker's messages to others after its heartbeat timeout, 60 s.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.delivery.__main__ import bundle, worker
from benchmarks.delivery.holding import Holding
from benchmarks.delivery.offers import fill, fresh, offering
from benchmarks.node import Node, eventually, serving
from hookwright.engine.ledger.ledger import Ledger

IN_FLIGHT = 64
GOAL = 10.0  # seconds


def kill_once(node: Node, ledger: Ledger, hold: Holding) -> tuple[float, int]:
    """Seconds from the kill to the last call made anew, and the requests beyond one a delivery."""
    doomed = worker(node)
    fill(ledger, (fresh(f"hook-{number % 10}") for number in range(IN_FLIGHT)))
    eventually(lambda: hold.requests.total() == IN_FLIGHT)
    other = worker(node)
    eventually(lambda: len(ledger.depth().workers) == 2)
    doomed.kill()
    killed = time.monotonic()
    eventually(lambda: min(hold.requests.values()) == 2)
    took = hold.last - killed
    hold.release()
    eventually(lambda: ledger.depth().total == 0)
    for process in (doomed, other):
        process.terminate()
        process.wait()
    return took, hold.requests.total() - IN_FLIGHT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2)
    for number in range(parser.parse_args().kills):
        hold = Holding()
        with serving(bundle(hold.url, 10), workers=0) as node, offering(node) as ledger:
            took, more = kill_once(node, ledger, hold)
        hold.stop()
        went_on = f"{IN_FLIGHT} in flight, all made anew within {took:.1f} s"
        goals = f"goal {GOAL:g} s, 2 x; stock Dramatiq 60 s"
        print(
            f"resume: kill {number + 1}: {went_on}, {more} requests more ({more / IN_FLIGHT:.2f} x)   {goals}"
        )


if __name__ == "__main__":
    main()
