"""Runs by the clock: each time begins one, once, over crashes, pauses and other nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.ledger.ledger import Ledger

from .house import NOW, World

MINUTE = 60_000
HOURLY = """
- id: report
  cron: {{at: "0 * * * *", timezone: UTC, missed: {missed}}}
  steps: [{{id: send, post: {{url: "https://a.example/"}}}}]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(missed: str = "run_once") -> World:
        made.append(World(tmp_path / f"state-{len(made)}", HOURLY.format(missed=missed)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def begun(one: World) -> list[str]:
    """The times of which runs have begun, oldest first."""
    return sorted({line["trigger"]["id"] for line in one.lines("run")})


def test_a_run_begins_at_its_time_with_what_the_clock_says(world: Any) -> None:
    one = world()
    one.go(NOW + 60 * MINUTE - 1)
    assert begun(one) == []
    one.go(NOW + 60 * MINUTE)
    assert begun(one) == ["2026-11-23T13:00:00.000Z"]
    assert [body for _, body in one.offered] == [b'{"scheduled":"2026-11-23T13:00:00.000Z"}']
    one.go(NOW + 119 * MINUTE)
    assert len(begun(one)) == 1


def test_a_run_of_the_clock_outlives_the_process(world: Any) -> None:
    one = world()
    one.go(NOW + 60 * MINUTE)
    one.restart()
    one.answer("steps/send")
    assert one.runs() == [("2026-11-23T13:00:00.000Z", "Success", "")]
    one.restart()
    one.go()
    assert len(begun(one)) == 1


def test_each_time_begins_one_run_wherever_the_process_is_killed(world: Any) -> None:
    for number in (1, 2):
        one = world()
        one.kill_at = one.passed + number
        one.go(NOW + 60 * MINUTE).go(NOW + 61 * MINUTE)
        assert begun(one) == ["2026-11-23T13:00:00.000Z"]
        assert len(one.lines("action")) == 1


@pytest.mark.parametrize(("missed", "count"), [("skip", 0), ("run_once", 1), ("run_all", 5)])
def test_what_was_missed_while_nothing_ran_is_done_as_configured(world: Any, missed: str, count: int) -> None:
    one = world(missed)
    one.now = NOW + (5 * 60 + 30) * MINUTE
    one.restart()
    one.go()
    assert len(begun(one)) == count


def test_what_another_node_began_is_not_begun_here(world: Any) -> None:
    one = world()
    one.taken.add(("report", NOW + 60 * MINUTE))
    one.go(NOW + 60 * MINUTE)
    assert begun(one) == []
    one.go(NOW + 120 * MINUTE)
    assert begun(one) == ["2026-11-23T14:00:00.000Z"]


def test_a_time_that_comes_while_redis_is_away_is_not_lost(world: Any) -> None:
    one = world()
    one.ledger_away = True
    one.go(NOW + 60 * MINUTE)
    assert begun(one) == []
    one.ledger_away = False
    one.go(NOW + 61 * MINUTE)
    assert begun(one) == ["2026-11-23T13:00:00.000Z"]


def test_of_the_nodes_on_a_redis_one_gets_each_time(own_valkey: Any) -> None:
    one, other = Ledger(own_valkey.url), Ledger(own_valkey.url)
    assert one.ticks.take("report", "a", [1, 2]) == (1, 2)
    assert other.ticks.take("report", "b", [1, 2, 3]) == (3,)
    assert one.ticks.take("report", "a", [3]) == ()
    assert other.ticks.take("report", "b", [3]) == (3,), "it may have crashed before it was written"
    assert one.ticks.take("another", "a", [3]) == (3,)
