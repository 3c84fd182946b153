from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.document import Document, Limits, parse, read
from hookwright.schemas.problem import Place

CASES = Path(__file__).parent / "cases"
SOURCES = [path.read_bytes() for path in sorted(CASES.glob("*/*.yaml")) if path.stat().st_size < 5_000]


def value(text, **limits):
    reading = parse(text.encode(), name="f.yaml", limits=Limits(**limits))
    assert reading.problems == ()
    return reading.document.value


def codes(text, **limits):
    reading = parse(text.encode(), name="f.yaml", limits=Limits(**limits))
    return [problem.code for problem in reading.problems]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"), ("NO", "NO"), ("y", "y"), ("010", "010"), ("08", "08"), ("0o10", "0o10"),
        ("0x1F", "0x1F"), ("1_000", "1_000"), ("1:30", "1:30"), ("52:54:00:12:34:56", "52:54:00:12:34:56"),
        ("=", "="),
        ("2026-11-23", "2026-11-23"), ("2026-13-45", "2026-13-45"), ("1.2.3", "1.2.3"), ("none", "none"),
        ("1e3", 1000.0), ("1.0e3", 1000.0), ("-.5", -0.5), ("5.", 5.0), ("1.10", 1.1), ("-0", 0), ("+7", 7),
        ("true", True), ("False", False), ("tRUE", "tRUE"), ("~", None), ("", None), ("Null", None),
        ("'5'", "5"), ('"true"', "true"), ("!!str 5", "5"), ("00.5", "00.5"), ("٣", "٣"), ("-", "-"),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(written, meant):
    found = value(
        f"[{written}]" if written and written != "-" else f"- {written}" if not written else "- '-'"
    )[0]
    assert found == meant
    assert type(found) is type(meant)


def test_integers_are_exact_up_to_a_thousand_digits():
    assert value("a: " + "9" * 1000)["a"] == int("9" * 1000)
    assert codes("a: " + "9" * 1001) == ["HW009"]
    assert codes("a: -" + "9" * 5000) == ["HW009"]


def test_the_place_of_a_value_of_its_key_and_of_what_is_absent():
    document = parse(
        b"version: 1\nwebhooks:\n  - id: a\n    url: x\n  - [b, {c: d}]\n", name="f.yaml"
    ).document
    assert document.place(["webhooks", 0, "url"]) == Place("f.yaml", 4, 10)
    assert document.place(["webhooks", 0, "url"], key=True) == Place("f.yaml", 4, 5)
    assert document.place(["webhooks", 1, 1, "c"]) == Place("f.yaml", 5, 13)
    assert document.place([]) == Place("f.yaml", 1, 1)
    assert document.place(["webhooks", 0, "none", "x"], key=True) == Place("f.yaml", 3, 5)
    assert document.place(["webhooks", 9]) == Place("f.yaml", 3, 3)
    assert document.place(["webhooks", "id"]) == Place("f.yaml", 3, 3)
    assert document.place(["version", 0], key=True) == Place("f.yaml", 1, 10)
    assert document.place(["webhooks", 1, 0], key=True) == Place("f.yaml", 5, 6)


def test_columns_count_characters_and_not_bytes():
    document = parse("{ä: 名, b: c}".encode(), name="f.yaml").document
    assert document.place(["b"]) == Place("f.yaml", 1, 11)


def test_a_value_behind_an_alias_stands_where_it_was_written():
    document = parse(b"a: &x {k: 1}\nb: *x\n", name="f.yaml").document
    assert document.value == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.place(["b", "k"]) == Place("f.yaml", 1, 11)
    assert document.place(["b"], key=True) == Place("f.yaml", 2, 1)


