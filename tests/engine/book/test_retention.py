"""Retention: old segments are packed and dropped, nothing open goes, and a crash at any point is harmless."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.book.retention import DAY, Keep, Retention, history_size
from hookwright.engine.history.history import History
from hookwright.engine.journal.follow import Entered, Fanout, Follower
from hookwright.engine.journal.packed import PIECE, pack
from hookwright.engine.journal.reader import Found, Reader, read_at
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.writer import Entry, Writer
from hookwright.plugins.loader import load_plugins


class Crashed(BaseException):
    """The process ends here."""


class Keeper:
    """A bookkeeper of which a test makes the turns, days apart."""

    def __init__(self, node: Any, ledger: Any, kit: Any, keep: Keep) -> None:
        self.node, self.ledger, self.kit, self.keep = node, ledger, kit, keep
        self.crash_at = ""
        self.start()

    def start(self) -> None:
        repair(self.node.history)
        self.seconds = 100.0
        self.book = Book(self.node.state, self.kit.NODE, lambda: self.seconds, index_every=0)
        self.writer = Writer(self.node.history, "book", clock=self.node.clock, cut=True)
        self.booking = Booking(
            self.book,
            self.writer,
            self.ledger,
            self.kit.NODE,
            encoders=load_plugins(allow=()).encoders,
            clock=self.node.clock,
            monotonic=lambda: self.seconds,
        )
        self.retention = Retention(
            self.book,
            self.append,
            self.keep,
            clock=self.node.clock,
            monotonic=lambda: self.seconds,
            checkpoint=self.checkpoint,
        )

    def append(self, lines: Sequence[Entry]) -> object:
        return self.writer.append_many(lines).result(10)

    def checkpoint(self, name: str) -> None:
        if name == self.crash_at:
            raise Crashed

    def end(self) -> None:
        self.writer.close()
        self.book.close()

    def turn(self) -> None:
        for _ in range(3):
            self.seconds += 3
            self.book.follow(thorough=True)
            self.booking.turn(0)

    def settle(self, *deliveries: Any, outcome: str = "success") -> None:
        for each in deliveries:
            self.ledger.server.settle(self.kit.result(each, outcome=outcome))
        self.turn()

    def tidy(self) -> None:
        """Until there is nothing more to do."""
        for _ in range(30):  # far more than there is to do
            self.seconds += 61
            self.retention.turn()

    def pass_days(self, days: int) -> None:
        """Time passes, and each writer begins a segment of the new day."""
        self.node.now += days * DAY
        self.node.intake.append("revision", {"revision": "r", "bundle": "b"}).result(10)
        self.writer.append("revision", {"revision": "r", "bundle": "b"}).result(10)
        self.turn()

    def names(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.node.history)) for path in self.node.history.glob("*/*.jsonl*")
        )

    def rebuilt(self) -> Book:
        """The book as it is read from the journal's beginning."""
        self.end()
        for path in self.node.state.glob("index.sqlite*"):
            path.unlink()
        self.start()
        return self.book


@pytest.fixture
def keeper(node: Any, ledger: Any, kit: Any) -> Iterator[Callable[..., Keeper]]:
    made: list[Keeper] = []

    def start(**how: Any) -> Keeper:
        made.append(Keeper(node, ledger, kit, Keep(**how)))
        return made[-1]

    yield start
    for each in made:
        each.end()


def lines_of(folder: Path, name: str) -> list[bytes]:
    reader = Reader(folder, name)
    found = []
    while not reader.finished:
        found += [each.line.raw for each in reader.read() if isinstance(each, Found)]
    reader.close()
    return found


def test_a_packed_segment_is_read_line_by_line_as_before(node: Any, kit: Any) -> None:
    for number in range(40):
        node.accept(f"e{number}", raw=b'{"fill":"%b"}' % (b"x" * 100_000))
    node.intake.close()
    (segment,) = list_segments(node.history)
    path = node.history / segment.name
    plain, before = path.read_bytes(), lines_of(node.history, segment.name)
    assert len(plain) > 3 * PIECE
    packed = pack(path)
    assert gzip.decompress(packed.read_bytes()) == plain
    assert not path.exists()
    assert packed.stat().st_mode & 0o777 == 0o600
    assert list_segments(node.history) == [segment]
    assert lines_of(node.history, segment.name) == before
    with closing(Follower(node.history, {})) as follower:
        found = [each for each in follower.poll().items if isinstance(each, Fanout)]
    lines = [read_at(node.history, each.position) for each in found]
    assert [each.raw for each in lines if each] == before


def test_damage_in_a_packed_segment_is_an_error_and_no_wrong_line(node: Any) -> None:
    node.accept("e1", raw=b'{"fill":"%b"}' % (b"x" * 1000))
    node.intake.close()
    (segment,) = list_segments(node.history)
    before = lines_of(node.history, segment.name)
    packed = pack(node.history / segment.name)
    whole = packed.read_bytes()
    for place in range(0, len(whole), 7):
        packed.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        try:
            found = lines_of(node.history, segment.name)
        except OSError:
            continue
        assert found in ([], before)


