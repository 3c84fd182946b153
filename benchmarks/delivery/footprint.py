"""What a worker holds of memory after 10 %, 50 % and 100 % of its deliveries, so that a leak shows.

The baseline is the worker itself at 10 %; the goal is that it has grown by no more than a tenth at the end.
A million deliveries take minutes: `--deliveries 1000000`.
"""

from __future__ import annotations

import argparse

import psutil

from benchmarks.delivery.__main__ import ENDPOINTS, bundle, worker
from benchmarks.delivery.offers import fill, forget, fresh, offering
from benchmarks.delivery.receiver import sink
from benchmarks.node import serving

GOAL = 1.1
PENDING = 10_000  # deliveries at once: Redis need not hold them all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    total = parser.parse_args().deliveries
    with (
        sink() as target,
        serving(bundle(target.url), workers=0) as node,
        offering(node) as ledger,
    ):
        process = worker(node)
        held, sent = [], 0
        for mark in (total // 10, total // 2, total):
            while sent < mark:
                some = min(PENDING, mark - sent)
                fill(ledger, (fresh(f"hook-{number % ENDPOINTS}") for number in range(some)))
                sent += some
                target.wait(sent)
                forget(ledger)
            held.append(psutil.Process(process.pid).memory_info().rss / 2**20)
        process.terminate()
        process.wait()
    found = ", ".join(f"{each:.1f}" for each in held)
    print(
        f"footprint: a worker after 10, 50, 100 % of {total:,} deliveries: {found} MB;"
        f" {held[-1] / held[0]:.2f} of that at 10 %   goal {GOAL}"
    )


if __name__ == "__main__":
    main()
