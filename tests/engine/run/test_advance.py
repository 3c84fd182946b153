"""The steps of a run: what each does, what it leaves, and what becomes of it when it fails."""

import msgspec
import pytest
from tests.engine.run.world import answered, bad, begin, event

from hookwright.engine.delivery import Status
from hookwright.engine.run.advance import cancel, seen
from hookwright.engine.run.limits import MOST_ITEMS, MOST_STEPS
from hookwright.engine.run.run import End
from hookwright.rules.model import Action, Target

POST = {"id": "hello", "post": {}}
LEAD = b'{"ProspectID": "p7", "Contacts": ["a", "b", "c"]}'
SUCCESS = End(Status.SUCCESS)


def test_a_wait_ends_when_its_time_is_over():
    world = begin([{"wait": 100}, {"stop": "done"}])
    assert world.wake == 100
    assert world.record("steps/0").until == 100
    assert world.until(99).end is None
    assert world.until(120).end == End(Status.SUCCESS, "done")
    assert world.record("steps/0").at == 120


def test_waits_that_follow_each_other_add_up():
    world = begin([{"wait": 100}, {"wait": 50}])
    assert world.until(130).wake == 180
    assert world.until(180).end == SUCCESS


def test_a_call_is_ordered_once_and_its_answer_is_there_for_later_steps():
    world = begin([POST, {"set": {"code": "{{ steps.hello.response.status }}"}}, {"wait": 5}])
    assert [order.path for order in world.orders.values()] == ["steps/hello"]
    world.answer("steps/hello", response=answered('{"id": 7}'), attempts=2)
    assert world.record("steps/1").output == {"code": 200}
    result = world.record("steps/hello").output
    assert result["response"]["body"] == {"id": 7}
    assert result["response"]["headers"] == {"content-type": "application/json"}
    assert (result["status"], result["attempts"]) == ("Success", 2)


def test_a_body_that_is_no_json_stays_a_text():
    world = begin([POST]).answer("steps/hello", response=answered("7", kind="text/plain"))
    assert world.record("steps/hello").output["response"]["body"] == "7"


def test_a_call_under_way_is_in_the_orders_of_every_answer():
    world = begin([{"for_each": {"in": "data.Contacts", "as": "c", "parallel": 2, "do": [POST]}}], LEAD)
    world.until(10)
    assert [order.path for order in world.last_orders] == ["steps/hello@0", "steps/hello@1"]
    assert world.ordered == ["steps/hello@0", "steps/hello@1"]


def test_the_end_of_a_call_that_was_told_before_changes_nothing():
    world = begin([POST, {"wait": 5}]).answer("steps/hello")
    before = world.run
    world.answer("steps/hello", bad)
    assert world.run.records == before.records


def test_a_large_answer_is_kept_without_its_body():
    world = begin([POST]).answer("steps/hello", response=answered("x" * 70_000, kind="text/plain"))
    assert world.record("steps/hello").output["response"] == {
        "status": 200,
        "headers": {},
        "body": None,
        "truncated": True,
    }


def test_what_a_lapp_returns_is_its_result():
    world = begin([{"id": "score", "lapp": "score"}]).answer("steps/score", value=[1, 2])
    assert world.record("steps/score").output["result"] == [1, 2]


def test_a_lapp_may_return_null():
    world = begin([{"id": "score", "lapp": "score"}]).answer("steps/score")
    assert world.record("steps/score").output["result"] is None


def test_a_lapp_that_returns_too_much_fails():
    world = begin([{"id": "score", "lapp": "score"}]).answer("steps/score", value="x" * 70_000)
    assert world.end == End(Status.FAILURE, "steps/score: its result takes more than 64 KiB")


def test_a_call_that_failed_ends_the_run():
    world = begin([POST, {"wait": 5}]).answer("steps/hello", bad)
    assert world.end == End(Status.FAILURE, "steps/hello: answered 500")
    assert "steps/1" not in world.run.records


