"""Events of one's own: each goes back to the door once, begins runs, is awaited, and ends a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.hops import LIMIT

from .house import NOW, World

CHAIN = """
- id: first
  event: Lead
  steps:
    - {id: tell, emit: {type: Cold, subject: "{{ data.Id }}", data: {Id: "{{ data.Id }}"}}}
    - {set: {told: "{{ steps.tell.event.type }}"}}
- id: second
  event: Cold
  steps: [{id: call, post: {url: "https://a.example/"}}]
"""
AWAITED = """
- id: asks
  event: Lead
  steps:
    - {emit: {type: Question, data: {Id: "{{ data.Id }}"}}}
    - {id: heard, wait_for: {event: Answer, match: {Id: ["{{ data.Id }}"]}, timeout: 1d}}
- id: answers
  event: Question
  steps: [{wait: 1h}, {emit: {type: Answer, data: {Id: "{{ data.Id }}"}}}]
"""
LOOP = "- {id: loop, event: Lead, mode: parallel, steps: [{emit: {type: Lead, data: {Id: 1}}}]}"
HOUR = 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    made: list[World] = []

    def make(text: str) -> World:
        made.append(World(tmp_path / f"state-{len(made)}", text))
        return made[-1]

    yield make
    for each in made:
        each.close()


def emitted(one: World) -> list[dict[str, Any]]:
    return [line["event"] for line in one.lines("accepted") if line["event"]["source"] != "/crm"]


def test_an_emitted_event_says_where_it_comes_from_and_begins_a_run(world: Any) -> None:
    one = world(CHAIN)
    one.accept("e1", Id="4711").book_results()
    (event,) = emitted(one)
    assert (event["source"], event["type"], event["subject"]) == ("/hookwright/nod_x/emitted", "Cold", "4711")
    assert event["extensions"] == {"hookwrightcause": "e1", "hookwrighthops": 1}
    assert [body for _, body in one.offered] == [b'{"Id":"4711"}']
    one.answer("steps/call")
    assert {status for _, status, _ in one.runs()} == {"Success"}
    told = next(line for line in one.lines("step") if line["path"] == "steps/1")
    assert told["output"] is not None


def test_each_is_emitted_once_wherever_the_process_is_killed(world: Any) -> None:
    whole = world(CHAIN)
    whole.accept("e1", Id="4711").book_results()
    for number in range(1, whole.passed + 1):
        one = world(CHAIN)
        one.kill_at = number
        one.accept("e1", Id="4711")
        one.go().book_results()
        assert [event["id"] for event in emitted(one)] == [event["id"] for event in emitted(whole)]
        assert {result.outcome for result in one.results.values()} == {"success"}
        assert one.trace() == whole.trace()


def test_an_emitted_event_is_awaited_also_after_another_start(world: Any) -> None:
    one = world(AWAITED)
    one.accept("e1", Id="4711").book_results()
    one.restart()
    one.go(NOW + HOUR).book_results()
    one.restart()
    one.go()
    assert {status for _, status, _ in one.runs()} == {"Success"}


def test_an_event_that_was_emitted_and_not_yet_heard_is_heard_after_a_kill(world: Any) -> None:
    one = world(AWAITED)
    one.accept("e1", Id="4711").book_results()
    one.kill_at = one.passed + 3
    one.go(NOW + HOUR).book_results()
    assert {status for _, status, _ in one.runs()} == {"Success"}


def test_a_circle_ends_and_says_why(world: Any) -> None:
    one = world(LOOP)
    one.accept("e1", Id="1")
    for _ in range(2 * LIMIT):
        one.book_results()
    assert len(emitted(one)) == LIMIT
    (last,) = (each for each in one.results.values() if each.outcome == "skipped")
    assert last.reason.startswith("loop: ")
    assert [status for _, status, _ in one.runs()].count("Failure") == 1


def test_what_the_door_refuses_fails_the_delivery_with_its_words(world: Any) -> None:
    one = world('- {id: big, event: Lead, steps: [{id: out, emit: {type: Cold, data: "{{ data.Id }}"}}]}')
    one.table = one.kept.tables[one.kept.name]
    one.accept("e1", Id="x" * 300_000).book_results()
    (result,) = one.results.values()
    assert (result.outcome, result.error) == ("failure", "template")
    assert "Event too large" in result.reason or "the limit is" in result.reason
