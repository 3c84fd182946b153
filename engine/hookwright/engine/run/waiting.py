"""Waiting: for a time, and for an event since the run began that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec.structs import replace

from hookwright.rules.errors import ExpressionError, PatternError
from hookwright.rules.event import JSON
from hookwright.rules.expression import fill
from hookwright.rules.index import PatternIndex
from hookwright.rules.steps import Step, Wait, WaitFor

from .ending import Ending, ending_of
from .frame import Frame
from .limits import MOST_KEPT, is_too_large
from .made import fillings
from .notes import Notes
from .record import LIMIT, StepRecord
from .trigger import Trigger

_NONE_CAME: JSON = {"timed_out": True, "event": None}


def wait(notes: Notes, step: Step, what: Wait, frame: Frame) -> Ending:
    """Go on once its time is over."""
    record = notes.of_step(step, frame)
    if record is None and notes.is_taking:
        begun = notes.blank(step, frame, "waiting")
        asked: JSON = {"duration": what.duration}
        record = notes.add(replace(begun, until=notes.now + what.duration, input=asked))
    if record is not None and record.state == "waiting":
        record = _in_time(notes, record, None)
    return "paused" if record is None else ending_of(record)


def wait_for(notes: Notes, step: Step, what: WaitFor, frame: Frame) -> Ending:
    """Go on once an event came that fits, or its time is over."""
    record = notes.of_step(step, frame)
    if record is None and notes.is_taking:
        record = _begin(notes, step, what, frame)
    if record is not None and record.state == "waiting" and notes.mode != "passing":
        record = _heard(notes, what, record) or _in_time(notes, record, _NONE_CAME)
    return "paused" if record is None else ending_of(record)


def _in_time(notes: Notes, record: StepRecord, output: JSON) -> StepRecord:
    """The end of a wait whose time is over; of any other, the wait itself."""
    if not notes.is_taking or record.until is None:
        return record
    if notes.now >= record.until:
        return notes.add(replace(record, state="ended", at=notes.now, until=None, output=output))
    notes.come_back(record.until)
    return record


def _begin(notes: Notes, step: Step, what: WaitFor, frame: Frame) -> StepRecord | None:
    """The record of a wait that begins, its pattern filled in; or of one that cannot."""
    match: JSON = None
    if what.match is not None:
        parts = fillings(dict(what.match))
        try:
            match = fill(dict(what.match), frame.scope)
            notes.make(frame, parts)
        except ExpressionError as error:
            notes.make(frame, parts, f"match: {error}")
            notes.fail(step, frame, "template", f"match: {error}")
            return notes.of_step(step, frame)
    asked: JSON = {"event": [*what.events, *what.globs], "match": match, "timeout": what.timeout}
    fault = _pattern_fault(what.match, match)
    if fault is None and is_too_large(asked):
        notes.fail(step, frame, LIMIT, f"its pattern takes more than {MOST_KEPT >> 10} KiB")
    elif fault is not None:
        notes.fail(step, frame, "template", f"what match is filled in to is no pattern: {fault}")
    else:
        begun = notes.blank(step, frame, "waiting")
        notes.add(replace(begun, until=notes.now + what.timeout, input=asked))
    return notes.of_step(step, frame)


def _pattern_fault(written: Mapping[str, JSON] | None, match: JSON) -> str | None:
    """What is wrong with a pattern that was filled in; None when it can be used."""
    if written is None:
        return None
    if _has_new_object(dict(written), match):
        return "a value is an object, which would be read as an operator"
    try:
        PatternIndex({"": cast("Mapping[str, JSON]", match)}, once=True)
    except PatternError as error:
        return str(PatternError(error.message, path=error.path, hint=error.hint))
    return None


def _has_new_object(written: JSON, filled: JSON) -> bool:
    """Whether a template became an object: what a sender wrote is to be compared, never to say how."""
    if isinstance(written, dict) and isinstance(filled, dict):
        return any(_has_new_object(written[key], filled[key]) for key in written)
    if isinstance(written, list) and isinstance(filled, list):
        return any(map(_has_new_object, written, filled))
    if isinstance(filled, list):
        return any(isinstance(each, dict | list) for each in filled)
    return isinstance(filled, dict)


def _heard(notes: Notes, what: WaitFor, record: StepRecord) -> StepRecord | None:
    """The end of a wait by the first of the events that fits, and that ended no other wait of the run."""
    wish = Wish(what, record)
    for event in notes.events:
        if (event.source, event.id) not in notes.gone and wish.fits(event):
            notes.gone.add((event.source, event.id))
            return notes.add(replace(record, state="ended", at=notes.now, until=None, output=_seen(event)))
    return None


class Wish:
    """Which events the wait with this record wants."""

    __slots__ = ("_index", "_record", "_what")

    def __init__(self, what: WaitFor, record: StepRecord) -> None:
        self._what, self._record = what, record
        self._index: PatternIndex | None = None

    def fits(self, event: Trigger) -> bool:
        """Whether the event is wanted, and came in time."""
        if self._record.until is not None and event.at > self._record.until:
            return False
        return self._what.wants(event.type) and self._matches(event.data)

    def _matches(self, data: JSON) -> bool:
        asked = self._record.input
        match = asked.get("match") if isinstance(asked, dict) else None
        if not isinstance(match, dict):
            return True
        self._index = self._index or PatternIndex({"": match}, once=True)
        return bool(self._index.match(data))


def _seen(event: Trigger) -> JSON:
    """What later steps see of the event. Of one that is too large to be kept they see no data."""
    attributes = event.attributes
    seen: JSON = {"timed_out": False, "event": {**attributes, "data": event.data}}
    if is_too_large(seen):
        return {"timed_out": False, "event": {**attributes, "data": None}, "truncated": True}
    return seen
