"""Events that lead to themselves: a subscriber emits one that begins it again, directly or through others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hookwright.schemas.problem import Problem

from ..build import Settings, texts
from ..bundle import Entry, Part
from ..glob import compile_glob, is_glob

CODE = "HW160"
_HINT = "emit another type, or ask in `match` or `if` for what the emitted event has not; 8 rounds end it"


@dataclass(frozen=True, slots=True)
class _Emit:
    """What an entry sends back to the door, and where that is said."""

    entry: Entry
    part: Part
    type: str


def circle_warnings(entries: Sequence[Entry], settings: Settings) -> Iterator[Problem]:
    """A warning for each circle, at the first `emit` on it. Patterns and conditions do not count."""
    emits = [emit for entry in entries for emit in _emits(entry)]
    begun = {emit.type: _begun_by(emit.type, entries, settings) for emit in emits}
    told: set[frozenset[str]] = set()
    for emit in emits:
        way = _way_back(emit, emits, begun)
        names = frozenset(str(step.entry.id) for step in way)
        if way and names not in told:
            told.add(names)
            yield emit.part.problem(CODE, _said(way), "type", hint=_HINT, severity="warning")


def _emits(entry: Entry) -> Iterator[_Emit]:
    for action in entry.actions():
        part = action.part("emit")
        kind = part.value.get("type") if part else None
        if part and isinstance(kind, str) and entry.id is not None:
            yield _Emit(entry, part, kind)


def _begun_by(kind: str, entries: Sequence[Entry], settings: Settings) -> frozenset[str]:
    """The ids of those that select events of a type."""
    return frozenset(
        entry.id
        for entry in entries
        if entry.id is not None
        and (kind in settings.events(entry.part.value) or _selected_by_glob(kind, entry))
    )


def _selected_by_glob(kind: str, entry: Entry) -> bool:
    written = texts(entry.part.value.get("event"))
    return any(is_glob(name) and compile_glob(name).match(kind) for name in written)


def _way_back(start: _Emit, emits: Sequence[_Emit], begun: Mapping[str, frozenset[str]]) -> tuple[_Emit, ...]:
    """The shortest way from an emit to one that begins its own subscriber; nothing where there is none."""
    ways: list[tuple[_Emit, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:  # which grows meanwhile
        reached = begun[way[-1].type]
        if start.entry.id in reached:
            return way
        ways.extend((*way, emit) for emit in emits if emit.entry.id in reached - seen)
        seen |= reached
    return ()


def _said(way: Sequence[_Emit]) -> str:
    first = str(way[0].entry.id)
    if len(way) == 1:
        return f'"{first}" emits an event that begins it again'
    around = " -> ".join([*(str(step.entry.id) for step in way), first])
    return f"events go round in a circle: {around}"
