"""Batches that are refused: halved down to single events, each member in one live batch, whatever fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from tests.engine.book.test_batching import Desk, members, plan

from hookwright.engine.book.splitting import Splitting
from hookwright.engine.errors import JournalError
from hookwright.engine.history.audit import audit, read_account
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter
from hookwright.engine.identifiers import delivery_id, half_message_id
from hookwright.schemas.schema import load_schema

pytestmark = pytest.mark.fault(72)
SPLIT = {"batch": plan(split=True)}


@pytest.fixture
def open_desk(node: Any, ledger: Any) -> Iterator[Any]:
    desks: list[Desk] = []

    def make(using: Any = None) -> Desk:
        while desks:
            desks.pop().close()
        desks.append(Desk(node, using or ledger))
        return desks[-1]

    yield make
    for each in desks:
        each.close()


@pytest.fixture
def desk(open_desk: Any) -> Desk:
    made: Desk = open_desk()
    return made


class Receiver:
    """Answers what is on offer: more than `most` are too large, a list with a poisonous number is wrong."""

    def __init__(self, server: Any, kit: Any, most: int = 99, poison: tuple[int, ...] = ()) -> None:
        self.server, self.kit, self.most, self.poison = server, kit, most, poison
        self.answered: set[str] = set()
        self.bodies: list[list[int]] = []  # of those that were taken

    def answer(self) -> bool:
        """Answer each offer once; whether there was any."""
        new = [each for each in self.server.offers.values() if each.delivery.id not in self.answered]
        for offer in new:
            self.answered.add(offer.delivery.id)
            self.server.settle(self._result(offer))
        return bool(new)

    def _result(self, offer: Any) -> Any:
        numbers = [each["n"] for each in json.loads(offer.body)]
        status = 413 if len(numbers) > self.most else 422 if set(numbers) & set(self.poison) else 200
        if status == 200:
            self.bodies.append(numbers)
            return self.kit.result(offer.delivery)
        outcome = "failure" if offer.delivery.split == "alone" else "split"
        return self.kit.result(offer.delivery, outcome=outcome, status=status, reason=f"status {status}")


def live_on(desk: Desk, receiver: Receiver) -> None:
    desk.turn(2000)
    while receiver.answer():
        desk.turn()
        desk.turn()


def statuses(node: Any, found: list[Any]) -> list[tuple[str, str]]:
    with History(node.state, refresh=False) as history:
        rows = [history.show(each.id).row for each in found]
    return [(row.status, row.reason) for row in rows]


def test_a_list_that_is_too_large_goes_out_as_two_halves(desk: Any, node: Any, server: Any, kit: Any) -> None:
    found = members(node, 5, **SPLIT)
    desk.turn(2000)
    (whole,) = server.offers.values()
    assert whole.delivery.split == "late"
    receiver = Receiver(server, kit, most=3)
    live_on(desk, receiver)
    assert receiver.bodies == [[0, 1, 2], [3, 4]]
    messages = [half_message_id(whole.delivery.message, index) for index in (0, 1)]
    halves = [delivery_id(each) for each in messages]
    first, second = node.lines("batch")[1:]
    assert [(each["id"], each["message"]) for each in (first, second)] == list(
        zip(halves, messages, strict=True)
    )
    assert (first["halfOf"], first["closed"], first["split"]) == (whole.delivery.id, "split", "now")
    assert node.settled() == {whole.delivery.id: "Cancelled"} | dict.fromkeys(halves, "Success")
    assert statuses(node, found) == [("Success", "")] * 5
    with History(node.state, refresh=False) as history:
        parent, half = history.show(whole.delivery.id), history.show(halves[0])
        assert parent.row.reason == f"split, into {halves[0]} and {halves[1]}: status 413"
        assert [(each.outcome, each.response.status) for each in parent.attempts] == [("split", 413)]
        assert (half.row.half_of, half.row.members, half.row.closed) == (whole.delivery.id, 3, "split")
        assert half.document()["halfOf"] == whole.delivery.id
        assert [each.id for each in half.related.members] == [each.id for each in found[:3]]
        assert history.list(Filter(batch=whole.delivery.id)) == []
    schema = Draft202012Validator(load_schema("history"), offline=True)
    assert [str(each) for line in node.lines() for each in schema.iter_errors(line)] == []
    kinds = [line["kind"] for line in node.lines() if line["kind"] != "accepted"]
    assert kinds[:5] == ["batch", "attempt", "batch", "batch", "settled"], "the end of the whole comes last"
    assert (len(desk.book.open), audit(read_account(node.history)).findings) == (0, ())


def test_a_poisonous_event_is_set_aside_and_all_others_are_delivered(
    desk: Any, node: Any, server: Any, kit: Any
) -> None:
    found = members(node, 11, **SPLIT)
    receiver = Receiver(server, kit, poison=(7,))
    live_on(desk, receiver)
    assert sorted(number for body in receiver.bodies for number in body) == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]
    assert len(receiver.answered) <= 9, "two for each halving of eleven"
    expected = [("Success", "")] * 11
    expected[7] = ("Failure", "status 422")
    assert statuses(node, found) == expected
    assert audit(read_account(node.history)).findings == ()


def test_nothing_is_split_that_was_not_asked_for_or_holds_one_event(
    desk: Any, node: Any, server: Any
) -> None:
    members(node, 3)
    members(node, 1, first=3, batch=plan(split=True))
    desk.turn(2000)
    assert [each.delivery.split for each in server.offers.values()] == [None, None]


@pytest.mark.parametrize("lost", ["nothing", "index", "ledger", "both"])
@pytest.mark.parametrize("after", ["attempt", "first half", "halves", "settled"])
def test_wherever_the_writing_ends_each_member_is_in_one_live_batch(
    open_desk: Any, node: Any, server: Any, kit: Any, monkeypatch: Any, after: str, lost: str
) -> None:
    desk = open_desk()
    found = members(node, 5, **SPLIT)
    receiver = Receiver(server, kit, most=3)
    desk.turn(2000)
    (whole,) = server.offers
    receiver.answer()
    kept = {"attempt": 0, "first half": 1, "halves": 2, "settled": 3}[after]
    written = Splitting._lines
    monkeypatch.setattr(Splitting, "_lines", lambda self, refused: written(self, refused)[:kept])
    desk.turn()
    desk.turn()
    monkeypatch.undo()
    if lost in {"index", "both"}:
        (node.state / "index.sqlite").unlink()
    if lost in {"ledger", "both"}:
        server.flush()
        receiver.answered.clear()
    desk = open_desk(kit.MemoryLedger(server))
    live_on(desk, receiver)
    assert sorted(number for body in receiver.bodies for number in body) == [0, 1, 2, 3, 4]
    assert [len(line["members"]) for line in node.lines("batch")] == [5, 3, 2]
    assert node.settled()[whole] == "Cancelled"
    assert sorted(node.settled().values()) == ["Cancelled", "Success", "Success"]
    assert statuses(node, found) == [("Success", "")] * 5
    assert (len(desk.book.open), audit(read_account(node.history)).findings) == (0, ())
    assert server.tombstones == set()


def test_a_full_disk_delays_the_halves_and_doubles_none(desk: Any, node: Any, server: Any, kit: Any) -> None:
    members(node, 4, **SPLIT)
    receiver = Receiver(server, kit, most=2)
    desk.turn(2000)
    receiver.answer()
    desk.turn()
    desk.disk.full = True
    for _ in range(3):
        with pytest.raises(JournalError):
            desk.turn()
    desk.disk.full = False
    live_on(desk, receiver)
    assert receiver.bodies == [[0, 1], [2, 3]]
    assert len(node.lines("batch")) == 3


def test_a_ledger_that_forgot_the_refusal_gets_the_whole_no_more(
    desk: Any, node: Any, server: Any, kit: Any, monkeypatch: Any
) -> None:
    """It came back with an older copy, between the refusal and the halves."""
    members(node, 4, **SPLIT)
    desk.turn(2000)
    (whole,) = server.offers
    before = dict(server.offers)
    monkeypatch.setattr(Splitting, "turn", lambda self: None)
    receiver = Receiver(server, kit, most=2)
    receiver.answer()
    desk.turn()
    assert node.settled() == {}
    server.offers.clear()
    desk.book.open.doubt_all()
    desk.book.open.doubt([whole])
    desk.turn()
    assert server.offers == {}
    server.settle(kit.result(before[whole].delivery))  # it was sent again from there, and taken
    desk.turn()
    assert node.settled() == {}, "what is split has no other end"
    monkeypatch.undo()
    desk.turn()
    assert node.settled() == {whole: "Cancelled"}


def test_what_can_be_read_no_more_ends_with_its_batch_and_says_why(
    desk: Any, node: Any, server: Any, kit: Any
) -> None:
    found = members(node, 4, **SPLIT)
    desk.turn(2000)
    for path in node.history.glob("*/intake-*"):
        path.write_bytes(path.read_bytes().replace(b'"n":3', b'"n":9'))  # the checksum does not fit any more
    live_on(desk, Receiver(server, kit, most=2))
    reason = "status 413; it cannot be split: events of it cannot be read any more"
    assert statuses(node, found) == [("Failure", reason)] * 4


def test_a_segment_stays_while_a_batch_of_its_events_may_be_split(
    desk: Any, node: Any, server: Any, kit: Any
) -> None:
    members(node, 2, **SPLIT)
    desk.turn(2000)
    (intake,) = {line.parent.name + "/" + line.name for line in node.history.glob("*/intake-*")}
    assert desk.book.needs(intake)
    live_on(desk, Receiver(server, kit))
    assert not desk.book.needs(intake)
