"""Everything there is to say of one valid pattern and the events it is put to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ..errors import Steps
from ..pattern.syntax import All, Field, Node, Not, Pattern
from .always import too_much
from .data import Data
from .entailment import below
from .fields import unknown_field
from .finding import Finding
from .listed import unlisted_values
from .needless import needless, needless_alternatives
from .never import never
from .values import wrong_kinds

LARGEST: Final = 40
"""How many conditions a pattern may have for them to be compared with each other."""


def pattern_findings(
    pattern: Pattern, written: Mapping[str, Any], known: Sequence[Data] = ()
) -> Iterator[Finding]:
    """What is suspicious about `pattern`, which `written` says.

    `known` is the data of all events it is put to; with none, only what follows from the pattern itself is
    told. Of what one condition has wrong, only the worst is: the rest may well follow from it.
    """
    fields = list(_fields(pattern.root))
    if _stand_apart(pattern.root, fields):
        for field in fields:
            yield from _worst(_of_field(field, written, known))
        return
    told: list[Steps] = []
    for found in _by_weight(pattern.root, fields, written, known):
        fresh = [each for each in found if not any(_about(each, at) for at in told)]
        told += [each.at for each in fresh]
        yield from fresh


_Weights: TypeAlias = Iterator[Iterable[Finding]]


def _worst(weights: _Weights) -> Sequence[Finding]:
    return next((found for each in weights if (found := list(each))), [])


def _of_field(field: Field, written: Mapping[str, Any], known: Sequence[Data]) -> _Weights:
    yield _against_events(field, written, known)
    yield too_much(field)
    yield needless_alternatives(field, written)


def _by_weight(
    root: Node, fields: Sequence[Field], written: Mapping[str, Any], known: Sequence[Data]
) -> _Weights:
    yield [each for field in fields for each in _against_events(field, written, known)]
    yield too_much(root)
    related = len(fields) <= LARGEST
    if related:
        yield never(root, lambda path: _is_single(path, known))
    yield needless(root, written, related=related)


def _stand_apart(root: Node, fields: Sequence[Field]) -> bool:
    """Whether a pattern only asks for some fields, each once, as most do."""
    parts = root.parts if isinstance(root, All) else (root,)
    return all(isinstance(part, Field) for part in parts) and len({each.path for each in fields}) == len(
        fields
    )


def _against_events(field: Field, written: Mapping[str, Any], known: Sequence[Data]) -> Iterator[Finding]:
    unknown = unknown_field(field.path, field.at, known)
    if unknown is not None:
        yield unknown
        return
    wrong = list(wrong_kinds(field, written, known))
    yield from wrong or unlisted_values(field, written, known)


def _about(finding: Finding, at: Steps) -> bool:
    """Whether a finding is about what stands at `at`, around it or inside it."""
    places = (finding.at,) if finding.other is None else (finding.at, finding.other)
    return any(place[: len(at)] == at[: len(place)] for place in places)


def _is_single(path: tuple[str, ...], known: Sequence[Data]) -> bool:
    return bool(known) and all(data.is_single(path) for data in known)


def _fields(node: Node) -> Iterator[Field]:
    if isinstance(node, Field):
        yield node
    else:
        for each in (node.part,) if isinstance(node, Not) else below(node):
            yield from _fields(each)
