"""A bookkeeper killed at any point while batches are split: each event is taken once, from one live batch."""

from __future__ import annotations

import json
import random
import signal
import threading
from collections import Counter
from typing import Any

import pytest
from msgspec import structs
from tests.engine.book.test_batching_crash import PLAN, Child, Story, Work

from hookwright.engine.history.audit import audit, read_account
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter
from hookwright.engine.ledger.work import Claim, Settle

POISON = 7  # a number of a plan's seven
POINTS = ("split", "split_indexed")
FURTHER = ("torn", "written", "fsynced", "indexed", "acknowledged", "batched", "batch_indexed")


class Refusing(Work):
    """A worker whose receiver takes no list of more than four, and no poisonous event."""

    def __init__(self, url: str, kit: Any) -> None:
        super().__init__(url, kit)
        self.set_aside: Counter[int] = Counter()

    def once(self, most: int = 16) -> bool:
        claims = self.ledger.step(claim=most).claims
        self.ledger.step(settles=[Settle(each.token, self._result(each)) for each in claims])
        return bool(claims)

    def _result(self, claim: Claim) -> Any:
        numbers = json.loads(claim.body)
        self.batches[claim.delivery.id] += 1
        poisonous = any(number % 10 == POISON for number in numbers)
        if len(numbers) <= 4 and not poisonous:
            self.numbers.update(numbers)
            return self.kit.result(claim.delivery, claim.attempt)
        alone = len(numbers) == 1
        if alone:
            self.set_aside.update(numbers)
        outcome, status = "failure" if alone else "split", 422 if poisonous else 413
        return self.kit.result(claim.delivery, claim.attempt, outcome, status, reason=f"status {status}")


class SplitStory(Story):
    plan = structs.replace(PLAN, split=True)

    def __init__(self, node: Any, kit: Any, url: str) -> None:
        super().__init__(node, kit, url)
        self.work: Refusing = Refusing(url, kit)

    def over(self) -> bool:
        return self.work.numbers.total() + self.work.set_aside.total() >= len(self.accepted)

    def check(self) -> None:
        every = range(len(self.accepted))
        poisonous = [number for number in every if number % 10 == POISON]
        assert self.work.numbers == Counter(set(every) - set(poisonous)), "a member was lost or doubled"
        alone = {self.accepted[number] for number in poisonous}
        assert self.work.set_aside.keys() <= set(poisonous)
        assert set(self.work.batches.values()) == {1}, "a batch was sent twice"
        live = [line for line in self.node.lines("batch") if self.node.settled()[line["id"]] != "Cancelled"]
        inside = [member for line in live for member in line["members"]]
        assert sorted(inside) == sorted(self.accepted), "each member is in one live batch"
        assert audit(read_account(self.node.history)).findings == ()
        with History(self.node.state) as history:
            failed = {
                row.id for row in history.list(Filter(status="Failure", id="dlv_"), 10_000) if row.batch
            }
        assert failed == alone
        self.work.ledger.close()


@pytest.mark.fault(72)
@pytest.mark.parametrize("points", [POINTS, pytest.param(FURTHER, marks=pytest.mark.slow)])
def test_killed_at_each_point_of_a_split_each_event_is_taken_once(
    node: Any, kit: Any, valkey: str, points: tuple[str, ...]
) -> None:
    story = SplitStory(node, kit, valkey)
    for point in points:
        story.accept(10)
        child, most = Child(node, valkey, point, count=2), len(story.accepted) + 20

        def killed(child: Child = child, most: int = most) -> bool:
            if len(story.accepted) < most:
                story.accept(1)
            story.work.once(5)
            return not child.alive

        kit.until(killed, 30)
        assert child.end() == -signal.SIGKILL, point
    child = Child(node, valkey)
    story.finish(child)
    story.check()


@pytest.mark.slow
@pytest.mark.fault(72)
@pytest.mark.parametrize("lost", ["nothing", "index"])
def test_killed_at_random_moments_of_splits_each_event_is_taken_once(
    node: Any, kit: Any, valkey: str, lost: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # to repeat a failure
    chance = random.Random(seed)
    story = SplitStory(node, kit, valkey)
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
