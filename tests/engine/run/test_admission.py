"""Admission: every mode and every overflow, and what is recorded of each."""

import pytest

from hookwright.engine.run.admission import Standing, admit, key_of, next_in_line
from hookwright.engine.run.trigger import Trigger
from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression import Expression
from hookwright.rules.steps import Automation

GOING = Standing(id="run_a", begun=True)
WAITING = Standing(id="run_b", begun=False)
LAST = Standing(id="run_c", begun=False)


@pytest.mark.parametrize("mode", ["single", "restart", "queued", "parallel"])
def test_the_first_run_of_a_key_starts_in_every_mode(mode):
    found = admit(Automation((), mode=mode), (), "run_n")
    assert (found.verdict, found.reason, found.cancelled) == ("start", "", ())


def test_a_single_run_is_left_alone():
    found = admit(Automation(()), (GOING,), "run_n")
    assert (found.verdict, found.reason) == ("drop", "run_a with this key is going on: mode single")


def test_a_restart_takes_the_place_of_all_others():
    found = admit(Automation((), mode="restart"), (GOING,), "run_n")
    assert (found.verdict, found.cancelled) == ("start", ("run_a",))
    assert found.cancel_reason == "superseded by run_n: mode restart"


def test_queued_runs_wait_for_their_turn():
    automation = Automation((), mode="queued")
    found = admit(automation, (GOING, WAITING), "run_n")
    assert (found.verdict, found.reason) == (
        "wait",
        "waits for its turn behind 2 open runs: mode queued",
    )
    assert next_in_line(automation, (GOING, WAITING, LAST)) == ()
    assert next_in_line(automation, (WAITING, LAST)) == ("run_b",)


def test_parallel_runs_go_beside_each_other_up_to_max():
    automation = Automation((), mode="parallel", most=2)
    assert admit(automation, (GOING,), "run_n").verdict == "start"
    found = admit(automation, (GOING, GOING), "run_n")
    assert (found.verdict, found.reason) == (
        "drop",
        "2 open runs with this key, max is 2: on_overflow drop_new",
    )
    assert next_in_line(automation, (GOING, WAITING, LAST)) == ("run_b", "run_c")


def test_an_event_beyond_max_can_be_a_failure():
    automation = Automation((), mode="queued", most=1, on_overflow="fail")
    found = admit(automation, (GOING,), "run_n")
    assert (found.verdict, found.reason) == (
        "fail",
        "1 open run with this key, max is 1: on_overflow fail",
    )


def test_the_oldest_that_waits_makes_way_before_one_that_has_begun():
    automation = Automation((), mode="queued", most=3, on_overflow="drop_oldest")
    found = admit(automation, (GOING, WAITING, LAST), "run_n")
    assert (found.verdict, found.cancelled) == ("wait", ("run_b",))
    assert found.cancel_reason == "makes way for run_n: max is 3, on_overflow drop_oldest"


def test_where_none_waits_the_one_that_has_begun_makes_way():
    automation = Automation((), mode="queued", most=1, on_overflow="drop_oldest")
    found = admit(automation, (GOING,), "run_n")
    assert (found.verdict, found.cancelled) == ("start", ("run_a",))


def test_a_smaller_max_makes_room_for_all_it_takes():
    automation = Automation((), mode="parallel", most=1, on_overflow="drop_oldest")
    found = admit(automation, (GOING, Standing(id="run_d", begun=True)), "run_n")
    assert (found.verdict, found.cancelled) == ("start", ("run_a", "run_d"))


def test_a_key_is_computed_from_the_event_that_begins_the_run():
    trigger = Trigger(id="e1", source="/crm", type="Lead", at=0, raw=b'{"ProspectID": 7.0}')
    automation = Automation((), key=Expression.parse("data.ProspectID"))
    assert key_of(automation, trigger) == "7"
    assert key_of(Automation(()), trigger) == ""


def test_a_key_without_a_value_is_an_error_that_says_so():
    automation = Automation((), key=Expression.parse("data.ProspctID"))
    trigger = Trigger(id="e1", source="/crm", type="Lead", at=0, raw=b'{"ProspectID": 7}')
    with pytest.raises(ExpressionError, match="did you mean"):
        key_of(automation, trigger)
