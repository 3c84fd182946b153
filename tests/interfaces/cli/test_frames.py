import os
import re

import pytest

from hookwright.interfaces.cli.frames import WIDTH, frame, frames, pointed
from hookwright.interfaces.cli.source import source_lines
from hookwright.schemas.problem import Place, Problem, Related

_FIRST = Related(Place("b.yaml", 3, 9), "first one here")


def _shown(line: str, column: int, *, hint: str | None = None) -> list[str]:
    import click

    problem = Problem("HW001", "wrong", Place("a.yaml", 1, column), hint)
    return click.unstyle(frame(problem, lambda file: (line,))).split("\n")


def test_the_caret_stands_under_the_fault() -> None:
    *_, source, pointer = _shown("  - key: value", 10, hint="write x")
    assert pointer.index("^") == source.index("value")
    assert pointer.endswith("^^^^^ write x")


@pytest.mark.parametrize("before", ["\t\t", "é" * 5, "\x1b[2J", "x" * 500, "\u202e"])
def test_the_caret_stands_under_the_fault_whatever_is_before_it(before: str) -> None:
    *_, source, pointer = _shown(f"{before}fault: after", len(before) + 1)
    assert pointer.index("^") == source.index("fault")
    assert pointer.count("^") == len("fault")


def test_a_long_line_is_cut_around_the_fault() -> None:
    *_, source, pointer = _shown("a" * 5000 + " fault " + "b" * 5000, 5002)
    assert len(source) < 2 * WIDTH
    assert pointer.index("^") == source.index("fault")


@pytest.mark.parametrize("column", [0, 1, 3, 99])
def test_a_column_outside_the_line_still_gives_a_frame(column: int) -> None:
    *_, pointer = _shown("ab", column)
    assert "^" in pointer


def test_a_place_without_a_line_shows_the_hint_by_itself() -> None:
    text = frame(Problem("HW107", "no file", Place("hooks"), "add one"), lambda file: ())
    assert text.endswith("\n --> hooks\n  = help: add one")


def test_a_related_place_is_shown_with_its_line() -> None:
    import click

    problem = Problem("HW101", "twice", Place("a.yaml", 10, 7), related=(_FIRST,))
    files = {"a.yaml": ("",) * 9 + ("  id: leads",), "b.yaml": ("", "", "  - id: leads")}
    assert click.unstyle(frame(problem, files.__getitem__)).split("\n") == [
        "error[HW101]: twice",
        "  --> a.yaml:10:7",
        "   |",
        "10 |   id: leads",
        "   |       ^^^^^",
        "  ::: b.yaml:3:9",
        "   |",
        " 3 |   - id: leads",
        "   |         ----- first one here",
    ]


def test_a_related_place_without_a_line_is_named() -> None:
    problem = Problem("HW101", "twice", Place("a.yaml", 9, 9), related=(_FIRST,))
    assert frame(problem, lambda file: ()).endswith("  = first one here: b.yaml:3:9")


