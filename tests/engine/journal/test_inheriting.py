"""Inheriting: names tell the origin and their order; copies are whole or not there."""

from __future__ import annotations

from contextlib import closing

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.journal.follow import Follower
from hookwright.engine.journal.inheriting import inherit
from hookwright.engine.journal.lineage import generation, heirloom, is_book, reading_order, standing
from hookwright.engine.journal.packed import pack
from hookwright.engine.journal.segment import Segment, list_segments
from hookwright.engine.journal.writer import Writer

DAY = "2026-11-24"


def write(folder, writer, *values):
    with closing(Writer(folder, writer)) as lines:
        for value in values:
            lines.append("revision", {"revision": value, "bundle": "b"}).result(10)


def writers(folder):
    return [each.writer for each in sorted(list_segments(folder), key=reading_order)]


def test_what_a_node_wrote_is_read_after_all_it_had_taken_over_and_intake_before_the_books():
    given = ["book", "intake", "book_2_a", "intake_1_z", "book_1_z", "intake_2_a", "book_10_m"]
    segments = sorted((Segment(each, 1, DAY) for each in given), key=reading_order)
    said = [each.writer for each in segments]
    assert said == ["intake_1_z", "intake_2_a", "intake", "book_1_z", "book_2_a", "book_10_m", "book"]
    assert [is_book(each) for each in said] == [False] * 3 + [True] * 4
    books = [standing(each.name) for each in segments[3:]]
    assert books == sorted(books)
    assert books[-1] == 1 > 0 > books[-2]


def test_a_name_that_tells_an_origin_keeps_it():
    assert heirloom("book", "Nod.A-1", 3) == "book_3_nod_a_1"
    assert heirloom("book_3_nod_a_1", "nod_b", 4) == "book_3_nod_a_1"
    assert (generation("book"), generation("book_3_nod_a_1")) == (None, 3)


def test_the_heir_of_an_heir_has_all_three_in_their_order(tmp_path):
    one, two, three = (tmp_path / name / "history" for name in "123")
    for folder in (one, two, three):
        folder.parent.mkdir()
        write(folder, "intake", "1")
        write(folder, "book", "2")
    inherit(one, two, "nod_z")
    inherit(two, three, "nod_a")
    assert writers(three) == [
        "intake_1_nod_z",
        "intake_2_nod_a",
        "intake",
        "book_1_nod_z",
        "book_2_nod_a",
        "book",
    ]


def test_packed_segments_and_empty_ones_are_known(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "intake", "1")
    (segment,) = list_segments(one)
    pack(one / segment.name)
    (one / segment.day / "book-1.jsonl").touch()
    assert inherit(one, two, "nod_z") == 1
    (copy,) = list_segments(two)
    assert copy.writer == "intake_1_nod_z"
    assert (two / f"{copy.name}.gz").stat().st_mode & 0o777 == 0o600
    with closing(Follower(two, {})) as follower:
        follower.poll()
        assert follower.poll().progress[copy.name].finished


def test_a_copy_that_failed_is_not_there_and_a_second_run_makes_it(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "intake", "1")
    write(one, "book", "2")
    copied = []

    def fail(_):
        if copied:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        inherit(one, two, "nod_z", fsync=fail, copied=copied.append)
    assert writers(two) == ["intake_1_nod_z"]
    assert inherit(one, two, "nod_z") == 2
    assert inherit(one, two, "nod_z") == 2
    assert writers(two) == ["intake_1_nod_z", "book_1_nod_z"]


def test_another_file_of_that_name_is_never_replaced(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "intake", "1")
    inherit(one, two, "nod_z")
    (copy,) = list_segments(two)
    (two / copy.name).write_text("something else\n")
    with pytest.raises(JournalError, match="not a copy"):
        inherit(one, two, "nod_z")
    assert (two / copy.name).read_text() == "something else\n"
