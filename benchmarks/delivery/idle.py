"""What a worker uses of a core while nothing happens: the goal is 3 %.

The baseline is a stock Dramatiq worker with a hand-written actor on the same Valkey, idle at the same time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import psutil

from benchmarks.delivery.__main__ import bundle, start, worker
from benchmarks.node import eventually, serving
from hookwright.engine.ledger.ledger import Ledger

GOAL = 0.03
CALM = 2.0  # seconds after a start until nothing of it is left


def used(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor so far."""
    return sum(psutil.Process(process.pid).cpu_times()[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    with serving(bundle("http://127.0.0.1:9", 1), workers=0) as node:
        ledger = Ledger(node.redis_url)
        theirs = start([sys.executable, "-m", "benchmarks.delivery.actor", node.redis_url], {})
        processes = [worker(node), theirs]
        eventually(lambda: ledger.depth().workers)
        time.sleep(CALM)
        before = [used(each) for each in processes]
        time.sleep(seconds)
        ours, stock = ((used(each) - begun) / seconds for each, begun in zip(processes, before, strict=True))
        for each in processes:
            each.terminate()
            each.wait()
        ledger.close()
    told = f"a worker over {seconds:g} s uses {ours:.2%} of a core"
    print(f"idle: {told}   goal {GOAL:.0%}; stock Dramatiq {stock:.2%}")


if __name__ == "__main__":
    main()
