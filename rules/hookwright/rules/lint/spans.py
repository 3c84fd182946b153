"""Retries that go on for longer than anybody waits: a growing wait grows faster than people think."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hookwright.schemas.grammar import spelt
from hookwright.schemas.problem import Problem

from ..bundle import Bundle, Part
from ..merge import LISTED
from ..model import Model

LONGEST: Final = 7 * 86_400_000
"""Milliseconds from the first try to the last: what is held back is kept as long, and no longer."""

_HINT: Final = "lower `attempts` or `multiplier`, or cap the wait with `max`"


def span_warnings(bundle: Bundle, model: Model) -> Iterator[Problem]:
    """A warning for each `retry` whose waits grow until the last try comes after a week, where it stands.

    A list of waits says what is meant, and so does a single wait.
    """
    entries = {entry.id: entry for entry in bundle.entries if entry.id is not None}
    for subscriber in model.subscribers:
        for action in subscriber.actions:
            retry = action.target.retry
            grows = retry.tries > 2 and retry.span > LONGEST
            part = _home(entries[subscriber.id].target(action.path), bundle.defaults) if grows else None
            if part is not None:
                message = f"the last of {retry.tries} tries comes only after {spelt(retry.span)}"
                yield part.problem("HW158", message, "retry", hint=_HINT, severity="warning")


def _home(*nearest_first: Part | None) -> Part | None:
    """Where a growing wait stands, if anywhere in the bundle."""
    part = next((each for each in nearest_first if each and "retry" in each.value), None)
    written = part.value["retry"] if part else None
    return part if isinstance(written, dict) and LISTED not in written else None
