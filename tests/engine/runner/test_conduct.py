"""The runner at its node: runs begin with events, wait, call, hear, end, and outlive any death of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.journal.runs import CancelLine
from hookwright.engine.journal.writer import Entry

from .house import NOW, World

WELCOME = """
- id: welcome
  event: Lead
  key: data.Id
  steps:
    - wait: 2h
    - id: hello
      post: {url: "https://a.example/"}
    - id: answered
      wait_for: {event: Reply, match: {Id: ["{{ data.Id }}"]}, timeout: 3d}
    - choose:
        - when: steps.answered.timed_out
          do: [{id: cold, post: {url: "https://a.example/"}}]
"""
HOUR = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    made: list[World] = []

    def make(text: str = WELCOME) -> World:
        made.append(World(tmp_path / f"state-{len(made)}", text))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_run_waits_calls_hears_and_ends(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711")
    assert one.runs() == [("e1", "In Queue", "")]
    one.go(NOW + 2 * HOUR - 1)
    assert one.lines("action") == []
    one.go(NOW + 2 * HOUR)
    line = one.action("steps/hello")
    assert [(each.id, each.endpoint, body) for each, body in one.offered] == [
        (line["id"], "automation/welcome/steps/hello", b'{"Id": "4711"}')
    ]
    one.answer("steps/hello", body='{"ok": true}')
    one.accept("r0", "Reply", Id="another")
    assert one.runs() == [("e1", "In Queue", "")]
    one.accept("r1", "Reply", Id="4711")
    assert one.runs() == [("e1", "Success", "")]
    seen = [line["seen"] for line in one.lines("step") if "seen" in line]
    assert seen == [["/crm", "r1"]]
    hello = [line for line in one.lines("step") if line["path"] == "steps/hello"][-1]
    assert hello["output"]["response"]["body"] == {"ok": True}


def test_an_event_that_came_before_the_wait_for_it_counts(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711").accept("r1", "Reply", Id="4711")
    one.go(NOW + 2 * HOUR).answer("steps/hello")
    assert one.runs() == [("e1", "Success", "")]


def test_a_wait_ends_when_its_time_is_over(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711").go(NOW + 2 * HOUR).answer("steps/hello")
    one.go(NOW + 75 * HOUR).answer("steps/cold")
    assert one.runs() == [("e1", "Success", "")]


def test_a_failure_ends_the_run_and_says_why(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711").go(NOW + 2 * HOUR).answer("steps/hello", "failure", 500)
    ((_, status, reason),) = one.runs()
    assert (status, reason) == ("Failure", "steps/hello: said no")


STORY: list[Callable[[World], object]] = [
    lambda one: one.accept("e1", Id="4711"),
    lambda one: one.accept("e2", Id="4712"),
    lambda one: one.go(NOW + 2 * HOUR),
    lambda one: one.accept("r2", "Reply", Id="4712"),
    lambda one: one.answer("steps/hello", body="1"),
    lambda one: one.accept("r1", "Reply", Id="4711"),
    lambda one: one.go(NOW + 100 * HOUR),
]


def play(one: World) -> list[Any]:
    for step in STORY:
        step(one)
    for line in one.lines("action"):
        if line["id"] not in {each["delivery"] for each in one.lines("settled")}:
            one.answer(line["step"])
    return one.trace()


@pytest.mark.fault(76)
def test_a_run_ends_the_same_wherever_the_process_is_killed(world: Any) -> None:
    whole = world()
    expected = play(whole)
    assert whole.passed > 6
    for number in range(1, whole.passed + 1):
        one = world()
        one.kill_at = number
        assert play(one) == expected
        assert len({line["id"] for line in one.lines("action")}) == len(whole.lines("action"))


def test_a_run_ends_the_same_when_the_process_starts_anew_before_everything(world: Any) -> None:
    expected = play(world())
    one = world()
    for step in STORY:
        one.restart()
        step(one)
    one.restart()
    for line in one.lines("action"):
        if line["id"] not in {each["delivery"] for each in one.lines("settled")}:
            one.answer(line["step"])
    assert one.trace() == expected


def test_what_was_not_offered_before_the_end_is_not_asked_for_anew(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711")
    one.kill_at = one.passed + 1
    one.go(NOW + 2 * HOUR)
    assert one.offered == [], "the bookkeeper offers it: it stands in the journal"
    assert len(one.lines("action")) == 1


def test_no_more_of_the_journal_is_read_than_open_runs_need(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711").go(NOW + 2 * HOUR).answer("steps/hello").accept("r1", "Reply", Id="4711")
    one.go()
    assert one.runs() == [("e1", "Success", "")]
    one.restart()
    one.go()
    one.restart()
    assert len(one.conduct) == 0
    one.accept("e2", Id="4712")
    one.go().restart()
    assert len(one.conduct) == 1


KEYED = """
- id: keyed
  event: Lead
  key: data.Id
  mode: {mode}
  {more}
  steps: [{{wait: 1h}}]
