"""Replays of many: what they select, at what rate, and that each delivery is replayed once whatever dies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.engine.errors import JournalError
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.job_records import JobRecords
from hookwright.engine.intake import jobs as module
from hookwright.engine.intake.jobs import MOST, JobEnded, Jobs, TooManyJobs
from hookwright.engine.journal.job import Job
from hookwright.engine.journal.outcome import entries
from hookwright.engine.state import State
from hookwright.interfaces.filters import read_parameters

from .desk import Desk

ALL = {"eventType": "Lead_*"}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Office:
    """The jobs of a desk, worked off by hand."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.clock = Clock()
        self.jobs = self.restarted()

    def restarted(self) -> Jobs:
        """The jobs of a new process on the same folder."""
        self.desk.replays = self.desk.restarted()
        self.jobs = Jobs(
            folder=self.desk.node.history,
            history=self.desk.history,
            records=JobRecords(State(self.desk.node.state).index),
            replays=self.desk.replays,
            record=self.desk.record,
            read=lambda words: read_parameters(words, 0),
            clock=self.desk.node.clock,
            monotonic=self.clock,
        )
        return self.jobs

    def ask(self, words: Any = ALL, rate: str = "100/s") -> Job:
        return self.jobs.ask(words, "ada", "mended", rate)

    def work(self, turns: int = 1000) -> None:
        """Take turns, with the time passing as asked for, until no job runs."""
        for _ in range(turns):
            left = self.jobs.turn()
            if left is None:
                return
            self.clock.now += left

    def replayed(self) -> list[str]:
        return [line["of"] for line in self.desk.node.lines("replay")]


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


def ended(desk: Desk, number: int) -> list[Any]:
    """So many deliveries that have ended, in the order of their places."""
    found = []
    for each in range(number):
        desk.node.now += 1
        (delivery,) = desk.node.accept(f"e{each}")
        found.append(delivery)
    for delivery in found[:-1]:
        desk.book.append_many(_settled(desk, delivery)).result(10)
    desk.settle(found[-1])
    return found


def _settled(desk: Desk, delivery: Any) -> Any:
    return entries(desk.kit.result(delivery), 0)


def test_all_that_fit_and_had_ended_are_replayed_once_with_who_asked_and_why(office: Office) -> None:
    deliveries = ended(office.desk, 3)
    office.desk.node.accept("open")
    catch_up(office.desk.node.state)
    job = office.ask()
    assert (job.count, job.skipped, job.state) == (4, {"notEnded": 1}, "running")
    office.work()
    assert office.replayed() == [each.id for each in deliveries]
    lines = office.desk.node.lines("replay")
    assert {(line["by"], line["why"], line["job"]) for line in lines} == {("ada", "mended", job.id)}
    found = office.jobs.get(job.id)
    assert found is not None
    assert (found.state, found.done, found.skipped) == ("done", 3, {"notEnded": 1})


def test_what_ends_after_it_was_asked_for_is_not_replayed_and_neither_are_its_own_replays(
    office: Office,
) -> None:
    (first, second) = ended(office.desk, 2)
    (late,) = office.desk.node.accept("late")
    catch_up(office.desk.node.state)
    office.ask()
    office.desk.node.now += 1
    office.desk.settle(late)
    office.jobs.turn()
    catch_up(office.desk.node.state)
    office.work()
    assert office.replayed() == [first.id, second.id]


def test_what_cannot_be_replayed_is_counted_with_its_cause_and_the_rest_goes_on(office: Office) -> None:
    desk = office.desk
    ended(desk, 1)
    for name in ("gone", "also-gone"):
        (delivery,) = desk.node.accept(name, name)
        desk.settle(delivery)
    job = office.ask()
    office.work()
    found = office.jobs.get(job.id)
    assert found is not None
    assert (found.count, found.done, found.skipped) == (3, 1, {"notConfigured": 2})