def test_a_duplicate_key_names_both_positions_and_reading_goes_on():
    reading = parse(b"a: 1\nb: {c: 1, c: [2]}\na: 3\nd: .nan\n", name="f.yaml")
    assert reading.document.value == {"a": 1, "b": {"c": 1}, "d": None}
    problems = reading.problems
    assert [(p.code, p.place.line, p.place.column) for p in problems] == [
        ("HW005", 2, 11), ("HW005", 3, 1), ("HW009", 4, 4),
    ]  # fmt: skip
    assert [str(p.related[0]) for p in problems[:2]] == [
        "first one here: f.yaml:2:5", "first one here: f.yaml:1:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["<<: {a: 1}", "a: *b", "a: &b [*b]", "a: &b 1\nc: &b 2", "[[", "a: 1\n---\nb"]
)
def test_what_the_rest_depends_on_leaves_no_document(text):
    assert parse(text.encode(), name="f.yaml").document is None


def test_limits_are_inclusive():
    assert value("[[1]]", depth=2) == [[1]]
    assert codes("[[[1]]]", depth=2) == ["HW011"]
    assert value("[1, 2]", nodes=3) == [1, 2]
    assert codes("[1, 2, 3]", nodes=3) == ["HW011"]
    assert value("a: b", size=4) == {"a": "b"}
    assert codes("a: bc", size=4) == ["HW011"]
    assert value("[&a 1, *a, *a]", aliases=2) == [1, 1, 1]
    assert codes("[&a 1, *a, *a, *a]", aliases=2) == ["HW011"]


def test_values_and_levels_behind_aliases_count_each_time():
    text = "[&a [1, 2], *a, *a]"
    assert value(text, nodes=10) == [[1, 2]] * 3
    assert codes(text, nodes=9) == ["HW011"]
    deep = "[&a [[1]], [[*a]]]"
    assert value(deep, depth=5) == [[[1]], [[[[1]]]]]
    assert codes(deep, depth=4) == ["HW011"]
    assert codes("[&a [1], &b [*a], &c [*b], [*c]]", depth=4) == ["HW011"]


def test_a_file_is_read_with_its_mark_and_under_the_name_given(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: [1]\n")
    reading = read(path, name="crm/a.yaml")
    assert isinstance(reading.document, Document)
    assert (reading.document.file, reading.document.value) == ("crm/a.yaml", {"a": [1]})
    assert reading.document.place(["a"]) == Place("crm/a.yaml", 1, 4)


def test_what_is_no_readable_file_is_a_problem_and_never_waits(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    paths = [pipe, tmp_path, tmp_path / "none", loop, Path("/dev/zero"), tmp_path / ("x" * 300), Path("a\0b")]
    for path in paths:
        reading = read(path, name="f.yaml")
        assert reading.document is None
        assert [problem.code for problem in reading.problems] == ["HW110"]
        assert reading.problems[0].place == Place("f.yaml")


def test_a_file_nobody_may_read_is_a_problem(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    reading = read(path, name="f.yaml")
    if os.geteuid() == 0:  # root reads everything
        assert stat.S_IMODE(path.stat().st_mode) == 0
        assert reading.document is not None
    else:
        assert str(reading.problems[0]) == "f.yaml: HW110 error: cannot be read: Permission denied"


def test_a_file_that_is_too_long_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert [problem.code for problem in read(path, name="f.yaml").problems] == ["HW011"]


@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_document_or_a_problem(raw):
    sound(parse(raw, name="f.yaml"))


@given(
    st.lists(
        st.sampled_from([*"[]{}:,-&*!|>'\"%@`#?~<=\n\t ab0.\r\x85\u2028", ": ", "- ", "<<", "&a ", "*a"]),
        max_size=60,
    )
)
def test_any_soup_of_yaml_marks_ends_in_a_document_or_a_problem(parts):
    sound(parse("".join(parts).encode(), name="f.yaml"))


@given(st.sampled_from(SOURCES), st.data())
def test_any_damaged_file_ends_in_a_document_or_a_problem(source, data):
    at = data.draw(st.integers(0, len(source)))
    length = data.draw(st.integers(0, 8))
    put = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"*", b": ", b"{{", b"\t", b"&a ", b"<<: ", b"\n---\n"])
    )
    sound(parse(source[:at] + put + source[at + length :], name="f.yaml"))


def sound(reading):
    """A JSON value, or problems that stand somewhere; never neither."""
    assert all(problem.code.startswith("HW0") and str(problem) for problem in reading.problems)
    if reading.document is None:
        assert reading.problems
    else:
        json.dumps(reading.document.value, allow_nan=False)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_json_is_read_as_itself(wanted):
    text = json.dumps(wanted, ensure_ascii=False)
    reading = parse(text.encode(), name="f.yaml")
    assert reading.problems == ()
    assert reading.document.value == wanted


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
@pytest.mark.parametrize("fault", [b"\xff", b"\x01"])
def test_positions_count_every_line_break_of_yaml(line_break, fault):
    raw = f"a: 1{line_break}b: ".encode() + fault
    (problem,) = parse(raw, name="f.yaml").problems
    assert (problem.place.line, problem.place.column) == (2, 4)
