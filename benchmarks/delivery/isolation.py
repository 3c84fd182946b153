"""Ten of a hundred endpoints hang: what becomes of the deliveries to the others, which come at a steady rate.

The ten receivers take requests and never answer; deliveries to them come at the rate of all others. The
baseline is the same with nobody hanging; the goal is that all healthy ones arrive, 99 % of them in 100 ms.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import time

from benchmarks.delivery.__main__ import ENDPOINTS, bundle, worker
from benchmarks.delivery.offers import fresh, offering
from benchmarks.latency.arrivals import Arrivals
from benchmarks.node import eventually, serving
from hookwright.engine.ledger.ledger import Ledger

HANGING = 10
RATE = 400  # deliveries a second, to all endpoints together
TURN = 0.02  # seconds between offers
GOAL = 100.0  # ms


def offered(ledger: Ledger, healthy: range, seconds: float) -> dict[str, float]:
    """Offer at the rate for so long; when each that goes to a healthy endpoint was offered, by name."""
    found: dict[str, float] = {}
    endpoints = itertools.cycle(range(ENDPOINTS))
    began, sent = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        due = int((time.monotonic() - began) * RATE) - sent
        chosen = list(itertools.islice(endpoints, due))
        offers = [fresh(f"hook-{number}") for number in chosen]
        now = time.monotonic()
        if offers:
            ledger.offer(offers)
        found |= {
            json.loads(each.body)["name"]: now
            for each, number in zip(offers, chosen, strict=True)
            if number in healthy
        }
        sent += due
        time.sleep(TURN)
    return found


def measure(arrivals: Arrivals, hole: str, hanging: int, seconds: float) -> list[float]:
    """Milliseconds from offer to receiver of every healthy delivery, sorted."""
    text = bundle(arrivals.url)
    for number in range(hanging):
        text = text.replace(f"'{arrivals.url}/{number}'", f"'{hole}/{number}'")
    with serving(text, workers=0) as node, offering(node) as ledger:
        process = worker(node)
        eventually(lambda: ledger.depth().workers)
        times = offered(ledger, range(hanging, ENDPOINTS), seconds)
        arrivals.wait_for(times)
        process.kill()
        process.wait()
    return sorted((arrivals.times[name] - at) * 1000 for name, at in times.items())


def tell(name: str, found: list[float]) -> None:
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    told = f"p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  longest {found[-1]:6.1f} ms"
    print(f"isolation: {name:22} {len(found):,} of {len(found):,} healthy  {told}   goal p99 {GOAL:g} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    arrivals = Arrivals()
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        hole = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for hanging in (0, HANGING):
            found = measure(arrivals, hole, hanging, seconds)
            tell(f"{hanging} of {ENDPOINTS} hang", found)


if __name__ == "__main__":
    main()
