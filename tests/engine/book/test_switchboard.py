"""Switches in the book: journalled, followed, told to the ledger before all else, and what they hold."""

from __future__ import annotations

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.history import index
from hookwright.engine.history.history import History
from hookwright.engine.journal.writer import Writer

DAY = 86_400_000


class Rig:
    """A booking over a node, on a clock the test moves."""

    def __init__(self, kit, node, ledger):
        self.kit, self.node, self.ledger = kit, node, ledger
        self.seconds = 0.0
        self.start()

    def start(self):
        self.book = Book(self.node.state, self.kit.NODE, lambda: self.seconds, index_every=0)
        self.writer = Writer(self.node.history, "book", clock=self.node.clock, cut=True)
        self.booking = Booking(
            self.book,
            self.writer,
            self.ledger,
            self.kit.NODE,
            clock=self.node.clock,
            monotonic=lambda: self.seconds,
        )

    def turn(self, seconds: float = 3.0):
        self.seconds += seconds
        self.book.follow()
        self.booking.turn(0)
        self.book.follow()

    def close(self):
        self.writer.close()
        self.book.close()


@pytest.fixture
def rig(kit, node, ledger):
    made = Rig(kit, node, ledger)
    yield made
    made.close()


def disabled(kit, at: int, name: str = "webhook/plain"):
    reason = "3 failed deliveries in a row"
    return kit.Switch(name=name, state="disabled", reason=reason, by="hookwright", at=at, notify=("admins",))


def test_a_switch_that_failures_caused_is_journalled_once(rig, kit, server):
    said = disabled(kit, kit.NOW)
    for _ in range(2):
        server.switch_off(said)
        rig.turn()
    (line,) = rig.node.lines("subscriber")
    assert {key: line[key] for key in ("entityType", "entityId", "change", "by", "reason", "notify")} == {
        "entityType": "webhook",
        "entityId": "plain",
        "change": "disabled",
        "by": "hookwright",
        "reason": "3 failed deliveries in a row",
        "notify": ["admins"],
    }
    assert line["since"] == "2026-11-23T12:00:00.000Z"
    assert rig.book.switches.get("webhook/plain") == said
    assert server.stream == []


def test_a_switch_by_hand_reaches_the_ledger_through_the_journal(rig, kit, server):
    """The ledger was away when somebody disabled: the bookkeeper says it as soon as it is back."""
    server.down = True
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    with pytest.raises(LedgerUnavailable):
        rig.turn()
    server.down = False
    rig.turn()
    assert server.switches.get("webhook/plain").state == "disabled"


def test_a_ledger_that_lost_everything_is_told_before_anything_is_offered(rig, kit, server, monkeypatch):
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.node.accept("e1")
    rig.turn()
    order = []
    for name in ("switch", "offer"):
        call = getattr(rig.ledger, name)
        monkeypatch.setattr(
            rig.ledger, name, lambda *a, call=call, name=name: (order.append(name), call(*a))[1]
        )
    server.flush()
    rig.turn()
    assert order == ["switch", "offer"]
    assert server.switches.get("webhook/plain").state == "disabled"


def test_a_new_bookkeeper_tells_what_it_finds_in_the_journal(rig, kit, server):
    rig.node.switch("webhook/plain", "paused", kit.NOW)
    rig.turn()
    rig.close()
    server.flush()
    rig.node.state.joinpath("index.sqlite").unlink()
    rig.start()
    rig.turn()
    assert server.switches.get("webhook/plain").state == "paused"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_later_switch_counts_in_whatever_order_lines_are_read(rig, kit, order):
    two = [("disabled", kit.NOW), ("enabled", kit.NOW + 1)]
    for which in order:
        rig.node.switch("webhook/plain", *two[which])
    rig.turn()
    assert rig.book.switches.get("webhook/plain").state == "enabled"
    with History(rig.node.state, refresh=False) as history:
        assert history.switches().get("webhook/plain").state == "enabled"


