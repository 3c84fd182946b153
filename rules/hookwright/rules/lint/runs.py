"""What the runs of an automation would come to: everything that is wrong with it, or suspicious."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hookwright.schemas.problem import Problem

from ..build import Settings
from ..bundle import Entry, Part
from ..computed import computed
from ..expression.fields import ways
from .data import Data
from .events import event_warnings
from .expressions import unknown_fields
from .flow import Flow
from .known import KnownEvents
from .results import Results
from .waits import loop_problems, wait_warnings


def run_problems(
    entry: Entry, data: Sequence[Data], known: KnownEvents, settings: Settings
) -> Iterator[Problem]:
    """All there is to say of an automation of any shape; `data` is that of the events that begin its runs."""
    steps = tuple(entry.steps())
    texts = tuple(computed(entry, steps))
    flow = Flow.of(entry.part)
    yield from flow.problems
    yield from Results(entry, steps, flow).problems(texts)
    awaited = {name: of for step in steps for name, of in _awaited(step, known, settings)}
    for part, path, tree in texts:
        yield from unknown_fields(part, path, ways(tree, "data"), data)
        found = list(ways(tree, "steps"))
        for name, of in awaited.items():
            inside = [way[3:] for way in found if way[:3] == (name, "event", "data") and len(way) > 3]
            yield from unknown_fields(part, path, inside, of)
    for step in steps:
        yield from _of_step(step, data, known, settings)


def _awaited(step: Part, known: KnownEvents, settings: Settings) -> Iterator[tuple[str, Sequence[Data]]]:
    """The id of a step that waits for an event, and what is known of the data of that."""
    awaited, name = step.part("wait_for"), step.value.get("id")
    if awaited is not None and isinstance(name, str):
        yield name, known.data(settings.events(awaited.value))


def _of_step(step: Part, data: Sequence[Data], known: KnownEvents, settings: Settings) -> Iterator[Problem]:
    awaited, loop = step.part("wait_for"), step.part("for_each")
    if awaited is not None:
        yield from event_warnings(awaited, settings.names)
        yield from wait_warnings(awaited, known.data(settings.events(awaited.value)))
    if loop is not None:
        yield from loop_problems(loop, data)
