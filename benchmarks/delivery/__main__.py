"""Deliveries a second on one worker core, against a hand-written Dramatiq actor and against the bare wire.

All get the same work (1 KB bodies to 100 endpoints) and call the same sink, several rounds interleaved.
Hookwright's side has all features on: events were accepted over HTTP and fsynced; the worker adds entity
parameters, signs, judges addresses; a bookkeeper on the other core writes every attempt to the history. The
actor uses `requests.Session` and records nothing; the bare side is pycurl's `CurlMulti` with the same
headers. Compare the ratios, not the rates.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

from benchmarks.delivery import actor
from benchmarks.delivery.receiver import Sink, sink
from benchmarks.node import Node, pin, serving
from hookwright.engine.ledger.ledger import Ledger

ENDPOINTS = 100
ROUNDS = 3
OURS, THEIRS, BARE = 20_000, 3_000, 60_000  # deliveries a round: enough to run for about a second or more
SECRET = {"BENCH_SECRET": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


def bundle(url: str, count: int = ENDPOINTS, more: str = "") -> str:
    """`count` webhooks, each with an event type of its own."""
    names = [f"Bench_{number}" for number in range(count)]
    events = "".join(f"  - {{type: {name}, description: measured}}\n" for name in names)
    hooks = "".join(
        f"  - {{id: hook-{number}, event: {name}, url: '{url}/{number}', concurrency: 16{more}}}\n"
        for number, name in enumerate(names)
    )
    return f"version: 1\nbundle: bench\nevents:\n{events}webhooks:\n{hooks}"


def accept(node: Node, total: int, endpoints: int = ENDPOINTS) -> None:
    """Have `total` events accepted, and wait until all are on offer."""
    for first in range(0, total, 500):
        batch = [
            {
                "specversion": "1.0",
                "id": f"{time.monotonic_ns()}-{n}",
                "source": "/bench",
                "type": f"Bench_{n % endpoints}",
                "data": {"ProspectID": str(n), "Notes": "x" * 980},
            }
            for n in range(first, min(first + 500, total))
        ]
        request = urllib.request.Request(
            node.url + "/v1/events",
            json.dumps(batch).encode(),
            {"Content-Type": "application/cloudevents-batch+json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 202
    ledger = Ledger(node.redis_url)
    while ledger.depth().ready < total:
        time.sleep(0.02)
    ledger.close()


def worker(node: Node) -> subprocess.Popen[bytes]:
    """A worker on core 0."""
    command = [sys.executable, "-m", "hookwright", "worker", "--allow-target", "127.0.0.0/8"]
    return start(command, {"HOOKWRIGHT_REDIS_URL": node.redis_url, **SECRET})


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    pin(process.pid, 0)
    return process


def rate(target: Sink, total: int, process: subprocess.Popen[bytes], before: int) -> float:
    """Deliveries a second between the first tenth and the last, so that start-up does not count."""
    try:
        started, first = target.wait(before + total // 10)
        ended, last = target.wait(before + total)
    finally:
        process.terminate()
        process.wait()
    return (last - first) / (ended - started)


def ours(target: Sink) -> float:
    os.environ.update(SECRET)
    signing = ", signing: {type: standard-webhooks, secret: {env: BENCH_SECRET}}"
    with serving(bundle(target.url, more=signing), workers=0) as node:
        for process in node.processes().values():
            pin(process.pid, 1)
        accept(node, OURS)
        return rate(target, OURS, worker(node), target.count())


def theirs(redis_url: str, target: Sink) -> float:
    actor.broker(redis_url)
    post = actor.declare()
    body = json.dumps({"ProspectID": "7", "Notes": "x" * 980})
    for number in range(THEIRS):
        post.send(f"{target.url}/{number % ENDPOINTS}", body)
    before = target.count()
    return rate(
        target, THEIRS, start([sys.executable, "-m", "benchmarks.delivery.actor", redis_url], {}), before
    )


def bare(target: Sink) -> float:
    before = target.count()
    command = [sys.executable, "-m", "benchmarks.delivery.bare", target.url, str(BARE)]
    return rate(target, BARE, start(command, {}), before)


def main() -> None:
    rates: dict[str, list[float]] = {"hookwright": [], "actor + requests.Session": [], "bare CurlMulti": []}
    with sink() as target:
        for _ in range(ROUNDS):
            rates["hookwright"].append(ours(target))
            with serving(bundle(target.url, 1), workers=0) as node:
                rates["actor + requests.Session"].append(theirs(node.redis_url, target))
            rates["bare CurlMulti"].append(bare(target))
        print(f"delivery: sink                     {target.kind}")
    best, session, wire = (statistics.median(found) for found in rates.values())
    for name, found in rates.items():
        print(
            f"delivery: {name:24} {statistics.median(found):10,.0f} /s   rounds {[round(r) for r in found]}"
        )
    print(f"delivery: to the actor             {best / session:10.1f} x")
    print(f"delivery: of the bare wire         {best / wire:10.2f}")


if __name__ == "__main__":
    main()
