"""A bookkeeper killed at any point while batches close: each member goes out once, in one batch."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

import pytest

from hookwright.engine.delivery import BatchPlan
from hookwright.engine.history.history import History
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Settle

PLAN = BatchPlan(window=200, max_events=7, max_bytes=10_000, encoder="json", content_type="application/json")

CHILD = """
import os, signal, sys, threading
from pathlib import Path
from hookwright.engine.book.bookkeeper import Bookkeeper
from hookwright.engine.ledger.ledger import Ledger
from hookwright.plugins.loader import load_plugins

state, url, point, count = sys.argv[1:]
left = int(count)

def reached(name):
    global left
    if name == point:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def fsync(descriptor):
    if point == "torn" and left == 1:  # as after a power cut: not all that was written is there
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - 60)
    reached("torn")
    reached("written")
    os.fdatasync(descriptor)

def end():
    sys.stdin.read()
    stop.set()

stop = threading.Event()
threading.Thread(target=end, daemon=True).start()
encoders = load_plugins(allow=()).encoders
book = Bookkeeper(Path(state), "nod_test", Ledger(url), encoders=encoders, fsync=fsync, checkpoint=reached)
book.run(stop)
"""


class Child:
    """A bookkeeper in a process of its own, told where to die."""

    def __init__(self, node: Any, url: str, point: str = "never", count: int = 1) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(node.state), url, point, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> int:
        """Close its standard input; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.end()


class Work:
    """A worker that claims and succeeds, and keeps what it sent."""

    def __init__(self, url: str, kit: Any) -> None:
        self.kit = kit
        self.ledger = Ledger(url, worker="wrk_1")
        self.ledger.publish(kit.REVISION, b"{}", {"webhook/plain": 64})
        self.batches: Counter[str] = Counter()
        self.numbers: Counter[int] = Counter()

    def once(self, most: int = 16) -> bool:
        claims = self.ledger.step(claim=most).claims
        for each in claims:
            self.batches[each.delivery.id] += 1
            self.numbers.update(json.loads(each.body))
        self.ledger.step(
            settles=[Settle(each.token, self.kit.result(each.delivery, each.attempt)) for each in claims]
        )
        return bool(claims)


class Story:
    """Members accepted in real time, a worker, and what has to hold at the end."""

    plan = PLAN

    def __init__(self, node: Any, kit: Any, url: str) -> None:
        self.node, self.kit = node, kit
        self.work = Work(url, kit)
        self.accepted: list[str] = []

    def accept(self, count: int) -> None:
        for _ in range(count):
            self.node.now = int(time.time() * 1000)
            number = len(self.accepted)
            (found,) = self.node.accept(f"e{number}", raw=b"%d" % number, batch=self.plan)
            self.accepted.append(found.id)

    def finish(self, child: Child) -> None:
        self.kit.until(lambda: not self.work.once() and self.over(), 30)
        self.kit.until(lambda: self.work.ledger._redis.xlen("{hw:0}:results:nod_test") == 0, 30)
        assert child.end() == 0

    def over(self) -> bool:
        return self.work.numbers.total() >= len(self.accepted)

    def check(self) -> None:
        assert self.work.numbers == Counter(range(len(self.accepted))), "a member was lost or doubled"
        assert set(self.work.batches.values()) == {1}, "a batch was sent twice"
        lines = self.node.lines("batch")
        inside = [member for line in lines for member in line["members"]]
        assert sorted(inside) == sorted(self.accepted)
        assert {line["id"] for line in lines} == set(self.work.batches)
        assert self.node.settled() == dict.fromkeys(self.work.batches, "Success")
        assert max(len(line["members"]) for line in lines) <= PLAN.max_events
        with History(self.node.state) as history:
            assert {history.show(each).row.status for each in self.accepted} == {"Success"}
        self.work.ledger.close()


def test_killed_at_each_point_it_sends_each_member_once_in_one_batch(
    node: Any, kit: Any, valkey: str
) -> None:
    story = Story(node, kit, valkey)
    for point in ("torn", "written", "batched", "batch_indexed", "fsynced", "indexed", "acknowledged"):
        story.accept(10)
        child = Child(node, valkey, point, count=2)

        def killed(child: Child = child) -> bool:
            story.accept(1)
            story.work.once(5)
            return not child.alive

        kit.until(killed, 30)
        assert child.end() == -signal.SIGKILL, point
    child = Child(node, valkey)
    story.finish(child)
    story.check()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["nothing", "index"])
def test_killed_at_random_moments_it_loses_and_doubles_nothing(
    node: Any, kit: Any, valkey: str, lost: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # to repeat a failure
    chance = random.Random(seed)
    story = Story(node, kit, valkey)
    wait = threading.Event()
    child = Child(node, valkey)
    for _ in range(10):
        for _ in range(int(chance.uniform(0.05, 1.5) / 0.01)):
            story.accept(1)
            story.work.once()
            wait.wait(0.01)
        child.kill()
        if lost == "index":
            (node.state / "index.sqlite").unlink(missing_ok=True)
        child = Child(node, valkey)
    story.finish(child)
    story.check()
