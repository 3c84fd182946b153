"""The journal's writer: durable before it answers, exact bytes, and honest when a disk fails."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.writer import Entry, Writer

NOON = 1_795_435_200.0  # 2026-11-23T12:00:00Z


class Disk:
    """Counts fsyncs; fails or waits when told to."""

    def __init__(self) -> None:
        self.synced: list[int] = []
        self.failure: OSError | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, descriptor: int) -> None:
        self.entered.set()
        assert self.gate.wait(10)
        if self.failure:
            raise self.failure
        os.fsync(descriptor)
        self.meanwhile()
        self.synced.append(os.fstat(descriptor).st_size)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.fixture
def open_writer(history: Path, disk: Disk, clock: Clock) -> Iterator[Callable[..., Writer]]:
    writers: list[Writer] = []

    def open_(**options: object) -> Writer:
        writers.append(Writer(history, "intake", clock=clock, fsync=disk, **options))  # type: ignore[arg-type]
        return writers[-1]

    yield open_
    for writer in writers:
        writer.close()


def text(history: Path) -> list[bytes]:
    return [
        line
        for segment in list_segments(history)
        for line in (history / segment.name).read_bytes().splitlines(keepends=True)
    ]


def test_a_line_has_its_envelope_and_a_checksum_over_its_bytes(open_writer, history: Path) -> None:
    open_writer().append("settled", {"delivery": "dlv_1", "status": "Failure"}).result(10)

    (line,) = text(history)
    assert line.startswith(
        b'{"v":1,"n":1,"at":"2026-11-23T12:00:00.000Z","kind":"settled","delivery":"dlv_1"'
    )
    assert json.loads(line)["crc"] == f"{zlib.crc32(line[:-19]):08x}"
    assert line.endswith(b"}\n")


def test_bytes_handed_over_stand_in_the_line_as_they_are(open_writer, history: Path) -> None:
    open_writer().append("accepted", b'"data":{ "a" : 1.00, "\xc3\xa9":"\\u00e9" }').result(10)

    assert b'"data":{ "a" : 1.00, "\xc3\xa9":"\\u00e9" }' in text(history)[0]


def test_a_future_resolves_only_after_the_line_was_synced(open_writer, disk: Disk, history: Path) -> None:
    writer = open_writer()
    disk.gate.clear()
    future = writer.append("x", {})
    assert disk.entered.wait(10)
    assert not future.done()
    assert writer.pending == 1

    disk.gate.set()
    position = future.result(10)
    assert disk.synced == [(history / position.segment).stat().st_size]


def test_lines_that_wait_together_share_one_sync(open_writer, disk: Disk) -> None:
    writer = open_writer()
    disk.gate.clear()
    first = writer.append("x", {})
    assert disk.entered.wait(10)
    rest = [writer.append("x", {"i": i}) for i in range(100)]
    disk.gate.set()

    offsets = [future.result(10).offset for future in (first, *rest)]
    assert len(disk.synced) == 2
    assert offsets == sorted(set(offsets))


def test_lines_appended_together_stand_together(open_writer, history: Path) -> None:
    writer = open_writer()
    together = [Entry("accepted", {"g": 1}), Entry("accepted+", {"g": 2})]
    futures = [writer.append_many(together) for _ in range(200)]
    for future in futures:
        first, second = future.result(10).positions
        content = (history / first.segment).read_bytes()
        assert first.segment == second.segment
        assert content[first.offset : second.offset].endswith(b"}\n")
        assert content[second.offset :].startswith(b'{"v":1,"n":')
    assert [json.loads(line)["n"] for line in text(history)] == list(range(1, 401))
    assert writer.append_many([]).result(0).positions == []


@pytest.mark.fault(23)
def test_many_threads_never_interleave_their_lines(open_writer, history: Path) -> None:
    writer = open_writer(segment_bytes=300_000)

    def write(who: int) -> None:
        for i in range(40):
            writer.append("x", {"who": who, "i": i, "fill": "y" * 3000}).result(10)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = [json.loads(line) for line in text(history)]
    assert [line["n"] for line in lines] == list(range(1, 321))
    assert len({(line["who"], line["i"]) for line in lines}) == 320
    assert len(list_segments(history)) == 4


def test_a_new_day_and_a_new_writer_each_get_a_new_segment(open_writer, clock: Clock) -> None:
    writer = open_writer()
    names = [writer.append("x", {}).result(10).segment]
    clock.now += 12 * 3600
    names.append(writer.append("x", {}).result(10).segment)
    names.append(open_writer().append("x", {}).result(10).segment)

    assert names == ["2026-11-23/intake-1.jsonl", "2026-11-24/intake-2.jsonl", "2026-11-24/intake-3.jsonl"]


def test_only_the_owner_may_read_the_journal(open_writer, history: Path) -> None:
    position = open_writer().append("x", {}).result(10)

    modes = [history, history / "2026-11-23", history / position.segment]
    assert [stat.S_IMODE(path.stat().st_mode) for path in modes] == [0o700, 0o700, 0o600]


@pytest.mark.fault(19)
def test_a_failed_sync_fails_all_that_waited_and_the_file_is_never_trusted_again(
    open_writer, disk: Disk, history: Path
) -> None:
    writer = open_writer()
    kept = writer.append("x", {}).result(10)
    disk.failure = OSError(errno.EIO, "Input/output error")
    futures = [writer.append("x", {"i": i}) for i in range(10)]
    for future in futures:
        with pytest.raises(JournalError, match="Input/output error"):
            future.result(10)

    disk.failure = None
    after = writer.append("x", {"after": True}).result(10)
    assert after.segment != kept.segment
    assert after.offset == 0
    assert b'"after":true' in (history / after.segment).read_bytes()


@pytest.mark.fault(18)
def test_a_full_disk_fails_the_lines_and_leaves_no_empty_segments(
    open_writer, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_writer()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(5):
        with pytest.raises(JournalError, match="No space left"):
            writer.append("x", {}).result(10)
    monkeypatch.setattr(os, "write", real)

    assert list_segments(history) == []
    assert writer.append("x", {}).result(10).segment == "2026-11-23/intake-1.jsonl"


@pytest.mark.fault(18)
def test_a_device_that_is_full_fails_the_lines(open_writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`/dev/full` stands in the place of a new segment."""
    real = os.open

    def full(path, flags, mode=0o777):
        return real("/dev/full", os.O_WRONLY) if flags & os.O_CREAT else real(path, flags, mode)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(JournalError, match="No space left"):
        open_writer().append("x", {}).result(10)


