from hypothesis import given
from hypothesis import strategies as st

from hookwright.interfaces.printable import printable, printable_lines


def test_control_characters_separators_and_direction_marks_are_escaped() -> None:
    hostile = "a\x1b[2J\r\nb\x9b\u2028\u202e\ufeff\ud800\t\x00"
    assert printable(hostile) == r"a\x1b[2J\r\nb\x9b\u2028\u202e\ufeff\ud800\t\x00"


def test_text_of_all_languages_is_left_alone() -> None:
    assert printable("Grüße 東京 🙂 |>") == "Grüße 東京 🙂 |>"


def test_long_text_is_cut_and_says_so() -> None:
    assert printable("abcdef", 3) == "abc…"
    assert printable("abc", 3) == "abc"


def test_line_breaks_and_tabs_stay_where_lines_are_wanted() -> None:
    assert printable_lines("a\r\n\tb\x1b") == "a\n\tb\\x1b"


@given(st.text())
def test_anything_becomes_one_encodable_line(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    shown.encode()
