"""Notifiers in threads of their own: each job is answered once, and one that hangs harms nobody else."""

from __future__ import annotations

import threading
import time

import pytest

from hookwright.engine.call.prepare import Refusal
from hookwright.engine.worker.notifying import Notifying, Told


class Answers(list):
    """What came of the jobs, and a way to wait for it."""

    def __init__(self):
        super().__init__()
        self._came = threading.Condition()

    def __call__(self, outcome):
        with self._came:
            self.append(outcome)
            self._came.notify_all()

    def wait(self, count, seconds=10):
        with self._came:
            assert self._came.wait_for(lambda: len(self) >= count, seconds), f"{len(self)} of {count} came"
        return list(self)


@pytest.fixture
def notifying():
    """`notifying(deadline=...)` makes one; it is closed at the end."""
    made = []

    def make(**options):
        made.append(Notifying(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def gate():
    """An event that hanging jobs wait for; set at the end."""
    event = threading.Event()
    yield event
    event.set()


def hanging(gate):
    def work():
        gate.wait(30)
        return Told()

    return work


def test_what_came_of_a_job_is_told_once(notifying):
    answers = Answers()
    notifying().submit("admins", Told, answers)
    assert answers.wait(1) == [Told()]


def test_jobs_of_one_notifier_run_side_by_side(notifying):
    both = threading.Barrier(2)
    answers = Answers()
    running = notifying()
    for _ in range(2):
        running.submit("admins", lambda: Told() if both.wait(10) >= 0 else None, answers)
    assert answers.wait(2) == [Told(), Told()]


def test_a_job_that_hangs_is_answered_at_its_deadline_and_never_again(notifying, gate):
    answers = Answers()
    running = notifying(deadline=0.1)
    before = time.monotonic()
    running.submit("admins", hanging(gate), answers)
    assert answers.wait(1) == [Refusal("retry", "timeout", "the notifier took over 0.1 s")]
    assert 0.1 <= time.monotonic() - before < 5
    gate.set()
    running.submit("admins", Told, answers)  # by now the abandoned one may have come back, too
    assert answers.wait(2)[1:] == [Told()]


def test_a_notifier_that_hangs_harms_no_other(notifying, gate):
    hung, fine = Answers(), Answers()
    running = notifying(alive=3)
    for _ in range(4):
        running.submit("admins", hanging(gate), hung)
    running.submit("sales", Told, fine)
    assert fine.wait(1) == [Told()]
    assert hung == [Refusal("retry", "timeout", "3 earlier notices still hang in this notifier")]


def test_abandoned_threads_are_bounded_and_make_room_when_they_come_back(notifying, gate):
    answers = Answers()
    running = notifying(deadline=0.05, alive=2)
    for _ in range(2):
        running.submit("admins", hanging(gate), answers)
    answers.wait(2)
    running.submit("admins", Told, answers)
    assert answers.wait(3)[2].reason == "2 earlier notices still hang in this notifier"
    gate.set()
    deadline = time.monotonic() + 10
    while answers[-1] != Told():
        assert time.monotonic() < deadline
        running.submit("admins", Told, answers)
        answers.wait(len(answers))
        threading.Event().wait(0.01)


def test_a_bug_in_a_job_is_an_answer_that_shows_nothing(notifying):
    def work():
        raise KeyError("s3cret")

    answers = Answers()
    notifying().submit("admins", work, answers)
    assert answers.wait(1) == [Refusal("retry", "poison", "telling it broke down (KeyError)")]


def test_closing_answers_what_runs_and_refuses_what_comes(notifying, gate):
    answers = Answers()
    running = notifying()
    running.submit("admins", hanging(gate), answers)
    running.close()
    running.submit("admins", Told, answers)
    assert answers.wait(2) == [Refusal("retry", "timeout", "the worker stopped")] * 2
