"""How a walk over steps ends: it goes `on`, is `paused` until there is news, fails, or is stopped."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from .record import StepError, StepRecord


class Failed(Struct, frozen=True):
    """The step at `path` failed; "" is the run as a whole."""

    path: str
    error: StepError
    place: str = ""

    @property
    def reason(self) -> str:
        """One sentence for people: `steps/hello: answered 500`."""
        return f"{self.path}: {self.error.reason}" if self.path else self.error.reason


class Stopped(Struct, frozen=True):
    """A step said that the run ends here."""

    reason: str


Ending: TypeAlias = "Failed | Stopped | Literal['on', 'paused']"


def ending_of(record: StepRecord) -> Ending:
    """What the last record of a step says of the walk."""
    if record.state == "failed":
        assert record.error is not None
        return Failed(record.path, record.error, record.place)
    return "on" if record.state == "ended" else "paused"
