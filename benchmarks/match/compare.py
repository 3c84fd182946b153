"""One workload, asked of the index and of everything it is compared with."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hookwright.rules import PatternIndex

from .bare import BareClosures
from .closures import Closures
from .peers import peers
from .timing import Contender, Timing, timings
from .workload import Workload

_MOST_FOR_PEERS = 1000  # patterns; beyond that they take too long to say anything new


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, events in each, seconds a round for one contender."""

    rounds: int
    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """CPU time an event by contender: from parsed data, and from the JSON text of the event."""

    workload: Workload
    matches: float
    parsed: Mapping[str, Timing]
    text: Mapping[str, Timing]

    def ratio(self, other: str, *, text: bool = False) -> float | None:
        """How many times the index's time `other` takes; None where it was not asked."""
        times = self.text if text else self.parsed
        ours, theirs = times["index"].microseconds, times[other].microseconds if other in times else None
        return theirs / ours if ours and theirs else None


def compare(workload: Workload, effort: Effort, *, with_peers: bool) -> Comparison:
    """Both forms of events are asked of one index; no event is asked in both."""
    patterns = workload.make_patterns()
    index, closures = PatternIndex(patterns), Closures(patterns)
    parsed = [Contender("index", index.match), Contender("closures", closures.match)]
    if workload.name.startswith("crm"):
        parsed.append(Contender("bare", BareClosures(patterns).match))
    if with_peers and workload.size <= _MOST_FOR_PEERS:
        parsed.extend(peers(patterns))
    text = [
        Contender("index", index.match_json, _text),
        Contender("closures", lambda raw: closures.match(json.loads(raw)), _text),
    ]
    gc.collect()
    gc.freeze()  # the patterns stay; looking at them again and again would take longer than matching
    times, matches = _timed(parsed, workload, effort, seed=1)
    texts, _ = _timed(text, workload, effort, seed=2)
    gc.unfreeze()
    return Comparison(workload, matches, times, texts)


def _timed(
    contenders: Sequence[Contender], workload: Workload, effort: Effort, seed: int
) -> tuple[Mapping[str, Timing], float]:
    warm_up, *rounds = _slices(workload, effort, seed)
    return timings(contenders, warm_up, rounds, effort.seconds)


def _slices(workload: Workload, effort: Effort, seed: int) -> Iterator[list[dict[str, Any]]]:
    events = workload.make_events(effort.events * (effort.rounds + 1), seed)
    for start in range(0, len(events), effort.events):
        yield events[start : start + effort.events]


def _text(event: Any) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
