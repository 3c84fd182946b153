"""Bounds of the times a bundle may ask for: long enough to be useful, short enough to have a date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from hookwright.schemas.grammar import duration
from hookwright.schemas.problem import Problem

from .bundle import Part
from .event import JSON
from .merge import LISTED

LONGEST_WAIT = 366 * 86_400_000  # ms
LONGEST_TIMEOUT = 3_600_000  # ms

_Path: TypeAlias = tuple[str | int, ...]


def time_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with the delay, the timeout and the waits that stand in this part itself."""
    for path, written in _waits(part):
        if _milliseconds(written, LONGEST_WAIT) > LONGEST_WAIT:
            yield part.problem("HW018", f"{written} is too long", *path, hint="at most 366d")
    timeout = part.value.get("timeout")
    if not 0 < _milliseconds(timeout, LONGEST_TIMEOUT) <= LONGEST_TIMEOUT:
        yield part.problem(
            "HW018", f"a timeout of {timeout} is out of bounds", "timeout", hint="more than 0s and at most 1h"
        )


def _waits(part: Part) -> Iterator[tuple[_Path, JSON]]:
    yield ("delay",), part.value.get("delay")
    retry = part.part("retry")
    if retry:
        yield ("retry", "initial"), retry.value.get("initial")
        yield ("retry", "max"), retry.value.get("max")
        listed = retry.value.get(LISTED)
        for index, wait in enumerate(listed if isinstance(listed, list) else []):
            yield ("retry", LISTED, index), wait


def _milliseconds(written: JSON, otherwise: int) -> int:
    """`otherwise` for what is no duration: the schema says so."""
    try:
        return duration(written) if isinstance(written, str) else otherwise
    except ValueError:
        return otherwise
