import pytest

from hookwright.interfaces.cli.span import columns, span
from hookwright.schemas.problem import Place


@pytest.mark.parametrize(
    ("line", "start", "token"),
    [
        ("  urll: https://example.com/a", 2, "urll"),
        ("  url: https://example.com/a  ", 7, "https://example.com/a"),
        ("  description: a few words # and why", 15, "a few words"),
        ("  color: red#ish", 9, "red#ish"),
        ("  - {id: one, event: two}", 9, "one"),
        ("  - {id: one, event: two}", 4, "{id: one, event: two}"),
        ("  - {id: one, at: 10:30}", 18, "10:30"),
        ("  match: {a: [1, '}', 2]} # x", 9, "{a: [1, '}', 2]}"),
        ("  match: {a: [1,", 9, "{a: [1,"),
        ("""  text: "a \\" b": c""", 8, '"a \\" b"'),
        ("  text: 'it''s' x", 8, "'it''s'"),
        ("  text: 'never closed", 8, "'never closed"),
        ("  {a: 'b, [', c: d, e}", 17, "d"),
        ("  text: {{ data.x }}", 8, "{{ data.x }}"),
        ("  a: b: c", 6, ":"),
        ("  text: 日本語 ü # x", 8, "日本語 ü"),
    ],
)
def test_a_token_reaches_as_far_as_yaml_reads_it(line, start, token) -> None:
    assert line[start : start + span(line, start)] == token


@pytest.mark.parametrize(("line", "start"), [("", 0), ("ab", 2), ("a: ", 3), ("#", 0), ("]", 0), (" ", 0)])
def test_a_token_has_at_least_one_column(line, start) -> None:
    assert span(line, start) == 1


def test_columns_count_from_one_and_the_last_is_beyond() -> None:
    assert columns(Place("a", 1, 3), lambda _: ("  urll: x",)) == (3, 7)
    assert columns(Place("a", 1, 99), lambda _: ("ab",)) == (3, 4)


@pytest.mark.parametrize("place", [Place("a"), Place("a", 2, 1)])
def test_a_line_that_is_not_there_has_no_columns(place) -> None:
    assert columns(place, lambda _: ("one line",)) is None


def test_what_stands_far_into_a_line_ends_at_a_comma() -> None:
    line = "[" + "{id: one}, " * 20_000 + "{id: two, event: x}]"
    assert span(line, line.index("two")) == len("two")
