"""`hookwright runs`: rows and traces, as text, as JSON and as exit codes."""

from __future__ import annotations

import json

import pytest

from ..conftest import RUN, write_runs


@pytest.fixture(autouse=True)
def state(tmp_path):
    return write_runs(tmp_path / ".hookwright")


def test_runs_are_listed_in_columns(inside) -> None:
    ran = inside("runs", "list")
    heads, newest, oldest = ran.out.splitlines()
    assert heads.split() == ["BEGAN", "RUN", "STATUS", "AUTOMATION", "EVENT", "KEY", "REASON"]
    assert "In Queue" in newest
    assert newest.endswith("waits")
    assert RUN in oldest
    assert "Success" in oldest


def test_programs_read_rows_and_pages(inside) -> None:
    first = json.loads(inside("runs", "list", "-n", "1", "-o", "json").out)
    second = json.loads(inside("runs", "list", "--before", first["next"], "-o", "json").out)
    assert [each["id"] for each in second["runs"]] == [RUN]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("flags", "count"), [(["--open"], 1), (["--status", "failure"], 0), (["--automation", "welcome"], 2)]
)
def test_filters_choose(inside, flags, count) -> None:
    assert len(inside("runs", "list", "-o", "ndjson", *flags).out.splitlines()) == count


def test_a_wrong_filter_is_a_usage_error(inside) -> None:
    ran = inside("runs", "list", "--status", "done")
    assert ran.code == 4
    assert "--status" in ran.err


def test_the_trace_shows_each_step(inside) -> None:
    ran = inside("runs", "show", RUN[:12])
    assert ran.code == 0
    assert RUN in ran.out
    assert "steps/0  ended after 2h  a.yaml:5" in ran.out
    assert '{"timed_out":false}' in ran.out


def test_the_trace_as_json_has_all_of_it(inside) -> None:
    document = json.loads(inside("runs", "show", RUN, "-o", "json").out)
    assert document["run"]["id"] == RUN
    assert document["steps"][0]["output"] == {"timed_out": False}
    assert document["data"] == {"n": 0}


@pytest.mark.parametrize("name", ["run_zzzz", "nothing", "rün"])
def test_what_is_not_there_is_told(inside, name) -> None:
    ran = inside("runs", "show", name)
    assert ran.code == 5
    assert "no run" in ran.err


def test_a_beginning_that_several_have_is_refused(inside) -> None:
    ran = inside("runs", "show", "run_")
    assert ran.code == 5
    assert "begins several ids" in ran.err
