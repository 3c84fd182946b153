"""The fields of every kind of line that is followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import ValidationError
from msgspec.json import Decoder

from .acceptance import Accepted, AcceptedMore
from .carried import CARRIED, CARRIED_ATTEMPT, CarriedAttempt
from .expunge import EXPUNGES, Expunge, Expunged
from .job import JOB, Job
from .line import Line
from .opened import OPENED, OPENED_MORE, Opened, OpenedMore
from .outcome import SHAPES, Booked
from .runs import RUNS, CancelLine, RunLine, StepLine
from .switch import SWITCHED, Switched

Grouped = Accepted | AcceptedMore | Opened | OpenedMore
Alone = Booked | CarriedAttempt | Switched | Job | Expunge | Expunged | RunLine | StepLine | CancelLine

_SHAPES: Mapping[str, type[Grouped | Alone]] = {
    "accepted": Accepted,
    "accepted+": AcceptedMore,
    CARRIED: Accepted,
    f"{CARRIED}+": AcceptedMore,
    CARRIED_ATTEMPT: CarriedAttempt,
    **OPENED,
    **OPENED_MORE,
    **SHAPES,
    SWITCHED: Switched,
    JOB: Job,
    **EXPUNGES,
    **RUNS,
}
_DECODE: Mapping[str, Callable[[bytes], Grouped | Alone]] = {
    kind: Decoder(shape).decode for kind, shape in _SHAPES.items()
}


def decode(line: Line) -> Grouped | Alone | str | None:
    """The line's fields; None for a kind that is not followed; a text when the fields are wrong."""
    decode_kind = _DECODE.get(line.kind)
    if decode_kind is None:
        return None
    try:
        return decode_kind(line.raw)
    except ValidationError as error:
        return f"not a line of kind {line.kind!r}: {error}"
