"""Events a second of `PatternIndex` and of a naive loop over compiled closures: `python -m benchmarks.match`.

Both are asked for the same events in turn, round by round, and must give the same answers. Medians over
rounds; the ratio is what to compare between machines.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from hookwright.rules import PatternIndex

from .crm import Crm
from .naive import NaiveLoop

ROUNDS = 7
SIZES = {10: 2000, 1000: 250}
"""Events in a round, by number of patterns."""


def main() -> None:
    """Print one line for each number of patterns."""
    crm = Crm()
    titles = f"{'matches/event':>13} {'index events/s':>14} {'naive loop events/s':>19} {'ratio':>7}"
    print(f"{'patterns':>8} {titles}")
    for patterns, count in SIZES.items():
        print(_line(crm, patterns, count), flush=True)


def _line(crm: Crm, patterns: int, count: int) -> str:
    named, events = crm.patterns(patterns), crm.events(count)
    index, naive = PatternIndex(named), NaiveLoop(named)
    answers = [index.match(event) for event in events]
    if answers != [naive.match(event) for event in events]:
        raise SystemExit("the index and the naive loop disagree")
    matches = sum(map(len, answers)) / count
    ours, theirs = _alternating(index.match, naive.match, events)
    return f"{patterns:>8} {matches:>13.2f} {ours:>14,.0f} {theirs:>19,.0f} {ours / theirs:>6.1f}x"


def _alternating(
    one: Callable[[Any], object], other: Callable[[Any], object], events: list[Any]
) -> tuple[float, float]:
    """The median events a second of both, measured in turns so that a slow moment hits both."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_rate(one, events))
        theirs.append(_rate(other, events))
    return statistics.median(ours), statistics.median(theirs)


def _rate(match: Callable[[Any], object], events: list[Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    for event in events:
        match(event)
    return len(events) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
