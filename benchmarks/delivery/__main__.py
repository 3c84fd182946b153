"""Deliveries a second on one worker core: Hookwright's worker against a hand-written Dramatiq actor.

Both get the same work (1 KB bodies, 100 endpoints or URLs) from the same Valkey and call the same sink,
several rounds interleaved. Hookwright's side judges addresses, adds entity parameters, and writes every
attempt to the result stream; the baseline records nothing. Compare the ratio, not the rates.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.delivery import actor
from hookwright.engine.delivery import Delivery, delivery_id, message_id
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Offer
from hookwright.engine.revisions import table_of
from hookwright.engine.valkey.embedded import EmbeddedServer
from hookwright.rules.load import load

ENDPOINTS = 100
ROUNDS = 3
OURS, THEIRS = 20_000, 3_000  # deliveries a round: enough to run for about a second or more
BODY = json.dumps({"ProspectID": "7", "Notes": "x" * 980}).encode()


class Sink:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        _pin(self.process.pid, 1)

    def count(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def rate(sink: Sink, total: int, command: list[str], environment: dict[str, str]) -> float:
    """Deliveries a second between the first tenth and the last, so that start-up does not count."""
    before = sink.count()
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, **environment})
    _pin(worker.pid, 0)
    try:
        started, first = _wait(sink, before + total // 10)
        ended, last = _wait(sink, before + total)
    finally:
        worker.terminate()
        worker.wait()
    return (last - first) / (ended - started)


def _wait(sink: Sink, wanted: int) -> tuple[float, int]:
    deadline = time.monotonic() + 120
    while (count := sink.count()) < wanted:
        if time.monotonic() > deadline:
            sys.exit(f"only {count} of {wanted} requests arrived")
        time.sleep(0.002)
    return time.monotonic(), count


def hookwright_round(redis_url: str, sink: Sink) -> float:
    with _bundle(sink) as bundle:
        ledger = Ledger(redis_url)
        loaded = load(bundle)
        assert loaded.source is not None, loaded.problems
        table = table_of(loaded.source)
        ledger.publish(table.revision, loaded.source.to_json(), dict.fromkeys(table.endpoints, 16))
        ledger.offer([_offer(number) for number in range(OURS)])
        command = [sys.executable, "-m", "hookwright", "worker", "--allow-target", "127.0.0.0/8"]
        return rate(sink, OURS, command, {"HOOKWRIGHT_REDIS_URL": redis_url})


@contextmanager
def _bundle(sink: Sink) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "webhooks.yaml"
        hooks = [
            f"  - {{id: hook-{number}, event: Lead_Post_Create, url: '{sink.url}/{number}'}}\n"
            for number in range(ENDPOINTS)
        ]
        path.write_text("version: 1\nwebhooks:\n" + "".join(hooks), encoding="utf-8")
        yield path


def _offer(number: int) -> Offer:
    event, hook = f"evt_{time.monotonic_ns()}_{number}", f"hook-{number % ENDPOINTS}"
    message = message_id("bench", event, "webhook", hook, "")
    delivery = Delivery(
        id=delivery_id(message),
        message=message,
        entity_type="webhook",
        entity_id=hook,
        action="",
        event_id=event,
        event_source="bench",
        event_type="Lead_Post_Create",
        node="nod_bench",
        due=int(time.time() * 1000),
        body=hashlib.sha256(BODY).hexdigest(),
    )
    return Offer(delivery, BODY)


def actor_round(redis_url: str, sink: Sink) -> float:
    actor.broker(redis_url)
    post = actor.declare()
    for number in range(THEIRS):
        post.send(f"{sink.url}/{number % ENDPOINTS}", BODY.decode())
    return rate(sink, THEIRS, [sys.executable, "-m", "benchmarks.delivery.actor", redis_url], {})


def _pin(pid: int, core: int) -> None:
    """One core for the worker, the other for sink and Valkey, where the machine lets us."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def main() -> None:
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder))
        url = server.start()
        sink = Sink()
        try:
            for _ in range(ROUNDS):
                theirs.append(actor_round(url, sink))
                ours.append(hookwright_round(url, sink))
        finally:
            sink.close()
            server.stop()
    best, base = statistics.median(ours), statistics.median(theirs)
    print(f"delivery: hookwright worker        {best:10,.0f} /s   rounds {[round(each) for each in ours]}")
    print(f"delivery: actor + requests.Session {base:10,.0f} /s   rounds {[round(each) for each in theirs]}")
    print(f"delivery: ratio                    {best / base:10.1f} x")


if __name__ == "__main__":
    main()