def test_no_more_are_replayed_than_the_rate_says(office: Office) -> None:
    ended(office.desk, 8)
    office.ask(rate="2/s")
    seen = []
    for _ in range(40):
        while office.jobs.turn() == 0:
            pass
        seen.append(len(office.replayed()))
        office.clock.now += 0.1
    # at 0 s, 0.5 s, 1 s, …
    assert all(number <= 1 + tenth // 5 for tenth, number in enumerate(seen))
    assert seen[-1] == 8


def test_what_was_held_up_is_not_made_up_for_in_a_burst(office: Office) -> None:
    ended(office.desk, 8)
    office.ask(rate="1/s")
    while office.jobs.turn() == 0:
        pass
    office.clock.now += 3600
    while office.jobs.turn() == 0:
        pass
    assert len(office.replayed()) <= 3


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("turns", [1, 2, 4, 7])
def test_a_job_goes_on_where_it_was_when_its_process_dies(
    office: Office, monkeypatch: pytest.MonkeyPatch, turns: int, indexed: bool
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    deliveries = ended(office.desk, 7)
    job = office.ask()
    office.work(turns)
    if indexed:
        catch_up(office.desk.node.state)
    office.restarted()
    office.work()
    assert office.replayed() == [each.id for each in deliveries]
    found = office.jobs.get(job.id)
    assert found is not None
    assert (found.state, found.done) == ("done", 7)


def test_a_new_index_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    deliveries = ended(office.desk, 5)
    office.ask()
    office.work(4)
    (office.desk.node.state / "index.sqlite").unlink()
    assert office.jobs.turn() is not None
    catch_up(office.desk.node.state)
    office.restarted()
    office.work()
    assert office.replayed() == [each.id for each in deliveries]


def test_a_cancelled_job_replays_nothing_more_also_after_a_restart(office: Office) -> None:
    ended(office.desk, 5)
    job = office.ask()
    office.work(3)
    cancelled = office.jobs.cancel(job.id, "grace")
    assert cancelled is not None
    assert (cancelled.state, cancelled.stopped_by) == ("cancelled", "grace")
    before = office.replayed()
    assert 0 < len(before) < 5
    office.work()
    catch_up(office.desk.node.state)
    office.restarted()
    office.work()
    assert office.replayed() == before
    assert office.jobs.get(job.id) == cancelled == office.jobs.cancel(job.id, "grace")


def test_what_is_done_cannot_be_cancelled_and_what_never_was_is_none(office: Office) -> None:
    ended(office.desk, 1)
    job = office.ask()
    office.work()
    with pytest.raises(JobEnded):
        office.jobs.cancel(job.id, "ada")
    assert office.jobs.cancel("rpl_" + "a" * 26, "ada") is None


def test_only_so_many_run_at_once_and_the_last_ones_are_listed(office: Office) -> None:
    ended(office.desk, 1)
    asked = []
    for _ in range(MOST):
        office.desk.node.now += 1
        asked.append(office.ask().id)
    with pytest.raises(TooManyJobs):
        office.ask()
    assert [job.id for job in office.jobs.last()] == asked[::-1]
    office.work()
    assert len(office.replayed()) == MOST, "each job replays it once"
    office.ask()


def test_a_job_whose_line_could_not_be_written_does_not_run(office: Office) -> None:
    ended(office.desk, 1)
    written: list[Any] = []

    def written_but_not_synced(lines: Any) -> None:
        office.desk.node.intake.append_many(lines).result(10)
        written.extend(lines)
        raise JournalError("fsync failed")

    office.jobs._record = written_but_not_synced
    with pytest.raises(JournalError):
        office.ask()
    office.jobs._record = office.desk.record
    office.work()
    assert office.replayed() == []
    assert [line["state"] for line in office.desk.node.lines("replays")] == ["running", "cancelled"]


def test_an_index_being_built_cannot_tell(office: Office) -> None:
    with pytest.raises(HistoryUnavailable):
        office.ask()
    assert office.jobs.busy


@settings(max_examples=8, deadline=None)
@given(
    steps=st.lists(st.sampled_from(["turn", "turns", "fail", "half", "restart", "index"]), max_size=16),
)
def test_whatever_happens_in_between_each_is_replayed_once(
    kit: Any, tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    node = kit.Node(tmp_path_factory.mktemp("node") / "state", fsync=lambda _: None)
    desk = Desk(node, kit)
    page, module.PAGE = module.PAGE, 2
    try:
        office = Office(desk)
        deliveries = ended(desk, 5)
        job = office.ask()
        for step in steps:
            _take(office, step)
        desk.failure = None
        office.work()
        assert office.replayed() == [each.id for each in deliveries]
        found = office.jobs.get(job.id)
        assert found is not None
        assert (found.state, found.done, found.skipped) == ("done", 5, {})
    finally:
        module.PAGE = page
        desk.close()
        node.intake.close()


def _take(office: Office, step: str) -> None:
    desk = office.desk
    if step == "restart":
        office.restarted()
    elif step == "index":
        catch_up(desk.node.state)
    elif step in {"fail", "half"}:
        _fail_once(desk, half=step == "half", turn=lambda: office.work(2))
    else:
        office.work(1 if step == "turn" else 3)


def _fail_once(desk: Desk, *, half: bool, turn: Callable[[], None]) -> None:
    """The disk refuses what is written; `half`: after it was written all the same."""
    whole = desk.node.intake.append_many

    def failing(lines: Any) -> Any:
        if half:
            whole(lines).result(10)
        raise JournalError("the disk is full")

    desk.node.intake.append_many = failing
    try:
        with suppress(JournalError):
            turn()
    finally:
        desk.node.intake.append_many = whole
