"""A bookkeeper killed at any point, as a process: one terminal line a delivery, and no second request."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from typing import Any

import pytest

from hookwright.engine.book.heartbeat import read_heartbeat
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.work import Settle

CHILD = """
import os, signal, sys, threading
from pathlib import Path
from hookwright.engine.book.bookkeeper import Bookkeeper
from hookwright.engine.ledger.ledger import Ledger

state, url, point, count = sys.argv[1:]
left = int(count)

def reached(name):
    global left
    if name == point:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def fsync(descriptor):
    global left
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
Bookkeeper(Path(state), "nod_test", Ledger(url), fsync=fsync, checkpoint=reached).run(stop)
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
    """A worker that claims and succeeds, and counts what it sent."""

    def __init__(self, url: str, kit: Any) -> None:
        self.kit = kit
        self.ledger = Ledger(url, worker="wrk_1")
        self.ledger.publish(kit.REVISION, b"{}", {"webhook/plain": 64})
        self.sent: Counter[str] = Counter()
        self.told: set[str] = set()
        self.outcome: dict[str, Any] = {}

    def once(self, most: int = 16) -> None:
        claims = self.ledger.step(claim=most).claims
        self.sent.update(each.delivery.id for each in claims)
        self.told.update(each.delivery.id for each in claims if each.delivery.notifier)
        self.ledger.step(settles=[Settle(each.token, self.result(each)) for each in claims])

    def result(self, claim: Any) -> Any:
        """What every call comes to; a notice succeeds."""
        how = {} if claim.delivery.notifier else self.outcome
        return self.kit.result(claim.delivery, claim.attempt, **how)


def test_killed_at_each_point_it_leaves_one_terminal_line_a_delivery_and_no_second_request(
    node: Any, kit: Any, valkey: str
) -> None:
    work = Work(valkey, kit)
    accepted: list[str] = []
    for point in ("torn", "written", "fsynced", "indexed", "acknowledged"):
        accepted += [node.accept(f"{point}-{i}")[0].id for i in range(20)]
        child = Child(node, valkey, point, count=2)

        def killed(child: Child = child) -> bool:
            work.once(5)
            return not child.alive

        kit.until(killed, 30)
        assert child.end() == -signal.SIGKILL, point
    child = Child(node, valkey)
    kit.until(lambda: work.once() or len(work.sent) == len(accepted), 30)
    kit.until(lambda: work.ledger._redis.xlen("{hw:0}:results:nod_test") == 0, 30)
    assert child.end() == 0

    assert node.settled() == dict.fromkeys(accepted, "Success")
    assert set(work.sent.values()) == {1}
    assert not work.ledger._redis.exists("{hw:0}:settled:nod_test")
    beat = read_heartbeat(node.state)
    assert beat is not None
    assert (beat.caught_up, beat.open) == (True, 0)
    work.ledger.close()


@pytest.mark.slow
def test_killed_at_random_moments_under_load_it_loses_and_doubles_nothing(
    node: Any, kit: Any, valkey: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # to repeat a failure
    chance = random.Random(seed)
    work = Work(valkey, kit)
    accepted: list[str] = []
    wait = threading.Event()
    child = Child(node, valkey)
    for kill in range(15):
        moments = int(chance.uniform(0.05, 1.5) / 0.01)
        for _ in range(moments):
            accepted += [each.id for each in node.accept(f"e{kill}-{len(accepted)}")]
            work.once()
            wait.wait(0.01)
        child.kill()
        child = Child(node, valkey)
    kit.until(lambda: work.once() or len(work.sent) == len(accepted), 60)
    kit.until(lambda: work.ledger._redis.xlen("{hw:0}:results:nod_test") == 0, 60)
    assert child.end() == 0

    assert node.settled() == dict.fromkeys(accepted, "Success")
    assert set(work.sent.values()) == {1}
    work.ledger.close()


def test_killed_while_it_writes_notices_it_leaves_one_notice_a_failure_and_offers_each(
    node: Any, kit: Any, valkey: str
) -> None:
    work = Work(valkey, kit)
    work.outcome = {"outcome": "failure", "status": 503, "notify": ("admins",)}
    failed: list[str] = []
    for point in ("fsynced", "torn", "noticed", "indexed"):
        # Each fails at a subscriber of its own, so that each is told at once.
        failed += [node.accept(f"{point}-{i}", f"{point}-{i}")[0].id for i in range(5)]
        child = Child(node, valkey, point, count=2)

        def killed(child: Child = child) -> bool:
            work.once(2)
            return not child.alive

        kit.until(killed, 30)
        assert child.end() == -signal.SIGKILL, point
    child = Child(node, valkey)
    kit.until(lambda: work.once() or len(node.lines("notice")) >= len(failed), 30)
    notices = {line["id"] for line in node.lines("notice")}
    kit.until(lambda: work.once() or notices <= work.told, 30)
    assert child.end() == 0

    about = [each for line in node.lines("notice") for each in line["about"]]
    assert sorted(about) == sorted(failed)
    assert set(work.sent.values()) == {1}
