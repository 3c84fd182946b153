"""The paths of steps: what each is recorded under, and under which name its place travels."""

from __future__ import annotations

from collections.abc import Mapping

from hookwright.schemas.steps import At, steps_of

from .event import JSON


def step_paths(written: Mapping[str, JSON]) -> Mapping[At, str]:
    """The path of each step, by the way to it: `steps/hello` with an id, else `steps/2/then/0`."""
    paths: dict[At, str] = {}
    for at, step in steps_of(written):
        identifier = step.get("id")
        paths[at] = f"steps/{identifier}" if isinstance(identifier, str) else _way(at, paths)
    return paths


def _way(at: At, paths: Mapping[At, str]) -> str:
    """The way to a step without an id, from the nearest step around it on."""
    around = next((at[:cut] for cut in range(len(at) - 1, 0, -1) if at[:cut] in paths), ())
    way = [str(part) for part in at[len(around) :] if part != "for_each"]
    return "/".join([paths[around], *way] if around else way)


def step_place(identifier: str, path: str) -> str:
    """Under which name the place of a step of an automation travels: `welcome/steps/hello`."""
    return f"{identifier}/{path}"
