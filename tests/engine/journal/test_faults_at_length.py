"""Faults of a journal at length: random lives of writers and files, each told by its seed."""

from __future__ import annotations

import errno
import random
import threading
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.journal.line import LINE_LIMIT, Line
from hookwright.engine.journal.packed import pack
from hookwright.engine.journal.reader import Damage, Found, Reader
from hookwright.engine.journal.repair import repair
from hookwright.engine.journal.segment import Position, list_segments
from hookwright.engine.journal.writer import SYNC, Writer

SEEDS = range(400)


def lines_of(folder: Path, name: str) -> tuple[list[Line], list[Damage]]:
    lines: list[Line] = []
    damage: list[Damage] = []
    with closing(Reader(folder, name)) as reader:
        while found := reader.read():
            lines += [each.line for each in found if isinstance(each, Found)]
            damage += [each for each in found if isinstance(each, Damage)]
    return lines, damage


def spoil(dice: random.Random, content: bytes) -> bytes:
    """The same with one thing wrong, somewhere."""
    at, length = dice.randrange(len(content)), dice.randint(1, 200)
    way = dice.choice(["flip", "zeros", "cut", "lost", "foreign", "huge"])
    if way == "flip":
        return content[:at] + bytes([content[at] ^ 1 << dice.randrange(8)]) + content[at + 1 :]
    if way == "zeros":
        return content[:at] + bytes(length) + content[at + length :]
    if way == "cut":
        return content[:at]
    if way == "lost":
        return content[:at] + content[at + length :]
    put = dice.randbytes(length) if way == "foreign" else b"x" * (LINE_LIMIT + length) + b"\n"
    return content[:at] + put + content[at:]


@pytest.mark.slow
@pytest.mark.fault(20)
@pytest.mark.fault(21)
@pytest.mark.fault(22)
@pytest.mark.parametrize("packed", [False, True])
def test_whatever_is_wrong_with_a_segment_every_sound_line_is_read_and_the_rest_is_told(
    packed: bool, tmp_path: Path
) -> None:
    for seed in SEEDS:
        dice, folder = random.Random(seed), tmp_path / str(seed)
        with closing(Writer(folder, "intake")) as writer:
            sizes = [dice.choice([1, 50, 5_000, 200_000]) for _ in range(dice.randint(1, 12))]
            for number, size in enumerate(sizes):
                writer.append("revision", {"n_": number, "fill": "y" * size}).result(10)
        (segment,) = list_segments(folder)
        path = folder / segment.name
        written = path.read_bytes()
        spoilt = spoil(dice, written)
        path.write_bytes(spoilt)
        repair(folder)
        if packed:
            pack(path)
        lines, damage = lines_of(folder, segment.name)
        whole = written.split(b"\n")[:-1]
        sound = [raw for raw in spoilt.split(b"\n") if raw in whole]
        assert [line.raw for line in lines] == sound, f"seed {seed}"
        assert damage or sound == whole[: len(sound)], f"seed {seed}"


def write_at_once(folder: Path, dice: random.Random) -> list[str]:
    """Eighty lines from four threads on a disk that fails one time in five; those that were acknowledged."""

    def fsync(descriptor: int) -> None:
        if dice.random() < 0.2:
            raise OSError(dice.choice([errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS]), "it failed")
        SYNC(descriptor)

    said: list[tuple[str, Future[Position]]] = []
    with closing(Writer(folder, "intake", fsync=fsync, segment_bytes=20_000)) as writer:

        def write(name: str) -> None:
            for number in range(20):
                text = f"{name}-{number}-" + "z" * (number * 97)
                said.append((text, writer.append("revision", {"text": text})))

        threads = [threading.Thread(target=write, args=(f"t{each}",)) for each in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ends = [(text, future.exception(10)) for text, future in said]
    assert len(ends) == 80
    assert all(error is None or isinstance(error, JournalError) for _, error in ends)
    return [text for text, error in ends if error is None]


@pytest.mark.slow
@pytest.mark.fault(18)
@pytest.mark.fault(19)
@pytest.mark.fault(23)
def test_what_is_acknowledged_by_a_disk_that_fails_at_random_is_there_once(tmp_path: Path) -> None:
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        acknowledged = write_at_once(folder, random.Random(seed))
        found: list[str] = []
        for segment in list_segments(folder):
            lines, damage = lines_of(folder, segment.name)
            assert damage == [], f"seed {seed}"
            found += [line.decode(dict)["text"] for line in lines]
        assert len(set(found)) == len(found), f"seed {seed}"
        assert set(acknowledged) <= set(found), f"seed {seed}"