def test_a_run_goes_on_past_a_failed_call_that_says_so():
    steps = [POST | {"on_error": "continue"}, {"set": {"why": "{{ steps.hello.error.class }}"}}]
    world = begin(steps).answer("steps/hello", bad)
    assert world.end == SUCCESS
    assert world.record("steps/1").output == {"why": "status"}


def test_a_call_is_taken_once_more_after_the_waits_of_its_retry():
    world = begin([POST | {"on_error": "retry"}]).answer("steps/hello", bad)
    assert (world.end, world.wake) == (None, 1_000)
    world.until(1_000).answer("steps/hello", bad, nth=1)
    assert world.wake == 6_000
    world.until(6_000).answer("steps/hello", bad, nth=2)
    assert world.end == End(Status.FAILURE, "steps/hello: answered 500")


def test_a_later_round_can_go_well():
    world = begin([POST | {"on_error": "retry"}]).answer("steps/hello", bad)
    world.until(1_000).answer("steps/hello", nth=1)
    assert world.end == SUCCESS
    assert world.record("steps/hello").round == 1


def test_the_end_of_an_earlier_round_is_no_end_of_a_later_one():
    world = begin([POST | {"on_error": "retry"}]).answer("steps/hello", bad)
    world.until(1_000).answer("steps/hello", bad)
    assert world.record("steps/hello").state == "started"


def test_a_delivery_that_was_cancelled_fails_its_step():
    world = begin([POST]).answer("steps/hello", bad, status=Status.CANCELLED, error=None, reason="")
    assert world.end == End(Status.FAILURE, "steps/hello: it ended as Cancelled")
    assert world.record("steps/hello").error.kind == "cancelled"


def test_several_are_told_and_all_must_have_been():
    world = begin([{"id": "tell", "notify": ["sales", "ops"], "on_error": "continue"}, {"wait": 5}])
    assert world.ordered == ["steps/tell/notify/sales", "steps/tell/notify/ops"]
    world.answer("steps/tell/notify/sales", bad)
    assert world.record("steps/tell").state == "started"
    world.answer("steps/tell/notify/ops")
    told = world.record("steps/tell")
    assert (told.state, told.error.reason) == ("failed", "answered 500")
    assert {name: one["status"] for name, one in told.output["told"].items()} == {
        "sales": "Failure",
        "ops": "Success",
    }
    assert world.record("steps/1").state == "waiting"


@pytest.mark.parametrize(
    ("lead", "stopped"),
    [(b'{"a": 1}', "one"), (b'{"a": 2}', "two"), (b'{"a": 3}', "else")],
)
def test_the_first_branch_that_is_true_is_taken(lead, stopped):
    steps = [
        {"choose": [{"when": f"data.a == {n}", "do": [{"stop": s}]} for n, s in [(1, "one"), (2, "two")]]},
        {"if": "data.a == 4", "then": [{"stop": "four"}], "else": [{"stop": "else"}]},
    ]
    assert begin(steps, lead).end == End(Status.SUCCESS, stopped)


def test_a_condition_that_is_no_yes_or_no_fails_its_step_with_its_line():
    world = begin([{"wait": 1}, {"if": "data.Score", "then": [{"wait": 1}]}], b'{"Score": 7}').until(1)
    assert world.end == End(Status.FAILURE, "steps/1: it must be true or false, not a number, 7")
    assert world.record("steps/1").error.kind == "expression"
    assert world.record("steps/1").place == "a.yaml:2"


def test_a_field_that_is_missing_fails_its_step():
    world = begin([{"set": {"x": "{{ data.ProspctID }}"}}], LEAD)
    assert world.end.reason.startswith("steps/0: ")
    assert "ProspectID" in world.end.reason
    assert world.record("steps/0").error.kind == "template"


def test_a_failing_branch_can_be_passed_by_its_choice():
    inner = [POST]
    world = begin([{"if": True, "then": inner, "on_error": "continue"}, {"wait": 5}])
    world.answer("steps/hello", bad)
    assert world.wake == 5


