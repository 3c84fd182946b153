"""When a delivery due in 2 s goes out while 100,000 others wait for later.

The goal is within 2.2 s. The baseline is known, not run: stock Dramatiq takes delayed messages first come,
first served, so that one behind 20,000 that are due in an hour goes out in an hour.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.delivery.__main__ import bundle
from benchmarks.delivery.offers import fill, fresh, offering
from benchmarks.latency.arrivals import Arrivals
from benchmarks.node import eventually, serving
from hookwright.engine.ledger.ledger import Ledger

GOAL = 2.2  # seconds
SOON, HOUR = 2_000, 3_600_000  # milliseconds
TIMES = 3


def fired(ledger: Ledger, arrivals: Arrivals) -> float:
    """Seconds from the offer of a delivery due soon to its arrival."""
    seen = len(arrivals.times)
    began = time.monotonic()
    ledger.offer([fresh("hook-0", SOON)])
    eventually(lambda: len(arrivals.times) > seen)
    return max(arrivals.times.values()) - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--later", type=int, default=100_000)
    later = parser.parse_args().later
    arrivals = Arrivals()
    with serving(bundle(arrivals.url, 1)) as node, offering(node) as ledger:
        fill(ledger, (fresh("hook-0", HOUR) for _ in range(later)))
        found = ", ".join(f"{fired(ledger, arrivals):.3f}" for _ in range(TIMES))
    told = f"due in 2 s with {later:,} due in an hour: {found} s"
    print(f"delays: {told}   goal {GOAL} s; stock Dramatiq: an hour")


if __name__ == "__main__":
    main()