"""


@pytest.mark.parametrize(
    ("mode", "more", "expected"),
    [
        ("single", "", ["Success", "Skipped", "Success"]),
        ("restart", "", ["Cancelled", "Success", "Success"]),
        ("queued", "", ["Success", "Success", "Success"]),
        ("queued", "max: 1\n  on_overflow: fail", ["Success", "Failure", "Success"]),
        ("parallel", "", ["Success", "Success", "Success"]),
    ],
)
def test_runs_keep_to_each_other_over_restarts(world: Any, mode: str, more: str, expected: list[str]) -> None:
    one = world(KEYED.format(mode=mode, more=more))
    for identifier, key in (("e1", "a"), ("e2", "a"), ("e3", "b")):
        one.accept(identifier, Id=key)
        one.restart()
    one.go(NOW + HOUR)
    one.restart()
    one.go(NOW + 2 * HOUR)
    found = {event: status for event, status, _ in one.runs()}
    assert [found[name] for name in ("e1", "e2", "e3")] == expected


def test_what_waits_for_its_turn_begins_when_the_one_before_it_ends(world: Any) -> None:
    one = world(KEYED.format(mode="queued", more=""))
    one.accept("e1", Id="a").accept("e2", Id="a")
    assert len({line["run"] for line in one.lines("step")}) == 1
    one.go(NOW + HOUR)
    assert one.runs() == [("e1", "Success", ""), ("e2", "In Queue", "")]
    assert len({line["run"] for line in one.lines("step")}) == 2


def test_runs_of_an_automation_that_is_gone_are_cancelled_with_their_calls(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711").go(NOW + 2 * HOUR)
    one.configure("- {id: other, event: Lead, steps: [{wait: 1h}]}")
    one.go()
    assert one.runs() == [("e1", "Cancelled", "automation removed")]
    assert one.asked_to_cancel == {one.action("steps/hello")["id"]}
    one.asked_to_cancel.clear()
    one.restart()
    one.go()
    assert one.asked_to_cancel == {one.action("steps/hello")["id"]}, "until its end is booked"


def test_a_run_is_carried_out_as_it_was_when_it_began(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711")
    one.configure("- {id: welcome, event: Lead, steps: [{wait: 1s}]}")
    one.restart()
    one.accept("e2", Id="4712")
    one.go(NOW + 1000)
    assert one.runs() == [("e1", "In Queue", ""), ("e2", "Success", "")]
    one.go(NOW + 2 * HOUR)
    assert [line["step"] for line in one.lines("action")] == ["steps/hello"]


def test_a_person_cancels_a_run(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711")
    run = one.lines("run")[0]["run"]
    one.intake.append_many([Entry("run_cancel", CancelLine(run=run, by="ada", why="a test"))]).result(10)
    one.go()
    assert one.runs() == [("e1", "Cancelled", "cancelled by ada: a test")]


def test_while_the_disk_is_full_nothing_is_begun_and_then_it_goes_on(world: Any) -> None:
    one = world()
    one.free = 0
    one.accept("e1", Id="4711")
    assert one.lines("run") == []
    one.free = 10**12
    one.go()
    assert one.runs() == [("e1", "In Queue", "")]


SHIFTED = """
- id: shifted
  event: Lead
  steps:
    - wait: 1m
    - {post: {url: "https://a.example/", body: {Id: "{{ data.Id }}"}}}
"""


def test_what_a_step_says_never_goes_to_another_step_that_stands_in_its_place_now(world: Any) -> None:
    one = world(SHIFTED)
    one.accept("e1", Id="4711")
    one.configure(SHIFTED.replace("    - {post", '    - {post: {url: "https://b.example/"}}\n    - {post', 1))
    one.now += 60_000
    one.go()
    assert "another step stands in the place" in one.action("steps/1")["refusal"][1]


def test_a_mended_url_counts_for_a_run_that_began_before(world: Any) -> None:
    one = world(SHIFTED)
    one.accept("e1", Id="4711")
    one.configure(SHIFTED.replace("a.example", "mended.example"))
    one.now += 60_000
    one.go()
    assert "refusal" not in one.action("steps/1")


QUIET = """
- id: quiet
  event: Lead
  redact: [data.Email]
  key: data.Email
  steps:
    - set: {to: "{{ data.Email }}"}
    - {id: hello, post: {url: "https://a.example/"}}
