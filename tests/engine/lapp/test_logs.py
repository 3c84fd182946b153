"""What is kept of what a call printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.lapp.logs import Logs


def kept(most, *pieces):
    logs = Logs(most)
    for piece in pieces:
        logs.add(piece)
    return logs.text()


def test_little_is_kept_as_it_is():
    assert kept(20, b"a\tb\r\n", "ü🪝".encode()) == "a\tb\nü🪝"


def test_much_is_kept_by_its_ends_and_how_much_is_missing_is_said():
    assert kept(8, b"0123456789", b"abcdefghij") == "0123\n[… 12 bytes left out …]\nghij"


def test_a_character_across_the_middle_stays_whole():
    assert kept(8, "abc🪝".encode()) == "abc🪝"


def test_what_cannot_be_shown_is_replaced():
    assert kept(20, b"\x1b[2J\0\xff") == "\ufffd[2J\ufffd\ufffd"


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(2, 50))
def test_what_is_left_out_and_what_is_kept_make_up_the_whole(pieces, most):
    logs = Logs(most)
    for piece in pieces:
        logs.add(piece)
    assert logs.size == sum(map(len, pieces))
    assert len(logs.text()) <= most + 50