def test_a_secret_is_not_shown_at_a_related_place_either(tmp_path) -> None:
    file = str(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("{token: s3cret}\n{token: other}\n")
    second = Problem("HW005", "twice", Place(file, 2, 2), related=(Related(Place(file, 1, 2), "first here"),))
    secret = Problem("HW020", "it is a secret", Place(file, 1, 9))
    assert not any("s3cret" in text for text in frames([second, secret]))


def test_a_file_that_cannot_be_read_has_no_lines(tmp_path) -> None:
    assert source_lines(str(tmp_path / "nothing")) == ()
    assert source_lines(str(tmp_path)) == ()
    assert source_lines("a\0b") == ()


def test_a_pipe_has_no_lines_and_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert source_lines(str(tmp_path / "pipe")) == ()


def test_a_problem_of_a_whole_file_does_not_read_it() -> None:
    asked: list[str] = []
    frame(Problem("HW110", "cannot be read", Place("pipe")), lambda file: tuple(asked.append(file) or ()))
    assert asked == []


def test_lines_are_counted_as_yaml_counts_them(tmp_path) -> None:
    (tmp_path / "a").write_bytes("\ufeffa\r\nb\rc\x0bstill c\x85d\u2028e\n".encode() + b"\xff")
    assert source_lines(str(tmp_path / "a")) == ("a", "b", "c\x0bstill c", "d", "e", "\ufffd")


@pytest.mark.parametrize(("before", "columns"), [("日本語 ", 7), ("e\u0301 ", 2), ("\uff21 ", 3)])
def test_letters_that_are_wide_or_have_no_width_do_not_move_the_caret(before: str, columns: int) -> None:
    *_, source, pointer = _shown(f"{before}fault", len(before) + 1)
    assert pointer.index("^") - source.index(before) == columns


def test_what_is_left_out_is_marked() -> None:
    room = WIDTH - len("1 | ")
    *_, source, _pointer = _shown("a" * (room + 1), 1)
    assert source.endswith("…")
    *_, source, _pointer = _shown("a" * room, 1)
    assert source.endswith("a")


@pytest.mark.parametrize("code", ["HW020", "HW021"])
def test_a_secret_written_in_the_open_is_not_shown_again(code: str) -> None:
    import click

    problem = Problem(code, "it is a secret", Place("a.yaml", 1, 8), "write a reference")
    text = click.unstyle(frame(problem, lambda file: ("token: s3cret-value, more",)))
    assert "s3cret-value" not in text
    assert "token: [redacted]" in text


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            Problem("HW012", "", Place("a", 1, 2), 'did you mean "token"?', path="/auth/tokn"),
            "{tokn: s3cret}",
        ),
        (Problem("HW016", "", Place("a", 1, 7), path="/auth/token/env"), "{env: s3cret value}"),
    ],
)
def test_what_is_most_likely_a_secret_is_not_shown_either(problem: Problem, line: str) -> None:
    shown = list(frames([problem, Problem("HW018", "long", Place("a", 1, 1))], lambda file: (line,)))
    assert not any("s3cret" in text for text in shown)
    assert all(line[: line.index(":") + 1] in text for text in shown)
    unsuspected = Problem("HW012", "", Place("a", 1, 2), 'did you mean "delay"?', path="/dleay")
    assert "{dleay: 5s}" in frame(unsuspected, lambda file: ("{dleay: 5s}",))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("{key: s3cret, team: wrong}", "{key: [redacted]… wrong}"),
        ("{team: wrong, key: s3cret}", "{team: wrong, key: [redacted]"),
        ("{key: s3cret, team: wrong, pin: s3cret}", "{key: [redacted]… wrong, pin: [redacted]"),
    ],
)
def test_a_secret_is_not_shown_beside_another_fault_of_its_line(line, shown, tmp_path) -> None:
    import click

    file = str(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text(line)
    places = [Place(file, 1, found.start() + 1) for found in re.finditer("s3cret", line)]
    secrets = [Problem("HW020", "it is a secret", place) for place in places]
    fault = Problem("HW016", "wrong", Place(file, 1, line.index("wrong") + 1))
    texts = [click.unstyle(text) for text in frames([fault, *secrets])]
    assert not any("s3cret" in text for text in texts)
    *_, source, pointer = texts[0].split("\n")
    assert source == f"1 | {shown}"
    assert pointer.index("^") == source.index("wrong")


def test_the_password_in_a_url_is_not_shown() -> None:
    *_, source, pointer = _shown("url: https://user:s3cret@a.example.com/", 6)
    assert source.endswith("url: https://...@a.example.com/")
    assert pointer.index("^") == source.index("https")


@pytest.mark.parametrize(
    ("line", "fault", "shown"),
    [
        ("auth: Bearer s3cret", "Bearer", "auth: [redacted]"),
        ('password: "s3" cret # why', "cret", "password: [redacted] [redacted]"),
        ("{token: s3, cret, port: 5}", "s3", "{token: [redacted], port: 5}"),
        ("auth: {typ: bearer}", "{typ", "auth: {typ: bearer}"),
        ("auth: {typ: bearer}", "typ", "auth: {typ: bearer}"),
    ],
)
def test_a_fault_within_a_value_that_is_named_like_a_secret_is_not_shown(line, fault, shown) -> None:
    *_, source, pointer = _shown(line, line.index(fault) + 1)
    assert source == f"1 | {shown}"
    assert "^" in pointer


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("wrong: {type: bearer, token: s3cret}", "wrong: {type: bearer, token: [redacted]}"),
        ("wrong: {password: s3cret x, port: 5}", "wrong: {password: [redacted], port: 5}"),
        ("wrong: {'X-Api-Key': \"s3cret, }\", a: b}", "wrong: {'X-Api-Key': [redacted], a: b}"),
        ("wrong: {auth: Bearer s3cret, port: 5}", "wrong: {auth: [redacted], port: 5}"),
        ("wrong: {token: s3, cret, port: 5}", "wrong: {token: [redacted], port: 5}"),
        ("{token: s3cret, wrong: 1}", "{token: [redacted], wrong: 1}"),
        ("wrong: {token: {env: TOKEN}, key: data.Id}", "wrong: {token: {env: TOKEN}, key: data.Id}"),
    ],
)
def test_a_value_that_is_named_like_a_secret_is_not_shown(line, shown) -> None:
    *_, source, pointer = _shown(line, line.index("wrong") + 1)
    assert source == f"1 | {shown}"
    assert pointer.index("^") == source.index("wrong")


def _pointed(written: tuple[str, ...]) -> list[str]:
    import click

    shown = pointed(Place("a.yaml", 2, 3), "it is 5", ["help: write 6"], source=lambda file: written)
    return [click.unstyle(line) for line in shown]


def test_a_place_that_is_no_problem_is_shown_with_what_is_said_of_it() -> None:
    assert _pointed(("x", "  number: 5")) == [
        " --> a.yaml:2:3",
        "  |",
        "2 |   number: 5",
        "  |   ^^^^^^ it is 5",
        "  = help: write 6",
    ]


def test_what_is_said_of_a_place_is_told_without_its_line_as_well() -> None:
    assert _pointed(()) == [" --> a.yaml:2:3", "  = it is 5", "  = help: write 6"]


def test_a_fault_far_into_a_line_is_found_without_reading_all_of_it() -> None:
    line = "[" + "{id: one, token: s3cret}, " * 20_000 + "{fault: x, a: b}]"
    *_, source, pointer = _shown(line, line.index("fault") + 1)
    assert pointer.index("^") == source.index("fault")
    assert pointer.count("^") == len("fault")
    assert "s3cret" not in source
