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

_WAITS: tuple[tuple[str, ...], ...] = (
    ("delay",),
    ("retry", "initial"),
    ("retry", "max"),
    ("retry", "max_age"),
    ("breaker", "probe"),
    ("breaker", "probe_max"),
    ("dedupe", "window"),
    ("disable_after", "for"),
    ("wait",),
    ("wait_for", "timeout"),
)


def time_problems(part: Part) -> Iterator[Problem]:
    """What is wrong with the timeout and the waits that stand in this part itself."""
    for path, written in (*_listed(part), *_single(part)):
        if _milliseconds(written, LONGEST_WAIT) > LONGEST_WAIT:
            yield part.problem("HW018", f"{written} is too long", *path, hint="at most 366d")
    yield from _probes(part)
    timeout = part.value.get("timeout")
    if not 0 < _milliseconds(timeout, LONGEST_TIMEOUT) <= LONGEST_TIMEOUT:
        yield part.problem(
            "HW018", f"a timeout of {timeout} is out of bounds", "timeout", hint="more than 0s and at most 1h"
        )


def _probes(part: Part) -> Iterator[Problem]:
    """Probes of a target that failed come less and less often, so the longest wait is not below the first."""
    breaker = part.part("breaker")
    if breaker:
        first, longest = breaker.value.get("probe"), breaker.value.get("probe_max")
        if _milliseconds(longest, LONGEST_WAIT) < _milliseconds(first, 0) <= LONGEST_WAIT:
            message = f"a longest wait of {longest} is shorter than the first one of {first}"
            yield breaker.problem("HW018", message, "probe_max", hint=f"at least {first}")


def _single(part: Part) -> Iterator[tuple[_Path, JSON]]:
    for path in _WAITS:
        owner = part.part(*path[:-1]) if path[0] in part.value else None
        if owner:
            yield path, owner.value.get(path[-1])


def _listed(part: Part) -> Iterator[tuple[_Path, JSON]]:
    retry = part.part("retry")
    listed = retry.value.get(LISTED) if retry else None
    for index, wait in enumerate(listed if isinstance(listed, list) else []):
        yield ("retry", LISTED, index), wait


def _milliseconds(written: JSON, otherwise: int) -> int:
    """`otherwise` for what is no duration: the schema says so."""
    try:
        return duration(written) if isinstance(written, str) else otherwise
    except ValueError:
        return otherwise
