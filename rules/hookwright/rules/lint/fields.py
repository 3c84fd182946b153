"""Fields that the events of a subscriber do not have, with the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from hookwright.schemas.nearest import did_you_mean, question

from ..errors import Steps
from .data import Data
from .finding import UNKNOWN_FIELD, Finding

_CUSTOM: Final = ("mx_", "custom_")  # fields an account has made for itself
_SIDES: Final = ("Before", "After")
_LISTED: Final = 8  # fields that are named when none is near

Fault: TypeAlias = tuple[int, str, str]  # the step of the way that goes wrong, what to say, what is right


def unknown_field(path: tuple[str, ...], at: Steps, known: Sequence[Data]) -> Finding | None:
    """What is wrong with the way to a field of a pattern, which `at` leads to."""
    fault = field_fault(path, known)
    if fault is None:
        return None
    depth, message, hint = fault
    return Finding(UNKNOWN_FIELD, message, step_of(at, depth), hint, key=True)


def field_fault(path: tuple[str, ...], known: Sequence[Data]) -> Fault | None:
    """What is wrong with the way to a field, when none of the event types has such a field.

    Of objects that may have other fields than those listed, only a name that is nearly a listed one, or that
    belongs a level deeper, is told.
    """
    found = [_fault(path, data) for data in known]
    return found[0] if found and all(found) else None


def step_of(at: Steps, depth: int) -> Steps:
    """The way to the key that names step `depth` of a field's path: one key may name several, with dots."""
    for length, step in enumerate(at, 1):
        if isinstance(step, str) and not step.startswith("$"):
            depth -= step.count(".") + 1
        if depth < 0:
            return at[:length]
    return at


@lru_cache(maxsize=4096)  # thousands of subscribers ask for the same fields
def _fault(path: tuple[str, ...], data: Data) -> Fault | None:
    found = _first_fault(path, data)
    return None if found is None or _spelt_with_dots(path, found[0], data) else found


def _first_fault(path: tuple[str, ...], data: Data) -> Fault | None:
    here: Data | None = data
    for depth, name in enumerate(path):
        if here is None or not (here.nested or here.kinds):
            return None
        if not here.nested:
            plain = ".".join(path[:depth])
            message = f'"{plain}" is a plain value and has no field "{name}"'
            return depth, message, f'ask for "{plain}" itself'
        if name not in _names(here):
            said = _whole_event(path, here) if depth == 0 else None
            said = said or _no_such(name, depth, here)
            return (depth, *said) if said else None
        here = here.below(name)
    return None


def _spelt_with_dots(path: tuple[str, ...], depth: int, data: Data) -> bool:
    """Whether a field is listed whose name has dots and leads past step `depth`, as `a.b` beside `a`."""
    here: Data | None = data
    for start in range(depth + 1):
        beginning = ".".join(path[start : depth + 1]) + "."
        dotted = (name for name in _names(here) if "." in name) if here is not None else ()
        if any(f"{name}.".startswith(beginning) for name in dotted):
            return True
        here = here.below(path[start]) if here is not None else None
    return False


def _whole_event(path: tuple[str, ...], here: Data) -> tuple[str, str] | None:
    """What to say of `data.Stage`: so it stands in expressions, but a pattern is about the data alone."""
    inside = path[1:] if path[0] == "event" else path
    field = inside[1] if len(inside) > 1 and inside[0] == "data" else ""
    if not field.startswith(_CUSTOM) and field not in _names(here):
        return None
    return f'a pattern begins inside the data, which has no field "{path[0]}"', f"write {field}: ..."


def _no_such(name: str, depth: int, here: Data) -> tuple[str, str] | None:
    """What to say of a name that is not among the known fields of an object."""
    names = sorted(_names(here))
    deeper = [each for each in names if (below := here.below(each)) is not None and name in _names(below)]
    if set(names) == set(_SIDES) and (deeper or name.startswith(_CUSTOM)):
        message = f'"{name}" stands inside "Before" and "After", since the event is a change'
        return message, f"write After.{name}, or Before.{name}"
    if name in _SIDES and depth == 0 and here.sure and not here.by_schema:
        return f'the event is no change and has no "{name}"', "its fields stand at the top of the data"
    unknown = f'the event has no field "{name}" here'
    if here.sure and all(each.closed for each in here.objects()):
        return unknown, did_you_mean(name, names) or _there_are(names)
    if any(each.open for each in here.objects()):
        return None
    if deeper:
        return unknown, f'did you mean "{deeper[0]}.{name}"?'
    near = [] if name.startswith(_CUSTOM) else [each for each in names if _nearly(name, each)]
    return (unknown, str(question(name, near))) if near else None


def _there_are(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _LISTED else ""
    return f"the fields are: {', '.join(names[:_LISTED])}{more}" if names else "it has none"


def _names(data: Data) -> set[str]:
    return {name for each in data.objects() for name in each.fields}


def _nearly(one: str, other: str) -> bool:
    """The same but for case and marks between words, or for one letter more, less, changed or swapped.

    Other digits make another name: `Street2` beside `Street1`.
    """
    mine, theirs = _bare(one), _bare(other)
    if _digits(mine) != _digits(theirs):
        return False
    return mine == theirs or (min(len(mine), len(theirs)) > 3 and theirs in _one_edit_from(mine, theirs))


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _digits(name: str) -> list[str]:
    return [letter for letter in name if letter.isdigit()]


def _one_edit_from(mine: str, theirs: str) -> Iterable[str]:
    """What `mine` would be with the one letter mended where it first differs from `theirs`."""
    at = next(
        (index for index, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]), None
    )
    at = min(len(mine), len(theirs)) if at is None else at
    yield mine[:at] + mine[at + 1 :]
    yield mine[:at] + theirs[at : at + 1] + mine[at + 1 :]
    yield mine[:at] + theirs[at : at + 1] + mine[at:]
    yield mine[:at] + mine[at + 1 : at + 2] + mine[at : at + 1] + mine[at + 2 :]
