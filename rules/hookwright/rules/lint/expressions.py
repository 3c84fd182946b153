"""Fields that an expression asks for and the events do not have: it has no value then, and the call fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hookwright.schemas.problem import Problem

from ..bundle import Part
from ..errors import ExpressionError
from ..expression.fields import fields_of_data, ways
from ..expression.template import parse_template
from ..expressions import texts_in
from .data import Data
from .fields import Fault, field_fault
from .finding import UNKNOWN_FIELD

_PLACES: Final = (("if",), ("batch", "key"), ("key",))


def expression_warnings(part: Part, known: Sequence[Data]) -> Iterator[Problem]:
    """A warning for each unknown field in the expressions of a subscriber that its events are asked."""
    for place in _PLACES if known else ():
        text = part.value_at(*place) if place[0] in part.value else None
        if isinstance(text, str):
            yield from _expression(part, place, text, known)


def template_warnings(
    parts: Iterable[tuple[Part, str]], names: Sequence[str], known: Sequence[Data]
) -> Iterator[Problem]:
    """The same for the templates under these keys, which are filled in with `names`."""
    for part, key in parts if known else ():
        for place, text in texts_in(part.value.get(key), (key,)):
            try:
                paths = [path for tree in parse_template(text, names) for path in ways(tree, "data")]
            except ExpressionError:  # which is told as such
                continue
            yield from _unknown(part, place, text, paths, known)


def _expression(part: Part, place: tuple[str, ...], text: str, known: Sequence[Data]) -> Iterator[Problem]:
    try:
        paths = list(fields_of_data(text))
    except ExpressionError:  # which is told as such
        return
    yield from unknown_fields(part, place, paths, known)


def unknown_fields(
    part: Part, place: Sequence[str | int], paths: Iterable[tuple[str, ...]], known: Sequence[Data]
) -> Iterator[Problem]:
    """A warning for each of the ways into the data that the text at `place` goes and that leads nowhere."""
    text = str(part.value_at(*place))
    yield from _unknown(part, place, text, paths, known)


def _unknown(
    part: Part,
    place: Sequence[str | int],
    text: str,
    paths: Iterable[tuple[str, ...]],
    known: Sequence[Data],
) -> Iterator[Problem]:
    for path, fault in _first_faults(paths, known):
        depth, message, hint = _data_twice(path) if _names_data(path, fault) else fault
        offset = offset_of(text, path[depth])
        yield part.problem(UNKNOWN_FIELD, message, *place, hint=hint, severity="warning", offset=offset)


def _names_data(path: tuple[str, ...], fault: Fault) -> bool:
    return fault[0] == 0 and path[0] == "data" and len(path) > 1


def _data_twice(path: tuple[str, ...]) -> Fault:
    """What to say of `data.data.Stage` in an expression; in a pattern one `data.` is too much already."""
    return 0, 'the data has no field "data": a field stands right behind `data.`', f"write data.{path[1]}"


def _first_faults(
    paths: Iterable[tuple[str, ...]], known: Sequence[Data]
) -> Iterator[tuple[tuple[str, ...], Fault]]:
    """What is wrong with each way, the longest first; of ways that go wrong at one step, with one of them."""
    told: set[tuple[str, ...]] = set()
    for path in sorted(paths, key=len, reverse=True):
        fault = field_fault(path, known)
        wrong = path[: fault[0] + 1] if fault else ()
        if fault and wrong not in told:
            told.add(wrong)
            yield path, fault


def offset_of(text: str, name: str) -> int | None:
    """Where a field is named in an expression: behind a dot, or in quotes and square brackets."""
    found = re.search(rf"(?:\.\s*|\[\s*[\"'])({re.escape(name)})(?!\w)", text)
    return found.start(1) if found else None