"""


def test_what_is_redacted_is_used_and_never_read(world: Any) -> None:
    one = world(QUIET)
    one.accept("e1", Email="ada@example.com")
    one.restart()
    one.answer("steps/hello")
    assert one.offered[0][1] == b'{"Email": "ada@example.com"}'
    assert one.runs() == [("e1", "Success", "")]
    text = b"".join(path.read_bytes() for path in one.history.rglob("*.jsonl"))
    assert b"ada@" not in text


def test_an_expunged_event_ends_its_runs(world: Any) -> None:
    one = world()
    one.accept("e1", Id="4711")
    one.expunge("e1")
    assert one.runs() == [("e1", "Cancelled", "expunged")]
    segments = {path.name for path in one.history.rglob("runs-*.jsonl")}
    one.accept("e2", Id="4712")
    assert {path.name for path in one.history.rglob("runs-*.jsonl")} > segments, (
        "what was said can be blanked"
    )


FILLED = """
- id: filled
  event: Lead
  redact: [data.Mail]
  vars: {team: "north {{ data.Id }}"}
  steps:
    - id: hello
      post: {url: "https://a.example/"}
    - id: told
      post:
        url: "https://a.example/{{ steps.hello.response.status }}/{{ data.Mail | upper }}"
        headers: {X-Team: "{{ vars.team }}"}
        body:
          mail: "{{ data.Mail | upper }}"
          team: "{{ vars.team }}"
          status: "{{ steps.hello.response.status }}"
"""


def test_the_templates_of_steps_see_what_steps_and_variables_hold(world: Any) -> None:
    one = world(FILLED)
    one.accept("e1", Id="4711", Mail="ada@example.com")
    one.go()
    one.answer("steps/hello", body='{"ok": true}')
    one.go()
    delivery, body = one.offered[-1]
    assert json.loads(body) == {"mail": "ADA@EXAMPLE.COM", "team": "north 4711", "status": 200}
    assert dict(delivery.filled) == {
        "{{ steps.hello.response.status }}": "200",
        "{{ data.Mail | upper }}": "ADA@EXAMPLE.COM",
        "{{ vars.team }}": "north 4711",
    }
    assert "ADA@EXAMPLE.COM" in delivery.hidden
    kept = "".join(path.read_text() for path in one.state.rglob("*.jsonl"))
    assert "ADA@" not in kept
    assert "ada@" not in kept
    assert "north 4711" in kept


COMPUTED = """
- id: computed
  event: Lead
  redact: [data.Mail, data.Score]
  vars: {first: "{{ data.Mail | upper }}"}
  steps:
    - set: {second: "To {{ vars.first | trim }}"}
    - id: hello
      post: {url: "https://a.example/"}
    - for_each:
        in: "[data.Mail | lower]"
        as: each
        do:
          - wait_for: {event: Lead, match: {Mail: ["{{ vars.each }}"]}, timeout: 1m}
"""

FAILING = """
- id: failing
  event: Lead
  redact: [data.Mail]
  steps:
    - if: data.Mail | upper | number > 3
      then:
        - stop: never
  on_failure:
    - post: {url: "https://a.example/", body: {why: "{{ vars.failure.reason }}"}}
- id: keyed
  event: Lead
  redact: [data.Mail]
  key: data.Mail | upper | number
  steps:
    - post: {url: "https://a.example/"}
- id: plain
  event: Lead
  redact: [data.Mail]
  steps:
    - if: data.Mail | number > 3 or data.Nope
      then:
        - stop: never
"""


def test_what_steps_make_of_what_is_redacted_is_never_read_before_and_after_a_restart(world: Any) -> None:
    one = world(COMPUTED)
    one.accept("e1", Mail="Ada@Example.com")
    one.restart()
    one.answer("steps/hello", body="to ADA@EXAMPLE.COM")
    one.go()
    assert "ADA@EXAMPLE.COM" in one.offered[0][0].hidden
    kept = "".join(path.read_text() for path in one.history.rglob("runs-*.jsonl")).lower()
    assert "ada" not in kept


def test_why_a_run_failed_says_nothing_of_what_is_redacted(world: Any) -> None:
    one = world(FAILING)
    one.accept("e1", Mail="ada@example.com")
    one.go()
    assert sorted(each[2] for each in one.runs() if each[1] == "Failure") == [
        "key: [redacted]",
        'steps/0: "[redacted]" is not a number',
        "steps/0: [redacted]",
    ]
    kept = "".join(path.read_text() for path in one.state.rglob("*.jsonl")).lower()
    assert "ada@" not in kept


TELLING = """
- id: a
  event: Lead
  steps:
    - for_each:
        in: '[1, 2]'
        as: n
        parallel: 2
        do:
          - notify: {to: [sales], message: "number {{ vars.n }}"}
"""


def test_each_message_of_a_loop_is_one_of_its_own(world: Any) -> None:
    one = world(TELLING)
    one.accept("e1")
    notices = [json.loads(body) for _, body in one.offered]
    assert [notice["title"] for notice in notices] == ["number 1", "number 2"]
    assert [notice["id"] for notice in notices] == [delivery.message for delivery, _ in one.offered]
