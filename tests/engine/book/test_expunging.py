"""Expunging: an event's content leaves everything, whatever becomes of the process; its history stays."""

from __future__ import annotations

import pytest
from msgspec import structs

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.book.expunging import Expunger
from hookwright.engine.delivery import BatchPlan
from hookwright.engine.errors import JournalError
from hookwright.engine.history.history import History
from hookwright.engine.journal.expunge import Expunge
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.writer import Writer
from hookwright.plugins.loader import load_plugins

MARK = b"s3cret"
RAW = b'{"Name":"s3cret"}'
PLAN = BatchPlan(window=1000, max_events=2, max_bytes=1000, encoder="json", content_type="application/json")


class Crashed(BaseException):
    """The process ends here."""


class Keeper:
    """A bookkeeper of which a test makes the turns."""

    def __init__(self, node, ledger, kit):
        self.node, self.ledger, self.kit = node, ledger, kit
        self.crash_at = ""
        self.start()

    def start(self):
        repair(self.node.history)
        self.seconds = 100.0
        self.book = Book(self.node.state, self.kit.NODE, lambda: self.seconds, index_every=0)
        self.writer = Writer(self.node.history, "book", clock=self.node.clock, cut=True)
        self.booking = Booking(
            self.book, self.writer, self.ledger, self.kit.NODE, encoders=load_plugins(allow=()).encoders,
            clock=self.node.clock, monotonic=lambda: self.seconds,
        )  # fmt: skip
        self.expunger = Expunger(
            self.book, lambda lines: self.writer.append_many(lines).result(10), self.writer.rotate,
            self.ledger, self.kit.NODE, clock=self.node.clock, checkpoint=self.checkpoint,
        )  # fmt: skip

    def checkpoint(self, name):
        if name == self.crash_at:
            self.crash_at = ""
            raise Crashed

    def end(self):
        self.writer.close()
        self.book.close()

    def turn(self):
        for _ in range(3):
            self.seconds += 3
            self.book.follow(thorough=True)
            self.booking.turn(0)

    def settle(self, delivery, outcome="success", **fields):
        self.ledger.server.settle(self.kit.result(delivery, outcome=outcome, **fields))
        self.turn()

    def order(self, event_id="e1"):
        self.node.intake.rotate()
        said = Expunge(id=event_id, source="/src", by="ada", why="asked for")
        self.node.intake.append("expunge", said).result(10)

    def expunge(self):
        """Until there is nothing more to do; a crash starts it anew."""
        for _ in range(8):
            try:
                self.expunger.turn()
            except Crashed:
                self.end()
                self.start()
            self.turn()

    def rows(self):
        """Every delivery as the index has it, but for what only counts changes."""
        with History(self.node.state) as history:
            return {row.id: row for row in history.list(limit=100)}, history.damage()

    def rebuilt(self):
        self.end()
        for path in self.node.state.glob("index.sqlite*"):
            path.unlink()
        self.start()
        return self.rows()

    def kept(self):
        """The files that hold the content."""
        return [
            path.name for path in self.node.state.rglob("*") if path.is_file() and MARK in path.read_bytes()
        ]


@pytest.fixture
def keeper(node, ledger, kit):
    made = Keeper(node, ledger, kit)
    yield made
    made.end()


def filled(keeper):
    """An event of which one delivery succeeded, one retries and one is open, and another event."""
    mine = keeper.node.accept("e1", "a", "b", "c", raw=RAW)
    other = keeper.node.accept("e2", "a", raw=b'{"Name":"else"}')
    keeper.turn()
    answer = keeper.kit.result(mine[0]).response
    loud = {"reason": "no s3cret here", "response": type(answer)(status=500, body="s3cret")}
    keeper.settle(mine[0])
    keeper.settle(mine[1], "retry", **loud)
    return mine, other


@pytest.mark.parametrize("crash", ["", "cancelled", "rewritten", "scrubbed", "compacted"])
def test_nothing_of_it_is_left_and_what_became_of_it_is(keeper, crash):
    mine, (other,) = filled(keeper)
    assert len(keeper.kept()) >= 2
    keeper.crash_at = crash
    keeper.order()
    keeper.expunge()
    assert keeper.kept() == []
    assert keeper.crash_at == ""
    assert keeper.node.settled() == {mine[0].id: "Success", mine[1].id: "Cancelled", mine[2].id: "Cancelled"}
    (said,) = keeper.node.lines("expunge")
    assert (said["by"], said["why"]) == ("ada", "asked for")
    (done,) = keeper.node.lines("expunged")
    assert (done["id"], done["source"]) == ("e1", "/src")
    rows, damage = keeper.rows()
    assert (damage, rows[mine[1].id].reason, rows[mine[1].id].attempts) == ([], "expunged", 1)
    assert rows[other.id].status == "In Queue"
    assert keeper.rebuilt() == (rows, damage)
    assert keeper.kept() == []


def test_an_attempt_in_flight_is_waited_for(keeper):
    (delivery,) = keeper.node.accept("e1", "a", raw=RAW)
    keeper.turn()
    keeper.ledger.server.tombstones.add(delivery.id)  # it cannot be cancelled now
    keeper.order()
    keeper.expunge()
    assert keeper.node.lines("expunged") == []
    keeper.ledger.server.tombstones.clear()
    keeper.settle(delivery)
    keeper.expunge()
    assert keeper.kept() == []
    assert keeper.node.settled() == {delivery.id: "Success"}


