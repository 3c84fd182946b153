"""Failures become notices: one at once, the rest in one digest a window, none lost or told twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.history.digest import WINDOW
from hookwright.engine.history.notice import read_notice
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.switch import Switch
from hookwright.engine.journal.writer import SEGMENT_BYTES, Writer

NOTIFY = ("admins",)


class Crashed(BaseException):
    pass


class Desk:
    """A bookkeeper's booking on a clock of its own, which can be ended at a point and started again."""

    def __init__(self, kit: Any, node: Any, server: Any) -> None:
        self.kit, self.node, self.server = kit, node, server
        self.crash_at = ""
        self.count = 0
        self.segment_bytes = SEGMENT_BYTES
        self.start()

    def start(self) -> None:
        repair(self.node.history, fsync=lambda _: None)
        self.book = Book(self.node.state, self.kit.NODE, self.node.clock, index_every=0)
        self.writer = Writer(
            self.node.history, "book", clock=self.node.clock, cut=True, segment_bytes=self.segment_bytes
        )
        self.booking = Booking(
            self.book,
            self.writer,
            self.kit.MemoryLedger(self.server),
            self.kit.NODE,
            clock=self.node.clock,
            monotonic=self.node.clock,
            checkpoint=self._checkpoint,
        )

    def _checkpoint(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = ""
            raise Crashed

    def end(self) -> None:
        self.writer.close()
        self.book.close()

    def restart(self, *, without_index: bool = False) -> None:
        self.end()
        if without_index:
            for path in self.node.state.glob("index.sqlite*"):
                path.unlink()
        self.start()

    def fail(self, count: int = 1, subscriber: str = "plain", **fields: Any) -> list[str]:
        """Failures of so many new deliveries, booked; their ids."""
        failed = []
        for _ in range(count):
            self.count += 1
            (delivery,) = self.node.accept(f"e{self.count}", subscriber)
            self.server.settle(
                self.kit.result(
                    delivery, 3, "failure", 503, reason="attempts exhausted", notify=NOTIFY, **fields
                )
            )
            failed.append(delivery.id)
        self.booking.turn(0)
        return failed

    def pass_time(self, milliseconds: int) -> None:
        self.node.now += milliseconds
        self.booking.turn(0)

    def notices(self) -> list[dict[str, Any]]:
        return self.node.lines("notice")


@pytest.fixture
def desk(kit: Any, node: Any, server: Any) -> Iterator[Desk]:
    made = Desk(kit, node, server)
    yield made
    made.end()


def test_the_first_failure_is_told_at_once_and_offered_like_any_delivery(desk: Any) -> None:
    (failed,) = desk.fail()
    (line,) = desk.notices()
    assert (line["notifier"], line["about"], line["action"]) == ("admins", [failed], "notify/admins")
    offer = desk.server.offers[line["id"]]
    assert (offer.delivery.notifier, offer.delivery.lane, offer.wait) == ("admins", "notify/admins", 0)
    notice = read_notice(offer.body)
    assert (notice.id, notice.kind, notice.count) == (line["message"], "failure", 1)
    assert notice.title == "A delivery of webhook plain failed: status 503, attempts exhausted"
    (told,) = notice.failures
    assert (told.delivery, told.event_id, told.url, told.attempts, told.code) == (
        failed,
        "e1",
        "https://example.com/hook?a=b",
        3,
        503,
    )


def test_further_failures_are_told_together_when_the_window_is_over(desk: Any) -> None:
    desk.fail()
    failed = desk.fail(3) + desk.fail(2)
    desk.pass_time(WINDOW - 1)
    assert len(desk.notices()) == 1
    desk.pass_time(1)
    first, second = desk.notices()
    assert second["about"] == failed[::-1]
    assert second["id"] != first["id"]
    notice = read_notice(desk.server.offers[second["id"]].body)
    assert (notice.count, [each.delivery for each in notice.failures]) == (5, failed[::-1])
    assert notice.title == "5 deliveries of webhook plain failed"
    desk.pass_time(10 * WINDOW)
    assert len(desk.notices()) == 2


def test_a_quiet_while_later_a_failure_is_told_at_once_again(desk: Any) -> None:
    desk.fail()
    desk.pass_time(WINDOW)
    desk.fail()
    assert len(desk.notices()) == 2


def test_each_subscriber_and_each_notifier_is_told_apart(desk: Any) -> None:
    for subscriber in ("plain", "other"):
        desk.count += 1
        (delivery,) = desk.node.accept(f"e{desk.count}", subscriber)
        desk.server.settle(desk.kit.result(delivery, 3, "failure", 503, notify=("admins", "sales")))
    desk.booking.turn(0)
    assert sorted((each["entityId"], each["notifier"]) for each in desk.notices()) == [
        ("other", "admins"),
        ("other", "sales"),
        ("plain", "admins"),
        ("plain", "sales"),
    ]


def test_a_flood_is_counted_and_only_the_newest_are_told_one_by_one(desk: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("hookwright.engine.book.book.NAMED", 30)
    desk.fail()
    failed = desk.fail(60)
    desk.pass_time(WINDOW)
    line = desk.notices()[1]
    assert line["about"] == failed[:-31:-1]
    notice = read_notice(desk.server.offers[line["id"]].body)
    assert (notice.count, len(notice.failures)) == (60, 20)
    assert "… and 40 more." in notice.text
    desk.pass_time(WINDOW)
    assert len(desk.notices()) == 2


def test_failures_that_ask_for_no_notice_and_other_ends_are_not_told(desk: Any) -> None:
    for number, (outcome, notify) in enumerate([("failure", ()), ("success", ()), ("cancelled", ())]):
        (delivery,) = desk.node.accept(f"x{number}")
        desk.server.settle(desk.kit.result(delivery, 1, outcome, notify=notify))
    desk.booking.turn(0)
    assert desk.notices() == []
    assert all("notify" not in line for line in desk.node.lines("settled"))


@pytest.mark.parametrize("without_index", [False, True])
@pytest.mark.parametrize("point", ["fsynced", "indexed", "noticed"])
def test_a_crash_at_any_point_loses_and_doubles_no_notice(desk: Any, point: str, without_index: bool) -> None:
    desk.fail()
    failed = desk.fail(2)
    desk.node.now += WINDOW
    desk.crash_at = point
    with pytest.raises(Crashed):
        desk.fail(1)
    desk.restart(without_index=without_index)
    for _ in range(3):
        desk.pass_time(1)
    told = [set(line["about"]) for line in desk.notices()]
    assert len(told) == 2
    assert len(told[1]) == 3
    assert told[1] > set(failed)
    assert desk.server.offers.keys() >= {line["id"] for line in desk.notices()}


def test_what_is_to_be_told_outlives_a_restart_and_a_lost_index(desk: Any) -> None:
    desk.fail()
    failed = desk.fail(3)
    for without_index in (False, True):
        desk.restart(without_index=without_index)
        desk.pass_time(WINDOW // 2 - 1)
        assert len(desk.notices()) == 1
    desk.pass_time(2)
    assert desk.notices()[1]["about"] == failed[::-1]


def test_an_index_built_anew_of_many_segments_tells_nothing_twice(desk: Any, monkeypatch: Any) -> None:
    desk.end()
    desk.segment_bytes = 3_000
    monkeypatch.setattr("hookwright.engine.journal.reader.CHUNK", 4_000)
    desk.start()
    for _ in range(6):
        desk.fail(4)
        desk.pass_time(WINDOW)
    untold = desk.fail(3)
    desk.restart(without_index=True)
    desk.pass_time(WINDOW)
    told = [each for line in desk.notices() for each in line["about"]]
    assert len(told) == len(set(told)) == 27
    assert desk.notices()[-1]["about"] == untold[::-1]
    assert len(list(desk.node.history.glob("*/book-*.jsonl"))) > 5


def test_a_notice_that_failed_is_settled_and_tells_nobody(desk: Any) -> None:
    desk.fail()
    (line,) = desk.notices()
    notice = desk.server.offers[line["id"]].delivery
    desk.server.settle(desk.kit.result(notice, 3, "failure", error="plugin:email", request=None))
    desk.pass_time(WINDOW)
    assert desk.node.settled()[notice.id] == "Failure"
    assert len(desk.notices()) == 1


def switched(desk: Any, name: str = "webhook/plain", **fields: Any) -> Switch:
    """The ledger switched a name off by itself, as the booking hears it."""
    defaults = {"reason": "10 failed deliveries in a row", "by": "hookwright", "notify": NOTIFY}
    switch = Switch(name=name, state="disabled", at=desk.node.now, **(defaults | fields))
    desk.server.sequence += 1
    desk.server.stream.append((desk.server.sequence, switch))
    return switch


def test_a_subscriber_that_was_switched_off_is_told_at_once_beside_its_failures(desk: Any) -> None:
    failed = desk.fail(2)
    switched(desk)
    desk.pass_time(1)
    failure, disabled = desk.notices()
    assert (failure["tells"], disabled["tells"], disabled["about"]) == ("failure", "disabled", failed[::-1])
    notice = read_notice(desk.server.offers[disabled["id"]].body)
    assert (notice.kind, notice.count, notice.entity_id) == ("disabled", 2, "plain")
    assert notice.title == "webhook plain was switched off: 10 failed deliveries in a row"
    assert "hookwright subscriber enable webhook/plain" in notice.text
    assert [each.delivery for each in notice.failures] == failed[::-1]
    desk.pass_time(WINDOW)
    assert len(desk.notices()) == 2


def test_an_endpoint_that_was_switched_off_tells_of_its_subscriber(desk: Any) -> None:
    switched(desk, "rule/big/actions/1/post")
    desk.pass_time(1)
    (line,) = desk.notices()
    assert (line["entityType"], line["entityId"], line["eventId"]) == ("rule", "big", "")
    notice = read_notice(desk.server.offers[line["id"]].body)
    assert "hookwright subscriber enable rule/big/actions/1/post" in notice.text
    assert notice.failures == ()


def test_nobody_is_told_of_a_switch_that_names_nobody(desk: Any) -> None:
    switched(desk, notify=())
    desk.pass_time(1)
    assert desk.notices() == []


@pytest.mark.parametrize("without_index", [False, True])
def test_a_switch_is_told_once_whatever_is_lost(desk: Any, without_index: bool) -> None:
    switched(desk)
    desk.crash_at = "indexed"
    with pytest.raises(Crashed):
        desk.pass_time(1)
    for _ in range(2):
        desk.restart(without_index=without_index)
        desk.pass_time(WINDOW)
    (line,) = desk.notices()
    assert line["tells"] == "disabled"
    desk.node.now += 1
    switched(desk)
    desk.pass_time(1)
    assert len({each["id"] for each in desk.notices()}) == 2


def test_text_from_outside_stays_on_its_line(desk: Any) -> None:
    desk.fail()
    (delivery,) = desk.node.accept("two\nlines\x1b[2J")
    desk.server.settle(
        desk.kit.result(delivery, 1, "failure", error="protocol", response=None, reason="a\nb", notify=NOTIFY)
    )
    desk.pass_time(WINDOW)
    notice = read_notice(desk.server.offers[desk.notices()[1]["id"]].body)
    assert notice.title == "A delivery of webhook plain failed: protocol, a b"
    assert "\x1b" not in notice.text
    assert "two lines" in notice.text


def test_a_notice_of_another_version_cannot_be_read() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_notice(b'{"id": 7}')
