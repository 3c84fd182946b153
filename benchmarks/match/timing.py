"""Times contenders in turns, so that a slow moment of the machine hits all of them.

Each round has events of its own, never seen before: a matcher that remembers answers gets no more out of that
than in real life. A contender too slow for all events of a round gets the first few. What counts is CPU time;
the median over the rounds is the result.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Match: TypeAlias = Callable[[Any], frozenset[str]]
Answers: TypeAlias = Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Contender:
    """`match` takes an event as `prepare` makes it of the parsed one.

    Other answers than the first contender's end the run with `must_agree`; without it such events are counted
    and left out.
    """

    name: str
    match: Match
    prepare: Callable[[Any], Any] = field(default=lambda event: event)
    must_agree: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU microseconds an event (None where no event was answered alike), how many were not, of how many."""

    microseconds: float | None
    differing: int
    asked: int


def timings(
    contenders: Sequence[Contender], warm_up: Sequence[Any], rounds: Sequence[Sequence[Any]], seconds: float
) -> tuple[dict[str, Timing], float]:
    """What an event costs each contender, given about `seconds` a round, and the matches an event.

    The first contender is who is right. Raises `SystemExit` when one that must agree with it does not.
    """
    first, *others = contenders
    counts = {each.name: _affordable(each, warm_up, seconds) for each in contenders}
    seen: dict[str, list[Timing]] = {each.name: [] for each in contenders}
    matches = 0
    for events in rounds:
        timing, answers = _timed(first, events[: counts[first.name]])
        seen[first.name].append(timing)
        matches += sum(map(len, answers))
        for each in others:
            seen[each.name].append(_compared(each, events[: counts[each.name]], answers))
    results = {name: _median(found) for name, found in seen.items()}
    return results, matches / results[first.name].asked


def _affordable(contender: Contender, events: Sequence[Any], seconds: float) -> int:
    """How many of these events it can be asked in `seconds`, at least one."""
    prepared = [contender.prepare(event) for event in events]
    start = time.process_time()
    for asked, event in enumerate(prepared, 1):
        contender.match(event)
        if time.process_time() - start > seconds:
            return asked
    return len(prepared)


def _timed(contender: Contender, events: Sequence[Any]) -> tuple[Timing, Answers]:
    match, prepared = contender.match, [contender.prepare(event) for event in events]
    gc.collect()
    start = time.process_time()
    answers = [match(event) for event in prepared]
    spent = time.process_time() - start
    return Timing(spent / len(events) * 1e6, 0, len(events)), answers


def _compared(contender: Contender, events: Sequence[Any], right: Answers) -> Timing:
    asked = min(len(events), len(right))
    if contender.must_agree:
        timing, answers = _timed(contender, events[:asked])
        if list(answers) != list(right[:asked]):
            raise SystemExit(f"{contender.name} does not answer as the index does")
        return timing
    alike = [
        event
        for event, answer in zip(events, right, strict=False)
        if contender.match(contender.prepare(event)) == answer
    ]
    spent = _timed(contender, alike)[0].microseconds if alike else None
    return Timing(spent, asked - len(alike), asked)


def _median(found: Sequence[Timing]) -> Timing:
    spent = [each.microseconds for each in found if each.microseconds is not None]
    middle = statistics.median(spent) if spent else None
    return Timing(middle, sum(each.differing for each in found), sum(each.asked for each in found))
