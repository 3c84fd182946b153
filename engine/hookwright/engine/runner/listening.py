"""Listening: which of many waiting runs an event may be for, found by the values they ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from hookwright.rules.event import JSON
from hookwright.rules.glob import compile_glob

from ..run.record import StepRecord
from ..run.trigger import Trigger

_Path: TypeAlias = tuple[str, ...]
_Exact: TypeAlias = tuple[str, _Path, str]  # event type, where in the data, the text that must stand there
_ANY: _Path = ()


def is_listening(record: StepRecord) -> bool:
    """Whether a step waits for an event."""
    return record.state == "waiting" and isinstance(record.input, dict) and "event" in record.input


class Listeners:
    """The runs that wait for events. Most ask for one text at one place, and are found by it.

    `candidates` may name runs that do not want the event after all, and never leaves out one that does.
    """

    def __init__(self) -> None:
        self._runs: dict[str, set[_Exact]] = {}
        self._found: defaultdict[_Exact, set[str]] = defaultdict(set)
        self._paths: defaultdict[str, defaultdict[_Path, int]] = defaultdict(lambda: defaultdict(int))

    def __len__(self) -> int:
        return len(self._runs)

    def put(self, run: str, records: Iterable[StepRecord]) -> None:
        """What a run waits for now; nothing takes it out."""
        self._take_out(run)
        asked = {each for record in records if is_listening(record) for each in _asked(record.input)}
        if asked:
            self._runs[run] = asked
        for each in asked:
            self._found[each].add(run)
            self._paths[each[0]][each[1]] += 1

    def candidates(self, event: Trigger) -> set[str]:
        """The runs that may wait for an event."""
        found: set[str] = set()
        data: JSON = None
        read = False
        for name in [name for name in self._paths if _is_of(name, event.type)]:
            for path in self._paths[name]:
                if path and not read:
                    data, read = event.data, True
                values = _values(data, path) if path else ("",)
                for value in values:
                    found |= self._found.get((name, path, value), set())
        return found

    def _take_out(self, run: str) -> None:
        for each in self._runs.pop(run, ()):
            self._found[each].discard(run)
            if not self._found[each]:
                del self._found[each]
            paths = self._paths[each[0]]
            paths[each[1]] -= 1
            if not paths[each[1]]:
                del paths[each[1]]
            if not paths:
                del self._paths[each[0]]


def _is_of(name: str, event_type: str) -> bool:
    return name == event_type or ("*" in name and bool(compile_glob(name).match(event_type)))


def _asked(asked: Mapping[str, Any]) -> Iterator[_Exact]:
    """For each type one place and the texts of which one must stand there; or that anything may."""
    match = asked.get("match")
    path, texts = _exact(match, ()) if isinstance(match, dict) else (_ANY, ("",))
    for name in asked["event"]:
        for text in texts:
            yield name, path, text


def _exact(pattern: Mapping[str, Any], above: _Path) -> tuple[_Path, tuple[str, ...]]:
    """The first place at which a pattern asks for one of some texts."""
    for name, below in pattern.items():
        if "." in name or name.startswith(("$", "=")):
            continue
        if isinstance(below, dict):
            path, texts = _exact(below, (*above, name))
            if path:
                return path, texts
            continue
        leaves = below if isinstance(below, list) else [below]
        if leaves and all(isinstance(leaf, str) for leaf in leaves):
            return (*above, name), tuple(leaves)
    return _ANY, ("",)


def _values(data: JSON, path: _Path) -> Iterator[str]:
    """The texts that stand at a place; a list stands for its entries."""
    if isinstance(data, list):
        for each in data:
            yield from _values(each, path)
    elif not path:
        if isinstance(data, str):
            yield data
    elif isinstance(data, dict):
        for number in range(1, len(path) + 1):  # a field may be named `a.b`
            below = data.get(".".join(path[:number]))
            if below is not None:
                yield from _values(below, path[number:])
