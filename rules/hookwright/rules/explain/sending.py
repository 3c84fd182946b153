"""What becomes of an event that a subscriber gets: what it is compared with, and what it goes out with."""

from __future__ import annotations

from hookwright.schemas.grammar import spelt
from hookwright.schemas.problem import Place

from ..errors import ExpressionError
from ..event import Event
from ..expression.expression import key_text
from ..model import Batch, Dedupe
from .clause import Clause, Expected, Found


def explain_dedupe(dedupe: Dedupe, event: Event, place: Place) -> Clause:
    """The value under which a repeat is known. Only the server knows whether one came before: it holds."""
    expected = (Expected(f"none of this key came within {spelt(dedupe.window)} before", place),)
    try:
        value = dedupe.key.evaluate(event.attributes, event.data)
        key_text(value)
    except ExpressionError as error:
        return Clause("dedupe", True, place, expected=expected, lack=str(error))
    return Clause("dedupe", True, place, expected=expected, found=(Found("dedupe.key", value),))


def explain_batch(batch: Batch, place: Place) -> Clause:
    """With how many others it goes out, and what becomes of a list that is too large for its receiver."""
    split = "is halved" if batch.split else "fails"
    limits = f"up to {batch.max_events:,} events or {batch.max_bytes:,} bytes"
    says = f"collected for {spelt(batch.window)}, {limits}; a list that is too large for its receiver {split}"
    return Clause("batch", True, place, expected=(Expected(says, place),))
