"""Revealed: what a run made of values that nobody may read, which nobody may read either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import JSON

from ..call.filling import differing
from ..call.mask import Mask
from ..intake.redacting import masked
from ..run.made import Made, Part


def revealed(made: Iterable[Made], hidden: frozenset[str]) -> frozenset[str]:
    """The `hidden` values, and what was made of them: what comes out otherwise where they are masked.

    Later ones may be made of earlier ones. Of a reason that would be another one nothing may be read.
    """
    for each in made if hidden else ():
        mask = Mask(hidden=hidden)
        shown = {name: masked(value, mask) for name, value in each.scope.items()}
        hidden |= frozenset(_revealed(each, shown, mask))
    return hidden


def _revealed(made: Made, shown: Mapping[str, JSON], mask: Mask) -> Iterator[str]:
    for part in made.parts:
        value, fault = _tried(part, made.scope)
        seen, other = _tried(part, shown)
        yield from differing(value, seen)
        if fault and mask(fault) != other:
            yield from filter(None, (fault, made.reason))


def _tried(part: Part, scope: Mapping[str, JSON]) -> tuple[JSON, str]:
    try:
        return part(scope), ""
    except ExpressionError as error:
        return None, str(error)
