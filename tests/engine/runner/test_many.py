"""Very many runs at one time: what one costs does not grow with the others."""

from __future__ import annotations

from pathlib import Path

from hookwright.engine.runner.courses import Courses

from .house import NOW, World

MANY = 300
PARALLEL = """
- id: welcome
  event: Lead
  mode: parallel
  steps:
    - wait: 2h
"""


def test_runs_that_do_not_keep_to_each_other_are_not_looked_through(tmp_path: Path, monkeypatch) -> None:
    looks: list[int] = []
    found = Courses.with_key
    monkeypatch.setattr(Courses, "with_key", lambda *asked: looks.append(len(found(*asked))) or found(*asked))
    world = World(tmp_path / "state", PARALLEL)
    for number in range(MANY):
        world.accept(f"e{number}", Id="4711")
    world.go(NOW + 7_200_000)
    assert {status for _, status, _ in world.runs()} == {"Success"}
    assert looks == []
    world.close()


def test_runs_that_wait_for_their_turn_are_still_followed_up(tmp_path: Path) -> None:
    world = World(tmp_path / "state", PARALLEL.replace("parallel", "queued"))
    for number in range(3):
        world.accept(f"e{number}", Id="4711")
    for hours in range(1, 4):
        world.go(NOW + hours * 7_200_000)
    assert [status for _, status, _ in world.runs()] == ["Success"] * 3
    world.close()