def test_variables_have_the_values_the_automation_gives_them_then_those_that_are_set():
    steps = [{"wait": 1}, {"set": {"b": "{{ vars.a ~ '!' }}"}}, POST]
    world = begin(steps, LEAD, values={"a": "{{ data.ProspectID }}", "b": 0}).until(1)
    assert world.record("vars").output == {"a": "p7", "b": 0}
    assert world.scope("steps/hello")["vars"] == {"a": "p7", "b": "p7!"}


def test_variables_without_a_value_fail_the_run_before_its_first_step():
    world = begin([POST], LEAD, values={"a": "{{ data.Nothing }}"})
    assert world.end.status is Status.FAILURE
    assert world.end.reason.startswith("vars: ")
    assert not world.orders


def test_a_wait_for_takes_the_first_event_that_fits():
    steps = [
        {
            "id": "answered",
            "wait_for": {
                "events": ("Reply",),
                "timeout": 100,
                "match": {"Who": ["{{ data.ProspectID }}"]},
            },
        },
        {"set": {"what": "{{ steps.answered.event.data.What }}", "late": "{{ steps.answered.timed_out }}"}},
    ]
    world = begin(steps, LEAD)
    assert world.record("steps/answered").input["match"] == {"Who": ["p7"]}
    world.hear(event(1, b'{"Who": "p8"}', at=5)).hear(event(2, b'{"Who": "p7", "What": "x"}', at=6))
    assert world.record("steps/1").output == {"what": "x", "late": False}


def test_a_wait_for_goes_on_without_an_event_when_its_time_is_over():
    steps = [{"id": "answered", "wait_for": {"events": ("Reply",), "timeout": 100}}]
    world = begin(steps).hear(event(1, at=5, kind="Other")).until(100)
    assert world.record("steps/answered").output == {"timed_out": True, "event": None}


def test_an_event_that_came_in_time_counts_though_it_is_told_late():
    steps = [{"id": "answered", "wait_for": {"events": ("Reply",), "timeout": 100}}]
    world = begin(steps)
    world.heard.append(event(1, at=100))
    world.until(150)
    assert world.record("steps/answered").output["timed_out"] is False


def test_an_event_that_came_too_late_is_none():
    world = begin([{"id": "answered", "wait_for": {"events": ("Reply",), "timeout": 100}}])
    assert seen(world.automation, world.run, event(1, at=101)) == ()


def test_events_since_the_start_of_the_run_count():
    world = begin(
        [{"wait": 50}, {"id": "answered", "wait_for": {"events": (), "globs": ("Re*",), "timeout": 9}}]
    )
    world.hear(event(1, at=5)).until(50)
    assert world.record("steps/answered").output["event"]["id"] == "r1"


def test_an_event_ends_one_wait_only():
    both = {"events": ("Reply",), "timeout": 100}
    world = begin([{"wait_for": both}, {"wait_for": both}])
    world.hear(event(1, at=5))
    assert world.record("steps/1").state == "waiting"
    world.hear(event(1, at=5)).hear(event(2, at=7))
    assert world.end == SUCCESS


def test_the_event_that_began_the_run_ends_no_wait():
    world = begin([{"wait_for": {"events": ("Lead_Post_Create",), "timeout": 100}}])
    assert seen(world.automation, world.run, world.run.trigger) == ()


def test_a_pattern_that_is_none_when_it_is_filled_in_fails_its_step():
    pattern = {"a": [{"cidr": "{{ data.b }}"}]}
    world = begin([{"wait_for": {"events": ("Reply",), "timeout": 9, "match": pattern}}], b'{"b": "x"}')
    assert world.end.reason.startswith("steps/0: what match is filled in to is no pattern: at a/0/cidr: ")


@pytest.mark.parametrize("written", ["{{ data.b }}", ["{{ data.b }}"], ["{{ [data.b] }}"]])
def test_no_event_can_bring_an_operator_into_a_pattern(written):
    steps = [{"wait_for": {"events": ("Reply",), "timeout": 9, "match": {"a": written}}}]
    world = begin(steps, b'{"b": {"exists": true}}')
    assert world.record("steps/0").error.kind == "template"
    assert world.end.reason.endswith("a value is an object, which would be read as an operator")


