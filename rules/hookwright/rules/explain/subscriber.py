"""Why a subscriber gets an event or not: `enabled`, the event's type and source, its pattern, its `if`, its
schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Place

from ..build import event_names, texts
from ..bundle import Bundle, Entry, Part
from ..condition import KEY as IF
from ..errors import Steps
from ..event import Event
from ..glob import compile_glob, is_glob
from ..hours import next_opening, opening_text
from ..model import Model, Schedule, Subscriber
from ..references import EventNames
from ..steps import Cron
from .clause import Clause, Expected, Explanation, Found, Stage
from .condition import explain_condition
from .pattern import explain_pattern
from .run import explain_run
from .sending import explain_batch, explain_dedupe


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the subscribers of one bundle: `model` is what `bundle` says."""

    model: Model
    bundle: Bundle
    now: int  # Unix ms: when the event would come
    _names: EventNames = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", event_names(self.bundle.declared_types()))

    def explain(self, event: Event) -> Iterator[Explanation]:
        """Every subscriber, those that `enabled: false` leaves out among them, ordered by id."""
        enabled = {subscriber.id: subscriber for subscriber in self.model.subscribers}
        for entry in sorted(self.bundle.entries, key=lambda entry: entry.id or ""):
            stages = self._stages(entry, enabled.get(entry.id or ""), event)
            yield Explanation(entry.kind, entry.id or "", entry.part.place(), tuple(stages))

    def _stages(
        self, entry: Entry, subscriber: Subscriber | None, event: Event
    ) -> Iterator[tuple[Stage, Clause]]:
        """The stages in the order in which they are asked, up to the first that says no."""
        if subscriber is None:
            yield "enabled", self._disabled(entry)
            return
        asked = self._asked(entry, subscriber, event)
        for stage, clause in asked:
            yield stage, clause
            if not clause.holds:
                return

    def _asked(self, entry: Entry, subscriber: Subscriber, event: Event) -> Iterator[tuple[Stage, Clause]]:
        clock = subscriber.automation.cron if subscriber.automation is not None else None
        if clock is not None:
            yield "event", _by_clock(entry.part, clock, event)
            return
        yield "event", self._event(self._home(entry, "event"), event)
        if subscriber.sources:
            yield "source", _source(self._home(entry, "source"), subscriber, event)
        if subscriber.match is not None:
            part = self._home(entry, "match")

            def where(steps: Steps, *, key: bool = False) -> Place:
                return part.place("match", *steps, key=key)

            yield "match", explain_pattern(subscriber.match, event.data, where)
        if subscriber.condition is not True:
            place = self._home(entry, IF).place(IF)
            yield "if", explain_condition(subscriber.condition, event, place)
        yield from self._sent(entry, subscriber, event)

    def _sent(self, entry: Entry, subscriber: Subscriber, event: Event) -> Iterator[tuple[Stage, Clause]]:
        """When and with what it goes out, and whether for sure."""
        for key, schedule in _schedules(subscriber):
            yield "schedule", self._schedule(self._home(entry, key).place(key), key, schedule)
        if subscriber.automation is not None:
            yield "run", explain_run(subscriber.automation, event, entry.part.place("steps", key=True))
        if subscriber.dedupe is not None:
            place = self._home(entry, "dedupe").place("dedupe", key=True)
            yield "dedupe", explain_dedupe(subscriber.dedupe, event, place)
        home = self._home(entry, "batch")
        if subscriber.batch is not None and "batch" in home.value:
            yield "batch", explain_batch(subscriber.batch, home.place("batch", key=True))

    def _home(self, entry: Entry, key: str) -> Part:
        """What says `key`: the subscriber itself, or else the defaults."""
        defaults = self.bundle.defaults
        return defaults if defaults and key not in entry.part.value and key in defaults.value else entry.part

    def _schedule(self, place: Place, key: str, schedule: Schedule) -> Clause:
        """What comes while it is closed waits for its opening, or is skipped."""
        opens = next_opening(schedule, self.now)
        closed = opens > self.now
        return Clause(
            kind="schedule",
            holds=not closed or key == "hold_outside",
            place=place,
            expected=(Expected(f"the schedule {schedule.id} is open", place),),
            found=(Found("now", opening_text(schedule, self.now), None if closed else 0),),
            hint=f"it opens on {opening_text(schedule, opens)}" if closed else "",
        )

    def _disabled(self, entry: Entry) -> Clause:
        place = self._home(entry, "enabled").place("enabled", key=True)
        expected = (Expected("true", place),)
        return Clause("enabled", False, place, expected=expected, found=(Found("enabled", False),))

    def _event(self, part: Part, event: Event) -> Clause:
        written = part.value.get("event")
        steps = (
            [("event", index) for index in range(len(written))] if isinstance(written, list) else [("event",)]
        )
        names = texts(written)
        met = next((at for at, name in enumerate(names) if self._selects(name, event.type)), None)
        return Clause(
            kind="event",
            holds=met is not None,
            place=part.place("event", key=True),
            expected=tuple(
                Expected(name, part.place(*step)) for name, step in zip(names, steps, strict=True)
            ),
            found=(Found("type", event.type, met),),
            hint="" if met is not None else self._undeclared(names, event.type),
        )

    def _selects(self, name: str, event_type: str) -> bool:
        if event_type in self._names.resolve(name) or (not is_glob(name) and name == event_type):
            return True
        return self.model.allow_undeclared_events and is_glob(name) and _fits(name, event_type)

    def _undeclared(self, names: tuple[str, ...], event_type: str) -> str:
        """A glob that would fit selects declared types only, and a misspelt type is nobody's."""
        fitting = next((name for name in names if is_glob(name) and _fits(name, event_type)), None)
        if fitting:
            return f'"{fitting}" selects declared event types, and {event_type} is not one'
        return "" if event_type in self._names.types else did_you_mean(event_type, names) or ""


def _fits(glob: str, text: str) -> bool:
    return compile_glob(glob).match(text) is not None


def _schedules(subscriber: Subscriber) -> Iterator[tuple[str, Schedule]]:
    """Those it keeps to, by the key that says so."""
    if subscriber.hold_outside is not None:
        yield "hold_outside", subscriber.hold_outside
    if subscriber.skip_outside is not None:
        yield "skip_outside", subscriber.skip_outside


def _by_clock(part: Part, clock: Cron, event: Event) -> Clause:
    """No event begins what the clock begins."""
    place = part.place("cron", key=True)
    said = f"the clock, at {clock.expression} in {clock.timezone}"
    return Clause(
        "event", False, place, expected=(Expected(said, place),), found=(Found("type", event.type),)
    )


def _source(part: Part, subscriber: Subscriber, event: Event) -> Clause:
    fits = [_fits(source, event.source) for source in subscriber.sources]
    place = part.place("source", key=True)
    return Clause(
        kind="source",
        holds=any(fits),
        place=place,
        expected=tuple(Expected(source, place) for source in subscriber.sources),
        found=(Found("source", event.source, fits.index(True) if any(fits) else None),),
    )