def test_what_a_worker_tells_too_late_is_not_written(keeper):
    (delivery,) = keeper.node.accept("e1", "a", raw=RAW)
    keeper.turn()
    keeper.order()
    keeper.expunge()
    late = keeper.kit.result(delivery, outcome="retry")
    keeper.settle(delivery, "lost", request=late.request, reason="s3cret")
    assert keeper.node.lines("lease_lost") == []
    assert keeper.kept() == []


def test_a_batch_goes_as_a_whole_and_its_other_members_keep_their_own(keeper):
    (mine,) = keeper.node.accept("e1", "a", raw=RAW, batch=PLAN)
    (other,) = keeper.node.accept("e2", "a", raw=b'{"Name":"else"}', batch=PLAN)
    keeper.turn()
    keeper.node.now += 5000
    keeper.turn()
    (batch,) = keeper.node.lines("batch")
    assert MARK.decode() in batch["text"]
    keeper.order()
    keeper.expunge()
    assert keeper.kept() == []
    assert keeper.node.settled() == {batch["id"]: "Cancelled"}
    with History(keeper.node.state) as history:
        assert [history.show(each.id).row.reason for each in (mine, other)] == ["expunged"] * 2
        assert "else" in history.show(other.id).body
        assert history.original(batch["id"], keeper.kit.NODE).expunged


def test_a_batch_that_was_halved_goes_with_the_half_it_is_in_and_the_other_half_stays(keeper):
    plan = structs.replace(PLAN, split=True)
    keeper.node.accept("e1", "a", raw=RAW, batch=plan)
    (other,) = keeper.node.accept("e2", "a", raw=b'{"Name":"else"}', batch=plan)
    keeper.turn()
    keeper.node.now += 5000
    keeper.turn()
    (offer,) = [each for each in keeper.ledger.server.offers.values() if b"s3cret" in each.body]
    keeper.settle(offer.delivery, "split")
    keeper.turn()
    whole, first, second = keeper.node.lines("batch")
    assert (first["halfOf"], "s3cret" in first["text"]) == (whole["id"], True)
    keeper.order()
    keeper.expunge()
    assert keeper.kept() == []
    assert keeper.node.settled().get(first["id"]) == "Cancelled"
    assert second["id"] not in keeper.node.settled()
    with History(keeper.node.state) as history:
        assert "else" in history.show(other.id).body
        assert history.original(whole["id"], keeper.kit.NODE).expunged
        assert not history.original(second["id"], keeper.kit.NODE).expunged


def test_a_member_that_waits_leaves_its_batch(keeper):
    (mine,) = keeper.node.accept("e1", "a", raw=RAW, batch=PLAN)
    (other,) = keeper.node.accept("e2", "a", raw=b'{"Name":"else"}', batch=PLAN)
    keeper.turn()
    keeper.order()
    keeper.expunge()
    keeper.node.now += 5000
    keeper.turn()
    (batch,) = keeper.node.lines("batch")
    assert batch["members"] == [other.id]
    assert keeper.node.settled() == {mine.id: "Cancelled"}


def test_a_notice_that_tells_of_it_goes_and_one_about_others_stays(keeper):
    (mine,) = keeper.node.accept("e1", "a", raw=RAW)
    (other,) = keeper.node.accept("e2", "b", raw=b'{"Name":"else"}')
    keeper.turn()
    keeper.settle(mine, "failure", reason="no s3cret", notify=("ops",))
    keeper.settle(other, "failure", reason="unlike", notify=("ops",))
    keeper.turn()
    assert len(keeper.node.lines("notice")) == 2
    keeper.order()
    keeper.expunge()
    assert keeper.kept() == []
    bodies = {line["entityId"]: line.get("text", "") for line in keeper.node.lines("notice")}
    assert bodies["a"] == ""
    assert "unlike" in bodies["b"]


def test_a_file_that_is_still_written_is_waited_for(keeper):
    keeper.node.accept("e1", "a", raw=RAW)
    keeper.turn()
    said = Expunge(id="e1", source="/src", by="ada")
    keeper.node.intake.append("expunge", said).result(10)  # without the turn to a new segment
    for _ in range(2):
        keeper.expunger.turn()
        keeper.turn()
    keeper.expunger.turn()
    with pytest.raises(JournalError, match="still has its writer"):
        keeper.expunger.turn()
    keeper.node.intake.rotate()
    keeper.expunge()
    assert keeper.kept() == []


def test_an_event_that_comes_again_after_its_time_is_not_expunged_by_the_order_of_before(keeper):
    keeper.node.accept("e1", "a", raw=RAW)
    keeper.turn()
    keeper.order()
    keeper.expunge()
    for segment in keeper.node.history.rglob("intake-1.jsonl"):
        segment.unlink()
    keeper.node.now += 5000
    keeper.rebuilt()
    keeper.node.accept("e1", "a", raw=RAW)
    keeper.turn()
    with History(keeper.node.state) as history:
        assert history.expunged("/src", "e1") is None
        assert history.find_event("/src", "e1").fingerprint
