"""Runs as readers see them: rows that filters choose, and the trace of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.delivery import Status
from hookwright.engine.history.history import History
from hookwright.engine.history.run_view import RunFilter
from hookwright.engine.identifiers import run_id
from hookwright.engine.instant import milliseconds
from hookwright.engine.journal.runs import Began, PlannedRun, RunLine, StepLine
from hookwright.engine.journal.writer import Entry, Writer

DUE = "2026-11-23T12:00:00.000Z"
LATER = "2026-11-23T12:00:01.500Z"


@pytest.fixture
def runs(node: Any) -> Iterator[Writer]:
    with closing(Writer(node.history, "runs", clock=node.clock)) as writer:
        yield writer


def planned(event: str, automation: str = "welcome") -> PlannedRun:
    return PlannedRun(id=run_id(automation, "/src", event), entity_id=automation, due=DUE, place="a.yaml:3")


def told(kit: Any, event: str, status: str, **fields: Any) -> Entry:
    began = Began(source="/src", id=event, type="Lead_Post_Create")
    line = RunLine(
        run=run_id("welcome", "/src", event),
        entity_id="welcome",
        status=Status(status),
        revision=kit.REVISION,
        trigger=began,
        due=DUE,
        **fields,
    )
    return Entry("run", line)


def step(event: str, path: str, state: str, at: str = DUE, **fields: Any) -> Entry:
    run = run_id("welcome", "/src", event)
    return Entry("step", StepLine(run=run, path=path, state=state, step_at=at, **fields))


@pytest.fixture
def three(node: Any, kit: Any, runs: Writer) -> History:
    """One run that ended, one that goes on, one of another automation that nobody began."""
    node.accept("e1", runs=(planned("e1"),))
    node.accept("e2", runs=(planned("e2"),))
    node.accept("e3", runs=(planned("e3", "other"),))
    with closing(Book(node.state, kit.NODE)) as book:
        lines = [
            told(kit, "e1", "In Queue", begun=True, key='"7"'),
            step("e1", "steps/hello", "started", delivery="dlv_" + "a" * 26, place="a.yaml:5"),
            step("e1", "steps/hello", "ended", LATER, place="a.yaml:5", delivery="dlv_" + "a" * 26),
            told(kit, "e1", "Success", key='"7"'),
            told(kit, "e2", "In Queue", begun=True),
            step("e2", "steps/1", "waiting", until=LATER),
            step("e2", "steps/2", "failed", LATER, error=("expression", "no field data.Nothing")),
        ]
        runs.append_many(lines).result(10)
        book.follow()
    return History(node.state)


def ids(rows: Any) -> list[str]:
    return [row.event_id for row in rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), ["e3", "e2", "e1"]),
        (RunFilter(status=Status.SUCCESS), ["e1"]),
        (RunFilter(open=True), ["e3", "e2"]),
        (RunFilter(automation="other"), ["e3"]),
        (RunFilter(event_id="e2"), ["e2"]),
        (RunFilter(event_type="Lead_*"), ["e3", "e2", "e1"]),
        (RunFilter(event_type="Task_*"), []),
        (RunFilter(until=milliseconds("2020-01-01T00:00:00Z")), []),
        (RunFilter(since=milliseconds("2020-01-01T00:00:00Z")), ["e3", "e2", "e1"]),
    ],
)
def test_filters_choose_runs_newest_first(three: History, wanted: RunFilter, found: list[str]) -> None:
    with three:
        assert ids(three.runs.list(wanted)) == found


def test_pages_follow_each_other(three: History) -> None:
    with three:
        first = three.runs.list(RunFilter(), 2)
        assert ids(three.runs.list(RunFilter(), 2, first[-1].id)) == ["e1"]


def test_a_row_says_how_a_run_stands(three: History) -> None:
    with three:
        waits, goes_on, ended = three.runs.list(RunFilter())
    assert (waits.status, waits.begun) == (Status.IN_QUEUE, False)
    assert (goes_on.status, goes_on.begun) == (Status.IN_QUEUE, True)
    assert (ended.status, ended.key, ended.place) == (Status.SUCCESS, '"7"', "a.yaml:3")


def test_a_trace_has_each_step_with_its_times(three: History) -> None:
    with three:
        trace = three.runs.show(run_id("welcome", "/src", "e1"))
    assert trace is not None
    (hello,) = trace.steps
    assert (hello.path, hello.state, hello.began, hello.ended) == ("steps/hello", "ended", DUE, LATER)
    assert (hello.took, hello.place, hello.delivery) == (1500, "a.yaml:5", "dlv_" + "a" * 26)
    assert bytes(trace.data).startswith(b"{")


def test_a_trace_tells_what_waits_and_what_failed(three: History) -> None:
    with three:
        trace = three.runs.show(run_id("welcome", "/src", "e2"))
    assert trace is not None
    waiting, failed = trace.steps
    assert (waiting.state, waiting.until, waiting.ended, waiting.took) == ("waiting", LATER, None, None)
    assert failed.error == ("expression", "no field data.Nothing")


def test_what_is_not_there_has_no_trace(three: History) -> None:
    with three:
        assert three.runs.show("run_" + "z" * 26) is None
        assert three.runs.find("run_", 10)
        assert not three.runs.find("run_zzzzzzzzzz", 10)
