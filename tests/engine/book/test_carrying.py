"""Carrying forward: what is open outlives the segment it stands in, as it stood, whatever comes between."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from tests.engine.book.test_batching import plan
from tests.engine.book.test_retention import Crashed, Keeper

from hookwright.engine.book import carrying
from hookwright.engine.book.open_work import Opening
from hookwright.engine.book.retention import Keep
from hookwright.engine.history.audit import audit, read_account
from hookwright.engine.history.digest import WINDOW
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter
from hookwright.engine.identifiers import delivery_id
from hookwright.engine.journal.opened import Replayed, opened_entries
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.ledger.work import Offer
from hookwright.schemas.schema import load_schema

AT_ONCE = 10_000


@pytest.fixture
def kept(node: Any, ledger: Any, kit: Any) -> Iterator[Keeper]:
    keeper = Keeper(node, ledger, kit, Keep(days=1))
    yield keeper
    keeper.end()


def offers(keeper: Keeper) -> dict[str, Offer]:
    """All that is open, as it is offered after a loss of the ledger."""
    keeper.book.open.doubt_all()
    found: list[Offer] = []
    while more := keeper.book.open.next_offers(AT_ONCE, keeper.node.now):
        keeper.book.open.verified([each.delivery.id for each in more])
        found += more
    assert len({each.delivery.id for each in found}) == len(found)
    return {each.delivery.id: at_any_time(each) for each in found}


def at_any_time(offer: Offer) -> Offer:
    """Without the time it still waits: days pass in these tests."""
    return Offer(offer.delivery, offer.body, offer.attempts)


def standing(keeper: Keeper) -> dict[str, tuple[Any, ...]]:
    """How all that is open stands, but for the places of its lines."""
    opened: dict[str, Opening] = vars(keeper.book.open)["_open"]
    return {
        key: (each.attempts, each.held or each.due, each.ended, each.batching, each.refused)
        for key, each in opened.items()
    }


def days(node: Any) -> set[str]:
    return {each.day for each in list_segments(node.history)}


def carried(node: Any) -> list[dict[str, Any]]:
    return [line for line in node.lines() if line["kind"].startswith("carried")]


def assert_valid(node: Any) -> None:
    validator = Draft202012Validator(load_schema("history"), offline=True)
    for line in carried(node):
        assert [str(error) for error in validator.iter_errors(line)] == []


def test_a_delivery_stands_as_it_stood_and_is_sent_with_the_same_bytes(kept: Keeper, node: Any) -> None:
    tried, held, waits = node.accept("e1", "a", "b", "c", raw=b'{ "a": 1}', body=b"x=1\xff", delay=0)
    kept.turn()
    due = node.now + 90 * 86_400_000
    kept.settle(tried, outcome="retry")
    result = kept.kit.result(tried, outcome="retry", attempt=2)
    kept.ledger.server.settle(msgspec.structs.replace(result, next=due))
    kept.ledger.server.settle(kept.kit.result(held, outcome="held", reason="no secret"))
    kept.turn()
    before, stood = offers(kept), standing(kept)
    assert stood[tried.id][:2] == (2, due)
    assert stood[held.id][1] == "no secret"
    first = kept.names()
    kept.pass_days(3)
    kept.tidy()
    assert first != kept.names()
    assert days(node) == {"2026-11-26"}
    assert (offers(kept), standing(kept)) == (before, stood)
    kept.rebuilt()
    assert (offers(kept), standing(kept)) == (before, stood)
    assert set(before) == {tried.id, held.id, waits.id}
    assert_valid(node)


def test_history_shows_how_often_it_was_tried_and_the_last_try(kept: Keeper, node: Any) -> None:
    (delivery,) = node.accept("e1")
    kept.turn()
    for attempt in (1, 2, 3):
        kept.settle(delivery, outcome="retry") if attempt == 1 else None
        kept.ledger.server.settle(kept.kit.result(delivery, outcome="retry", attempt=attempt))
        kept.turn()
    with History(node.state, refresh=False) as history:
        before = history.show(delivery.id)
    assert len(before.attempts) == 3
    kept.pass_days(3)
    kept.tidy()
    for _ in range(2):
        with History(node.state, refresh=False) as history:
            shown = history.show(delivery.id)
        assert shown.attempts == before.attempts[-1:]
        for name in ("attempts", "state", "accepted", "updated", "next", "code", "reason"):
            assert getattr(shown.row, name) == getattr(before.row, name)
        assert (shown.event, shown.body) == (before.event, before.body)
        kept.rebuilt()


def test_what_was_tried_is_shown_once_while_its_first_line_is_there(kept: Keeper, node: Any) -> None:
    (delivery,) = node.accept("e1")
    kept.turn()
    kept.settle(delivery, outcome="retry")
    kept.pass_days(3)
    kept.crash_at = "dropped"  # intake's segment is gone, the bookkeeper's of that day is not
    with pytest.raises(Crashed):
        kept.tidy()
    for _ in range(2):
        with History(node.state, refresh=False) as history:
            assert len(history.show(delivery.id).attempts) == 1
        assert read_account(node.history).attempts.total() == 1
        kept.rebuilt()


def test_it_is_carried_as_often_as_it_has_to_be(kept: Keeper, node: Any) -> None:
    (delivery,) = node.accept("e1")
    kept.turn()
    before = offers(kept)
    for _ in range(4):
        kept.pass_days(2)
        kept.tidy()
        assert offers(kept) == before
    kept.rebuilt()
    assert offers(kept) == before
    assert len(carried(node)) == 1
    kept.settle(delivery)
    kept.pass_days(2)
    kept.tidy()
    assert carried(node) == []


def test_an_event_that_is_open_is_still_a_duplicate_and_its_answer_names_what_is_left(
    kept: Keeper, node: Any
) -> None:
    over, stays = node.accept("e1", "a", "b")
    kept.turn()
    kept.settle(over)
    kept.pass_days(3)
    kept.tidy()
    for _ in range(2):
        with History(node.state, refresh=False) as history:
            known = history.find_event("/src", "e1")
        assert known is not None
        assert (known.count, [each[0] for each in known.deliveries]) == (1, [stays.id])
        assert known.fingerprint
        kept.rebuilt()


def test_a_large_fan_out_is_carried_in_as_many_lines_as_it_needs(
    kept: Keeper, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{number}" for number in range(40)]
    node.accept("e0", "other")
    found = node.accept("e1", *names, raw=b'{"a":"%b"}' % (b"x" * 200_000), body=b"y" * 60_000)
    kept.turn()
    kept.settle(*found[::7])
    before = offers(kept)
    monkeypatch.setattr(carrying, "PORTION", 3)
    kept.pass_days(3)
    kept.tidy()
    assert days(node) == {"2026-11-26"}
    assert {line["kind"] for line in carried(node)} == {"carried", "carried+"}
    assert offers(kept) == before
    kept.rebuilt()
    assert offers(kept) == before
    assert_valid(node)


def test_members_of_a_batch_stay_in_it(kept: Keeper, node: Any) -> None:
    using = plan(max_events=2, split=True)  # type: ignore[arg-type]
    members = [node.accept(f"e{number}", raw=b"%d" % number, batch=using)[0] for number in range(3)]
    kept.turn()
    node.now += 200
    kept.turn()
    (batch,) = offers(kept).values()
    assert batch.body == b"[0,1]"
    kept.pass_days(0)
    kept.crash_at = "carried_forward"
    node.now += 3 * 86_400_000
    kept.pass_days(0)
    with pytest.raises(Crashed):
        kept.tidy()
    kept.crash_at = ""
    kept.rebuilt()
    kept.tidy()
    kept.rebuilt()
    kept.turn()
    assert days(node) == {"2026-11-26"}
    assert {each.body for each in offers(kept).values()} == {b"[0,1]", b"[2]"}
    split = kept.kit.result(batch.delivery, outcome="split", status=413, reason="status 413")
    kept.ledger.server.settle(split)
    kept.turn()
    assert {each.body for each in offers(kept).values()} == {b"[0]", b"[1]", b"[2]"}
    found = audit(read_account(node.history))
    assert found.findings == ()
    assert found.deliveries == len(members) + 4  # two batches, two halves
    assert_valid(node)


def test_a_notice_tells_no_more_than_it_did(kept: Keeper, node: Any) -> None:
    """What failed after it was written, and before it was written anew, is told by another one."""

    def fail(name: str) -> str:
        (delivery,) = node.accept(name)
        kept.turn()
        kept.ledger.server.settle(kept.kit.result(delivery, outcome="failure", notify=("admins",)))
        kept.turn()
        return str(delivery.id)

    told = [fail("e1")]
    (first,) = node.lines("notice")
    node.now += 36 * 3_600_000 - 30_000  # half a minute before the second midnight
    told += [fail("e2"), fail("e3")]
    assert [each["about"] for each in node.lines("notice")] == [[each] for each in told[:2]]
    before = offers(kept)
    node.now += 60_000
    kept.pass_days(0)
    kept.tidy()
    (anew,) = node.lines("carried_notice")
    assert (anew["id"], anew["about"]) == (first["id"], told[:1])
    for _ in range(2):
        assert offers(kept) == before
        kept.rebuilt()
    node.now += WINDOW
    kept.turn()
    assert [each["about"] for each in node.lines("notice")] == [told[1:2], told[2:]]
    assert_valid(node)


def test_a_replay_is_carried_with_its_round(kept: Keeper, node: Any) -> None:
    (first,) = node.accept("e1")
    kept.turn()
    kept.settle(first)
    again = Replayed(
        id=delivery_id(first.message, 1), message=first.message, entity_type="webhook", entity_id="plain",
        event_id="e1", event_source="/src", event_type=first.event_type, due="2026-11-23T12:00:00.000Z",
        revision="r", of=first.id, round=1, by="ada",
    )  # fmt: skip
    node.intake.append_many(opened_entries(again, b"y" * 300_000)).result(10)
    kept.turn()
    before = offers(kept)
    kept.pass_days(3)
    kept.tidy()
    for _ in range(2):
        assert offers(kept) == before
        with History(node.state, refresh=False) as history:
            (row,) = history.list(Filter())
            shown = history.show(row.id)
        assert (row.id, row.kind, row.round) == (again.id, "replay", 1)
        assert shown.body == "y" * 300_000
        kept.rebuilt()


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_portion_that_was_torn_off_is_carried_again(size: int, kept: Keeper, node: Any) -> None:
    """As after a power cut: the file ends anywhere in what was being written."""
    found = [each for number in range(4) for each in node.accept(f"e{number}", "a", "b", body=b"x" * size)]
    kept.turn()
    kept.settle(*found[::2], outcome="retry")
    before, stood = offers(kept), standing(kept)
    kept.pass_days(3)
    for share in (0.0, 0.3, 0.6, 0.97):
        tear(kept, share)
        with suppress(Crashed):
            kept.tidy()
        kept.rebuilt()
        assert (offers(kept), standing(kept)) == (before, stood)
    kept.tidy()
    kept.rebuilt()
    assert days(node) == {"2026-11-26"}
    assert (offers(kept), standing(kept)) == (before, stood)


def tear(keeper: Keeper, share: float) -> None:
    """The next lines that are carried end the process, and only a share of their bytes is there."""

    def append(lines: Any) -> None:
        (path,) = sorted(keeper.node.history.glob("*/book-*.jsonl"))[-1:]
        size = path.stat().st_size
        Keeper.append(keeper, lines)
        end = size + int((path.stat().st_size - size) * share)
        keeper.writer.close()
        with path.open("r+b") as file:
            file.truncate(end)
        raise Crashed

    vars(vars(keeper.retention)["_carrying"])["_append"] = append


class Story:
    """A random life of a node, over days, with crashes, and what it must come to."""

    def __init__(self, state: Path, kit: Any, seed: int) -> None:
        self.dice = random.Random(seed)
        self.kit = kit
        self.node = kit.Node(state)
        self.keeper = Keeper(self.node, kit.MemoryLedger(kit.Server()), kit, Keep(days=1))
        self.open: dict[str, tuple[Any, int]] = {}  # the deliveries and their tries
        self.ended: set[str] = set()
        self.count = 0

    def live(self, steps: int) -> None:
        ways = [self.accept, self.accept, self.answer, self.answer, self.answer, self.tidy]
        ways += [self.lose, self.sleep]
        for _ in range(steps):
            self.dice.choice(ways)()
            self.keeper.turn()
        self.judge()

    def accept(self) -> None:
        names = self.dice.sample("abcde", self.dice.randint(1, 5))
        self.count += 1
        raw = b'{"n":%d,"fill":"%b"}' % (self.count, b"x" * self.dice.choice([0, 0, 300_000]))
        body = self.dice.choice([None, b"y" * 100, b"z" * 400_000])
        for each in self.node.accept(f"e{self.count}", *names, raw=raw, body=body):
            self.open[each.id] = (each, 0)

    def answer(self) -> None:
        for key in self.dice.sample(sorted(self.open), min(len(self.open), 2)):
            delivery, tries = self.open[key]
            outcome = self.dice.choice(["success", "failure", "retry", "retry", "held", "lost"])
            self.keeper.ledger.server.settle(self.kit.result(delivery, outcome=outcome, attempt=tries + 1))
            if outcome in {"success", "failure"}:
                self.ended.add(key)
                del self.open[key]
            elif outcome == "retry":
                self.open[key] = (delivery, tries + 1)

    def sleep(self) -> None:
        self.keeper.pass_days(self.dice.randint(1, 3))

    def lose(self) -> None:
        """The index, or the ledger's data."""
        if self.dice.random() < 0.5:
            self.keeper.rebuilt()
        else:
            self.keeper.ledger.server.flush()

    def tidy(self) -> None:
        points = ["", "", "carried_forward", "carried", "dropped", "packed", "torn"]
        point = self.dice.choice(points)
        if point == "torn":
            tear(self.keeper, self.dice.random())
        else:
            self.keeper.crash_at = point
        try:
            self.keeper.tidy()
        except Crashed:
            self.keeper.crash_at = ""
            if self.dice.random() < 0.5:
                self.keeper.rebuilt()
            else:
                self.keeper.end()
                self.keeper.start()
        else:
            self.keeper.end()
            self.keeper.start()

    def judge(self) -> None:
        for _ in range(2):
            self.keeper.turn()
            found = offers(self.keeper)
            assert {key: each.attempts for key, each in found.items()} == {
                key: tries for key, (_, tries) in self.open.items()
            }
            for key, offer in found.items():
                assert offer.delivery == self.open[key][0]
            self.keeper.rebuilt()
        findings = audit(read_account(self.node.history)).findings
        torn = [name for each in findings if each.kind == "damaged lines" for name in each.named]
        assert len(findings) == bool(torn)
        assert all(name.endswith("a fan-out without its end") for name in torn)


def tell(kit: Any, seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder) / "state", kit, seed)
        try:
            story.live(steps)
        finally:
            story.keeper.end()
            story.node.intake.close()


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_nothing_open_is_lost_doubled_or_started_anew(kit: Any, seed: int) -> None:
    tell(kit, seed, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 80, 20))
def test_over_many_long_lives_nothing_open_is_lost(kit: Any, first: int) -> None:
    for seed in range(first, first + 20):
        tell(kit, seed, steps=60)
