"""Reading and repairing a damaged journal: nothing readable is lost, nothing torn is taken for whole."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from hookwright.engine.journal.follow import Fanout, Follower
from hookwright.engine.journal.line import LINE_LIMIT, encode
from hookwright.engine.journal.reader import Damage, Found, Reader, read_at
from hookwright.engine.journal.repair import Refused, Repair, repair
from hookwright.engine.journal.segment import Position

DAY = "2026-11-23"
NAME = f"{DAY}/intake-1.jsonl"


def make(history: Path, content: bytes) -> Path:
    path = history / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def lines(count: int) -> list[bytes]:
    return [
        encode(n, 0, "settled", b'"delivery":"dlv_%d","fill":"%b"' % (n, b"x" * 40))
        for n in range(1, count + 1)
    ]


def read_all(history: Path, offset: int = 0) -> list[Found | Damage]:
    reader = Reader(history, NAME, offset)
    found: list[Found | Damage] = []
    while not reader.finished:
        found += reader.read()
    reader.close()
    return found


def numbers(items: list[Found | Damage]) -> list[int]:
    return [item.line.n for item in items if isinstance(item, Found)]


def damages(items: list[Found | Damage]) -> list[Damage]:
    return [item for item in items if isinstance(item, Damage)]


@pytest.mark.fault(20)
def test_a_segment_cut_at_every_byte_of_its_last_three_lines_keeps_the_whole_ones(tmp_path: Path) -> None:
    whole = lines(6)
    content = b"".join(whole)
    ends = [sum(map(len, whole[:count])) for count in range(7)]
    for size in range(ends[3], len(content) + 1):
        path = make(tmp_path, content[:size])
        kept = max(end for end in ends if end <= size)
        before = read_all(tmp_path)
        assert numbers(before) == list(range(1, ends.index(kept) + 1))
        assert [(d.position.offset, d.length) for d in damages(before)] == (
            [(kept, size - kept)] if size > kept else []
        )

        synced: list[int] = []
        repaired = repair(tmp_path, fsync=synced.append)
        assert len(synced) == len(repaired)
        assert [(r.segment, r.offset, r.length) for r in repaired if isinstance(r, Repair)] == (
            [(NAME, kept, size - kept)] if size > kept else []
        )
        assert path.read_bytes() == content[:kept]
        assert damages(read_all(tmp_path)) == []
        assert repair(tmp_path) == []


@pytest.mark.fault(21)
def test_a_flipped_bit_costs_the_line_it_is_in_at_most(tmp_path: Path) -> None:
    whole = lines(3)
    content = b"".join(whole)
    start, end = len(whole[0]), len(whole[0]) + len(whole[1])
    for place in range(start, end):
        for bit in (0, 3, 7):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            make(tmp_path, bytes(flipped))
            items = read_all(tmp_path)
            expected = [1] if place == end - 1 else [1, 3]  # without its line break it takes the next along
            assert numbers(items) == expected, (place, bit)
            assert damages(items)[0].position.offset == start
            assert repair(tmp_path) == []


@pytest.mark.fault(21)
@pytest.mark.parametrize("filling", [b"\0" * 5000, b"\0" * 5000 + b"\n", b"{}\n", b"\n", b"\xff\xfe\n\r\n"])
def test_foreign_bytes_between_lines_are_reported_and_passed_over(filling: bytes, tmp_path: Path) -> None:
    first, second, third = lines(3)
    make(tmp_path, first + filling + second + third)
    items = read_all(tmp_path)

    assert damages(items)[0].position == Position(NAME, len(first))
    assert numbers(items)[0] == 1
    assert numbers(items)[-1] == 3


@pytest.mark.fault(21)
def test_windows_line_ends_are_damage_not_lines(tmp_path: Path) -> None:
    first, second, third = lines(3)
    make(tmp_path, first + second[:-1] + b"\r\n" + third)
    items = read_all(tmp_path)

    assert numbers(items) == [1, 3]
    assert [(d.position.offset, d.length) for d in damages(items)] == [(len(first), len(second) + 1)]


@pytest.mark.fault(21)
@pytest.mark.parametrize("size", [LINE_LIMIT - 10, LINE_LIMIT + 10, 5 * LINE_LIMIT, 13 * LINE_LIMIT])
def test_a_huge_line_is_passed_over(size: int, tmp_path: Path) -> None:
    first, second = lines(2)
    make(tmp_path, first + b"x" * size + b"\n" + second)
    items = read_all(tmp_path)

    assert numbers(items) == [1, 2]
    assert [(d.position.offset, d.length) for d in damages(items)] == [(len(first), size + 1)]


@pytest.mark.fault(22)
def test_zeros_at_the_end_after_a_power_cut_are_cut(tmp_path: Path) -> None:
    content = b"".join(lines(2))
    path = make(tmp_path, content + b"\0" * (3 * LINE_LIMIT))

    assert numbers(read_all(tmp_path)) == [1, 2]
    assert [type(found) for found in repair(tmp_path)] == [Repair]
    assert path.read_bytes() == content


def test_missing_lines_are_reported(tmp_path: Path) -> None:
    first, second, third = lines(3)
    make(tmp_path, first + third + second)
    items = read_all(tmp_path)

    assert numbers(items) == [1, 3, 2]
    assert [d.reason for d in damages(items)] == [
        "line 1 is followed by line 3",
        "line 3 is followed by line 2",
    ]


def test_the_segment_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    path = make(tmp_path, b"".join(lines(2))[:-5])
    held = os.open(path, os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    reader = Reader(tmp_path, NAME)

    assert repair(tmp_path) == []
    assert len(reader.read()) == 1
    assert reader.read() == []
    assert not reader.finished
    os.write(held, b"")
    os.pwrite(held, b"".join(lines(2)), 0)
    assert numbers(reader.read()) == [2]
    os.close(held)
    assert reader.read() == []
    assert reader.finished
    reader.close()


def test_reading_goes_on_at_an_offset(tmp_path: Path) -> None:
    whole = lines(5)
    make(tmp_path, b"".join(whole))

    assert numbers(read_all(tmp_path, len(whole[0]) + len(whole[1]))) == [3, 4, 5]


def test_a_line_is_read_at_its_position_or_not_at_all(tmp_path: Path) -> None:
    first, second, _ = lines(3)
    long = encode(4, 0, "x", b'"fill":"%b"' % (b"x" * 100_000))
    make(tmp_path, first + second + long)

    found = read_at(tmp_path, Position(NAME, len(first)))
    assert found is not None
    assert found.n == 2
    longest = read_at(tmp_path, Position(NAME, len(first) + len(second)))
    assert longest is not None
    assert longest.n == 4
    assert read_at(tmp_path, Position(NAME, len(first) + 1)) is None
    assert read_at(tmp_path, Position(NAME, 10**9)) is None
    assert read_at(tmp_path, Position(f"{DAY}/intake-2.jsonl", 0)) is None


@pytest.mark.fault(24)
def test_a_link_in_the_place_of_a_segment_is_neither_followed_nor_cut(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"not ours, no line break")
    history = tmp_path / "history"
    (history / DAY).mkdir(parents=True)
    (history / NAME).symlink_to(outside)

    assert repair(history) == []
    assert Follower(history, {}).poll().items == ()
    with pytest.raises(OSError, match="symbolic links"):
        Reader(history, NAME)
    assert outside.read_bytes() == b"not ours, no line break"


def test_a_tail_that_cannot_be_cut_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, b"".join(lines(2))[:-5])

    def fail(descriptor: int, size: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "ftruncate", fail)
    assert repair(tmp_path) == [Refused(NAME, "Read-only file system")]


def fanout(parts: int) -> list[bytes]:
    def planned(i: int) -> bytes:
        return (
            b'{"id":"dlv_%d","message":"msg_%d","entityType":"webhook","entityId":"h%d",'
            b'"due":"2026-11-23T12:00:00.000Z","body":"data"}' % (i, i, i)
        )

    event = b'{"specversion":"1.0","id":"e","source":"/s","type":"T","data":{}}'
    head = b'"event":' + event + b',"revision":"r","deliveries":['
    more = b"" if parts == 1 else b',"more":true'
    found = [encode(1, 0, "accepted", head + planned(1) + b"]" + more)]
    for n in range(2, parts + 1):
        done = b',"done":true' if n == parts else b""
        found.append(encode(n, 0, "accepted+", b'"deliveries":[' + planned(n) + b"]" + done))
    return found


def followed(history: Path) -> tuple[list[Fanout], list[str]]:
    follower = Follower(history, {})
    fanouts: list[Fanout] = []
    reasons: list[str] = []
    while (batch := follower.poll()).more or batch.progress:
        fanouts += [item for item in batch.items if isinstance(item, Fanout)]
        reasons += [item.reason for item in batch.items if isinstance(item, Damage)]
    follower.close()
    return fanouts, reasons


def test_a_fan_out_over_several_lines_is_put_together(tmp_path: Path) -> None:
    make(tmp_path, b"".join(fanout(4)))
    (found,), reasons = followed(tmp_path)

    assert [planned.id for _, planned in found.deliveries] == ["dlv_1", "dlv_2", "dlv_3", "dlv_4"]
    assert len({position for position, _ in found.deliveries}) == 4
    assert reasons == []


@pytest.mark.fault(20)
def test_a_fan_out_cut_at_any_byte_before_its_end_does_not_exist(tmp_path: Path) -> None:
    content = b"".join(fanout(3))
    for size in range(1, len(content)):
        make(tmp_path, content[:size])
        fanouts, reasons = followed(tmp_path)
        assert fanouts == [], size
        assert reasons
        repair(tmp_path, fsync=lambda _: None)
        assert followed(tmp_path)[0] == [], size


@pytest.mark.parametrize("hurt", [1, 2])
def test_a_damaged_part_of_a_fan_out_costs_its_own_deliveries_only(hurt: int, tmp_path: Path) -> None:
    parts = fanout(3)
    parts[hurt] = parts[hurt].replace(b"dlv_", b"DLV_")
    make(tmp_path, b"".join([*parts, encode(4, 0, "other", b"")]))
    (found,), reasons = followed(tmp_path)

    assert len(found.deliveries) == 2
    assert reasons == ["the checksum does not fit"]


def test_lines_of_an_unknown_kind_are_passed_over_and_wrong_fields_reported(tmp_path: Path) -> None:
    make(tmp_path, encode(1, 0, "weather", b'"x":1') + encode(2, 0, "accepted", b'"x":1') + fanout(1)[0])
    fanouts, reasons = followed(tmp_path)

    assert len(fanouts) == 1
    assert reasons[0].startswith("not a line of kind 'accepted'")
    assert len(reasons) == 2  # and the numbering goes back