def test_an_event_too_large_to_be_kept_is_kept_without_its_data():
    world = begin([{"id": "a", "wait_for": {"events": ("Reply",), "timeout": 9}}, {"wait": 9}])
    world.hear(event(1, b'"%b"' % (b"x" * 70_000), at=5))
    output = world.record("steps/a").output
    assert (output["truncated"], output["event"]["data"]) == (True, None)


def test_the_items_of_a_loop_come_one_after_the_other():
    loop = {"for_each": {"in": "data.Contacts", "as": "who", "do": [POST]}}
    world = begin([loop, {"set": {"all": "{{ steps.hello | length }}"}}], LEAD)
    for number, who in enumerate("abc"):
        assert world.ordered[-1] == f"steps/hello@{number}"
        assert world.scope(f"steps/hello@{number}")["vars"] == {"who": who}
        world.answer(f"steps/hello@{number}")
    assert world.record("steps/0").output == {"count": 3}
    assert world.record("steps/1").output == {"all": 3}
    assert world.end == SUCCESS


def test_in_a_loop_a_step_sees_the_results_for_its_own_item_and_later_ones_the_list():
    own = {"if": "data.n == 1", "then": [{"set": {"x": "{{ steps.hello.attempts }}"}}]}
    loop = {"for_each": {"in": "[5, 6]", "as": "who", "do": [POST, own]}}
    after = {"set": {"tries": "{{ steps.hello[1].attempts }}"}}
    world = begin([loop, after], b'{"n": 1}')
    world.answer("steps/hello@0", attempts=1).answer("steps/hello@1", attempts=9)
    assert world.record("steps/0/do/1/then/0@1").output == {"x": 9}
    assert world.record("steps/1").output == {"tries": 9}


def test_loops_stand_in_loops():
    inner = {"for_each": {"in": "vars.pair", "as": "one", "do": [POST]}}
    outer = {"for_each": {"in": "[[1, 2], [3]]", "as": "pair", "parallel": 2, "do": [inner]}}
    world = begin([outer, {"set": {"n": "{{ steps.hello }}"}}])
    assert world.ordered == ["steps/hello@0.0", "steps/hello@1.0"]
    world.answer("steps/hello@1.0", attempts=3).answer("steps/hello@0.0", attempts=1)
    world.answer("steps/hello@0.1", attempts=2)
    tries = [[each["attempts"] for each in pair] for pair in world.record("steps/1").output["n"]]
    assert tries == [[1, 2], [3]]


def test_no_more_items_are_taken_at_one_time_than_told():
    world = begin([{"for_each": {"in": "data.Contacts", "as": "c", "parallel": 2, "do": [POST]}}], LEAD)
    assert len(world.orders) == 2
    world.answer("steps/hello@1")
    assert world.ordered[-1] == "steps/hello@2"


def test_what_items_set_remains_where_they_come_one_after_the_other():
    count = {"set": {"n": "{{ vars.n + vars.x }}"}}
    world = begin([{"for_each": {"in": "[1, 2, 3]", "as": "x", "do": [count]}}, POST], values={"n": 0})
    assert world.scope("steps/hello")["vars"] == {"n": 6}


def test_what_items_set_is_their_own_where_they_go_side_by_side():
    count = {"set": {"n": "{{ vars.n + vars.x }}"}}
    loop = {"for_each": {"in": "[1, 2, 3]", "as": "x", "parallel": 2, "do": [count]}}
    assert begin([loop, POST], values={"n": 0}).scope("steps/hello")["vars"] == {"n": 0}


