"""What an index costs apart from matching: time to compile, memory a pattern, memory that matching adds.

Measured in a process of its own, `python -m benchmarks.match.footprint WORKLOAD EVENTS`, which prints a line
of JSON, so that nothing else has touched the heap.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import psutil

from hookwright.rules import PatternIndex

from .workload import Workload, workloads

_CHUNK = 1000
_WARM_UP = 2000


class Footprint(msgspec.Struct, frozen=True):
    """`compile_seconds` is CPU time from parsed JSON to the first answer; memory is resident bytes.

    `warm`, `halfway` and `end` are what matching added after the first events, half of them, and all of them.
    """

    patterns: int
    events: int
    compile_seconds: float
    bytes_a_pattern: float
    warm: int
    halfway: int
    end: int


def footprint(name: str, events: int) -> Footprint:
    """The footprint of a workload by name after that many different events."""
    command = [sys.executable, "-m", "benchmarks.match.footprint", name, str(events)]
    run = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(run.stdout, type=Footprint)


def _measured(workload: Workload, count: int) -> Footprint:
    patterns = workload.make_patterns()
    _match_nothing()
    empty = _resident()
    start = time.process_time()
    index = PatternIndex(patterns)
    index.match({})
    spent = time.process_time() - start
    built = _resident()
    samples = [
        _resident() for done in _matched(index, workload, count) if done in (_WARM_UP, count // 2, count)
    ]
    warm, halfway, end = (sample - built for sample in samples)
    return Footprint(len(patterns), count, spent, (built - empty) / len(patterns), warm, halfway, end)


def _match_nothing() -> None:
    """Import and first use of everything, which belongs to no pattern."""
    PatternIndex({"a": {"a": [1, {"prefix": "a"}, {"numeric": [">", 1]}, {"wildcard": "a*"}]}}).match(
        {"a": 1}
    )


def _matched(index: PatternIndex, workload: Workload, count: int) -> Iterator[int]:
    """Matches `count` events, made as they go; yields how many after each chunk."""
    for done in range(_CHUNK, count + _CHUNK, _CHUNK):
        events: list[Any] = workload.make_events(_CHUNK, done)
        for event in events:
            index.match(event)
        yield done


def _resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    wanted, number = sys.argv[1], int(sys.argv[2])
    (found,) = [each for each in workloads() if each.name == wanted]
    print(json.dumps(msgspec.to_builtins(_measured(found, number))))