def test_open_deliveries_of_what_is_off_read_as_held_with_the_reason(rig, kit):
    rig.node.accept("e1", "plain", "other")
    rig.node.accept("e2", "plain", delay=60_000)
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.turn()
    with History(rig.node.state, refresh=False) as history:
        rows = {(row.event_id, row.entity_id): row for row in history.list()}
        held = rows["e1", "plain"]
        assert (held.status, held.state, held.reason) == ("In Queue", "held", "disabled: by hand")
        assert rows["e2", "plain"].state == "held"
        assert rows["e1", "other"].state == "ready"
        assert history.show(held.id).row == held
    rig.node.switch("webhook/plain", "enabled", kit.NOW + 1)
    rig.turn()
    with History(rig.node.state, refresh=False) as history:
        assert {row.state for row in history.list()} == {"ready", "waiting"}


def test_what_a_switch_holds_counts_as_held(rig, kit):
    rig.node.accept("e1", "plain", "other")
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.turn()
    assert rig.book.count() == (2, 1)


def test_a_switch_of_the_subscriber_holds_what_its_actions_do(rig, kit):
    rig.node.accept("e1")
    rig.node.switch("webhook/plain/actions/0/post", "disabled", kit.NOW)
    rig.turn()
    assert rig.book.count() == (1, 0)
    assert rig.book.switches.holding("webhook/plain/actions/0/post")
    assert not rig.book.switches.holding("webhook/plain/actions/1/post")


def test_what_was_held_for_over_a_week_is_skipped_with_the_reason(rig, kit, server):
    (old,) = rig.node.accept("e1")
    rig.node.now += DAY
    (young,) = rig.node.accept("e2")
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.turn()
    rig.node.now += 6 * DAY + 1
    rig.turn(61)
    rig.turn()
    assert rig.node.settled() == {old.id: "Skipped"}
    (line,) = rig.node.lines("settled")
    assert line["reason"] == "too old: it was due more than 7d ago (disabled: by hand)"
    assert young.id in rig.book.open
    assert server.tombstones == set()


def test_nothing_of_what_is_on_is_ended_by_age(rig, kit):
    rig.node.accept("e1")
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.node.switch("webhook/plain", "enabled", kit.NOW + 1)
    rig.turn()
    rig.node.now += 8 * DAY
    rig.turn(61)
    rig.turn()
    assert rig.node.settled() == {}


def test_more_than_a_turns_worth_is_ended_without_waiting_for_the_next_look(rig, kit, monkeypatch):
    monkeypatch.setattr("hookwright.engine.book.switchboard.EXPIRED_PER_TURN", 2)
    for number in range(5):
        rig.node.accept(f"e{number}")
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.turn()
    rig.node.now += 8 * DAY
    rig.turn(61)
    for _ in range(3):
        rig.turn(0.6)
    assert set(rig.node.settled().values()) == {"Skipped"}
    assert len(rig.node.settled()) == 5


def test_what_also_waits_for_a_secret_is_counted_once_and_ends_by_age_too(rig, kit, server):
    (old,) = rig.node.accept("e1")
    rig.turn()
    server.settle(kit.result(old, 1, "held", reason="no secret"))
    rig.node.switch("webhook/plain", "disabled", kit.NOW)
    rig.turn()
    assert rig.book.count() == (1, 1)
    rig.node.now += 8 * DAY
    rig.turn(61)
    rig.turn()
    assert rig.node.settled() == {old.id: "Skipped"}


def test_finding_what_is_held_costs_no_look_at_what_has_ended(rig):
    for sql in (index._BEHIND, index._COUNT_BEHIND):
        values = ("[]", 0, 0)[: sql.count("?") - 1]
        plan = rig.book._index._database.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        assert any("open_deliveries" in row[3] for row in plan)


@pytest.mark.fault(7)
def test_a_switch_of_another_node_comes_into_this_ones_book_once_and_tells_nobody(rig, kit, server):
    server.switches.take(kit.Switch(name="webhook/plain", state="paused", reason="", by="ada", at=kit.NOW))
    for _ in range(3):
        rig.turn()
    (line,) = rig.node.lines("subscriber")
    assert (line["entityId"], line["change"], line["by"]) == ("plain", "paused", "ada")
    assert rig.node.lines("notice") == []


def test_a_switch_this_node_is_to_book_itself_is_not_taken_for_another_ones(rig, kit, server):
    said = disabled(kit, kit.NOW)
    server.switches.take(said)
    server.switch_off(said)
    rig.turn()
    (line,) = rig.node.lines("subscriber")
    assert line["notify"] == ["admins"]