def test_an_item_that_fails_fails_its_loop_and_no_further_one_is_taken():
    loop = {"for_each": {"in": "[1, 2, 3]", "as": "x", "do": [POST]}, "on_error": "continue"}
    world = begin([loop, {"set": {"all": "{{ steps.hello }}"}}])
    world.answer("steps/hello@0").answer("steps/hello@1", bad)
    assert world.record("steps/0").error.reason == "steps/hello@1: answered 500"
    results = world.record("steps/1").output["all"]
    assert [each and each["error"] for each in results] == [
        None,
        {"class": "status", "reason": "answered 500"},
        None,
    ]
    assert world.end == SUCCESS


def test_the_list_of_a_loop_must_be_one():
    world = begin([{"for_each": {"in": "data.ProspectID", "as": "x", "do": [POST]}}], LEAD)
    assert world.end == End(Status.FAILURE, "steps/0: it must be a list, not a text")


def test_the_list_of_a_loop_is_bounded():
    many = b"[%b]" % b",".join([b"1"] * (MOST_ITEMS + 1))
    world = begin([{"for_each": {"in": "data", "as": "x", "do": [{"stop": "x"}]}}], many)
    assert world.end.reason == "steps/0: the list has 10,001 items, a loop takes at most 10,000"


def test_the_steps_of_a_run_are_bounded_whatever_on_error_says():
    assigning = {"set": {"y": 1}, "on_error": "continue"}
    loop = {"for_each": {"in": "data", "as": "x", "do": [assigning, assigning]}, "on_error": "continue"}
    world = begin([loop, POST], b"[%b]" % b",".join([b"1"] * (MOST_STEPS // 2)))
    assert world.end == End(Status.FAILURE, "a run takes at most 10,000 steps")


def test_what_the_steps_leave_is_bounded():
    assigning = {"set": {"y": "{{ data }}"}}
    world = begin(
        [{"for_each": {"in": "[" + ",".join("1" * 70) + "]", "as": "x", "do": [assigning]}}],
        b'"%b"' % (b"x" * 65_000),
    )
    assert world.end == End(Status.FAILURE, "the steps of a run leave at most 4 MiB together")


def test_values_that_are_too_large_fail_their_step():
    world = begin([{"set": {"y": "{{ data }}"}}], b'"%b"' % (b"x" * 66_000))
    assert world.end.reason == "steps/0: the values take more than 64 KiB"


def test_a_stop_in_a_loop_ends_the_run():
    loop = {
        "for_each": {
            "in": "[1, 2]",
            "as": "x",
            "parallel": 2,
            "do": [{"if": "vars.x == 2", "then": [{"stop": "two"}], "else": [POST]}],
        }
    }
    world = begin([loop, {"wait": 1}])
    assert world.end == End(Status.SUCCESS, "two")
    assert not world.orders


def test_a_run_that_failed_does_what_it_is_told_to_do_then():
    target = Target(url="https://a.example.com")
    action = Action("automation/a/on_failure/0/post", "on_failure/0/post", target)
    world = begin([POST], on_failure=(action,)).answer("steps/hello", bad)
    assert world.ordered == ["steps/hello", "on_failure/0/post"]
    assert world.scope("on_failure/0/post")["vars"]["failure"] == {
        "step": "steps/hello",
        "line": "a.yaml:1",
        "class": "status",
        "reason": "answered 500",
    }


def test_a_run_can_be_cancelled():
    assert cancel("the automation is gone").end == End(Status.CANCELLED, "the automation is gone")


def test_the_result_of_a_lapp_is_the_body_it_was_recorded_as():
    world = begin([{"id": "score", "lapp": "score"}]).answer(
        "steps/score", response=answered('{"points": 5}')
    )
    assert world.record("steps/score").output == {"status": "Success", "attempts": 0, "result": {"points": 5}}


def test_a_result_that_was_not_recorded_whole_is_an_error():
    cut = msgspec.structs.replace(answered('"xxx'), truncated=True)
    world = begin([{"id": "score", "lapp": "score"}]).answer("steps/score", response=cut)
    assert world.end == End(Status.FAILURE, "steps/score: its result is too long to be recorded whole")
