"""How much one run may be: beyond, it fails and says so, rather than fill a disk or go on for ever."""

from __future__ import annotations

from typing import Final

from hookwright.rules.event import JSON

from .record import LIMIT, StepError
from .run import size_of

MOST_STEPS: Final = 10_000  # that one run takes, each item of a loop and each recipient by itself
MOST_ITEMS: Final = 10_000  # of the list of a loop
MOST_KEPT: Final = 64 * 1024  # bytes of what one step leaves for later ones, as JSON
MOST_KEPT_TOGETHER: Final = 4 * 1024 * 1024


class OverrunError(Exception):
    """A run is beyond what one run may be: no step may go on, whatever its `on_error` says."""

    @property
    def error(self) -> StepError:
        """What is recorded of it."""
        return StepError(kind=LIMIT, reason=str(self))


def is_too_large(output: JSON) -> bool:
    """Whether this is more than one step may leave."""
    return size_of(output) > MOST_KEPT