@pytest.mark.fault(19)
@pytest.mark.parametrize("kind", [errno.EIO, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.ENOSPC])
@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_whatever_call_fails_nothing_is_acknowledged_and_the_file_is_left(
    kind: int, call: str, open_writer, disk: Disk, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_writer()
    kept = writer.append("x", {}).result(10)

    def fails(*_: object, **__: object) -> int:
        raise OSError(kind, os.strerror(kind))

    if call == "open":
        (history / kept.segment).unlink()  # so that another has to be made
    with monkeypatch.context() as patch:
        if call == "fsync":
            disk.failure = OSError(kind, os.strerror(kind))
        else:
            patch.setattr(os, call, fails)
        with pytest.raises(JournalError, match=re.escape(os.strerror(kind))):
            writer.append("x", {"refused": True}).result(10)
    disk.failure = None
    after = writer.append("x", {"taken": True}).result(10)
    assert after.segment != kept.segment
    assert after.offset == 0
    assert b'"taken":true' in (history / after.segment).read_bytes()


@pytest.mark.fault(24)
@pytest.mark.parametrize("mishap", ["segment deleted", "history moved", "history made a link"])
def test_what_is_taken_away_while_it_is_synced_takes_no_line(
    mishap: str, open_writer, disk: Disk, history: Path, tmp_path: Path
) -> None:
    """Nothing is accepted into a file that nobody will read."""
    writer = open_writer()
    segment = history / writer.append("x", {}).result(10).segment

    def vanish() -> None:
        disk.meanwhile = lambda: None
        if mishap == "segment deleted":
            segment.unlink()
            return
        history.rename(tmp_path / "elsewhere")
        if mishap == "history made a link":
            history.symlink_to(tmp_path / "elsewhere")

    disk.meanwhile = vanish
    with pytest.raises(JournalError):
        writer.append("x", {"lost": True}).result(10)
    if mishap == "history made a link":
        with pytest.raises(JournalError, match="symbolic link"):
            writer.append("x", {}).result(10)
        history.unlink()
    position = writer.append("x", {"found": True}).result(10)
    assert b'"found":true' in (history / position.segment).read_bytes()


def test_a_short_write_is_carried_on(open_writer, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = open_writer()
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
    writer.append("x", {"fill": "y" * 100}).result(10)
    monkeypatch.setattr(os, "write", real)

    assert json.loads(text(history)[0])["fill"] == "y" * 100


@pytest.mark.fault(24)
@pytest.mark.parametrize("mishap", ["deleted", "moved", "linked", "folder deleted"])
def test_a_segment_that_vanished_is_noticed_before_the_next_line(
    mishap: str, open_writer, history: Path, tmp_path: Path
) -> None:
    writer = open_writer()
    old = history / writer.append("x", {}).result(10).segment
    if mishap == "deleted":
        old.unlink()
    elif mishap == "folder deleted":
        old.unlink()
        old.parent.rmdir()
    else:
        old.rename(tmp_path / "elsewhere")
        if mishap == "linked":
            old.symlink_to(tmp_path / "elsewhere")

    position = writer.append("x", {"found": True}).result(10)
    assert b'"found":true' in (history / position.segment).read_bytes()
    assert not (history / position.segment).is_symlink()
    assert position.segment == "2026-11-23/intake-2.jsonl"  # a name is never used twice


@pytest.mark.fault(24)
def test_a_history_folder_that_is_a_link_is_refused(open_writer, history: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    history.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(JournalError, match="symbolic link"):
        open_writer().append("x", {}).result(10)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_closing_writes_what_waits_and_refuses_the_rest(open_writer, history: Path) -> None:
    writer = open_writer()
    futures = [writer.append("x", {"i": i}) for i in range(50)]
    writer.close()

    assert all(future.done() for future in futures)
    assert len(text(history)) == 50
    with pytest.raises(JournalError, match="closed"):
        writer.append("x", {})


def test_a_line_over_the_limit_is_refused_before_it_is_queued(open_writer) -> None:
    writer = open_writer()
    with pytest.raises(JournalError, match="larger than"):
        writer.append("x", {"fill": "y" * 1024 * 1024})
    assert writer.pending == 0


def test_a_cancelled_append_is_not_written(open_writer, disk: Disk, history: Path) -> None:
    writer = open_writer()
    disk.gate.clear()
    writer.append("x", {})
    assert disk.entered.wait(10)
    assert writer.append("x", {"gone": True}).cancel()
    disk.gate.set()
    writer.append("x", {"last": True}).result(10)

    assert [b"gone" in line for line in text(history)] == [False, False]