def test_days_gone_by_are_packed_and_everything_in_them_can_still_be_read(
    keeper: Callable[..., Keeper], node: Any
) -> None:
    kept = keeper()
    (delivery,) = node.accept("e1")
    kept.turn()
    kept.settle(delivery)
    kept.pass_days(1)
    (later,) = node.accept("e2")
    kept.turn()
    kept.tidy()
    assert [name.endswith(".gz") for name in kept.names()] == [True, True, False, False]
    with History(node.state) as history:
        assert history.show(delivery.id).row.status == "Success"
        assert len(history.show(delivery.id).attempts) == 1
    book = kept.rebuilt()
    assert delivery.id not in book.open
    assert later.id in book.open


@pytest.mark.fault(24)
def test_a_follower_reads_on_when_its_segment_is_packed_or_dropped_under_it(node: Any) -> None:
    node.accept("e1")
    follower = Follower(node.history, {})
    assert len(follower.poll().items) == 1
    node.accept("e2")
    node.intake.close()
    (segment,) = list_segments(node.history)
    packed = pack(node.history / segment.name)
    assert [each.event.id for each in follower.poll().items] == ["e2"]
    packed.unlink()
    assert [each for each in follower.poll(thorough=True).items if isinstance(each, (Fanout, Entered))] == []
    follower.close()


def test_what_is_too_old_is_dropped_and_its_events_are_new_again(
    keeper: Callable[..., Keeper], node: Any
) -> None:
    kept = keeper(days=3)
    (delivery,) = node.accept("e1")
    kept.turn()
    kept.settle(delivery)
    kept.pass_days(2)
    kept.tidy()
    assert len(kept.names()) == 4
    kept.pass_days(2)
    kept.tidy()
    assert {name[:10] for name in kept.names()} == {"2026-11-25", "2026-11-27"}
    assert not (node.history / "2026-11-23").exists()
    with History(node.state) as history:
        assert list(history.list()) == []
        assert list(history.damage()) == []
        assert history.find_event("/src", "e1") is None
    assert len(kept.rebuilt().open) == 0


def test_open_work_outlives_its_segment_and_what_has_ended_does_not(
    keeper: Callable[..., Keeper], node: Any
) -> None:
    kept = keeper(days=1)
    over, stays = node.accept("e1", "a", "b")
    kept.turn()
    kept.settle(over)
    kept.pass_days(10)
    kept.tidy()
    assert {name[:10] for name in kept.names()} == {"2026-12-03"}
    book = kept.rebuilt()
    assert stays.id in book.open
    assert over.id not in book.open
    kept.turn()
    kept.settle(stays)
    kept.pass_days(2)
    kept.tidy()
    assert {name[:10] for name in kept.names()} == {"2026-12-05"}


def test_over_the_limit_the_oldest_days_go_sooner(keeper: Callable[..., Keeper], node: Any) -> None:
    kept = keeper(days=90, size=1)
    (delivery,) = node.accept("e1")
    kept.turn()
    kept.settle(delivery)
    kept.pass_days(1)
    kept.tidy()
    assert {name[:10] for name in kept.names()} == {"2026-11-24"}, "today's stay whatever the limit"
    assert history_size(node.history, list_segments(node.history)) > 1


def test_a_switch_outlives_the_segment_it_stands_in(keeper: Callable[..., Keeper], node: Any) -> None:
    kept = keeper(days=1)
    node.switch("webhook/plain", "disabled", node.now)
    kept.turn()
    kept.pass_days(5)
    kept.tidy()
    assert {name[:10] for name in kept.names()} == {"2026-11-28"}
    switch = kept.rebuilt().switches.get("webhook/plain")
    assert switch is not None
    assert (switch.state, switch.by, switch.reason) == ("disabled", "ada", "by hand")


@pytest.mark.parametrize("point", ["carried", "dropped", "packed"])
def test_a_crash_at_any_point_leaves_nothing_lost_and_nothing_open_again(
    point: str, keeper: Callable[..., Keeper], node: Any
) -> None:
    kept = keeper(days=2)
    (over,) = node.accept("e1")
    kept.turn()
    kept.settle(over)
    node.switch("webhook/other", "paused", node.now)
    kept.pass_days(3)
    (stays,) = node.accept("e2")
    kept.turn()
    kept.pass_days(1)
    kept.crash_at = point
    with pytest.raises(Crashed):
        kept.tidy()
    kept.crash_at = ""
    for book in (kept.book, kept.rebuilt()):
        assert over.id not in book.open
        assert stays.id in book.open
        assert book.switches.off().keys() == {"webhook/other"}
    kept.turn()
    kept.tidy()
    assert "2026-11-23" not in {name[:10] for name in kept.names()}
    assert stays.id in kept.rebuilt().open


@pytest.mark.fault(18)
def test_a_disk_that_takes_no_packed_segment_keeps_the_segment(
    node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.accept("e1")
    node.intake.close()
    (segment,) = list_segments(node.history)
    before = lines_of(node.history, segment.name)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        pack(node.history / segment.name, fsync=full)
    assert [path.name for path in (node.history / segment.day).iterdir()] == ["intake-1.jsonl"]
    assert lines_of(node.history, segment.name) == before
