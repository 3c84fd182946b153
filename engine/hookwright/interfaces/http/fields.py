"""Fields of a JSON object that a client sends: every fault with its pointer, and the nearest right word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hookwright.rules.event import JSON
from hookwright.schemas.nearest import nearest

from .problems import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the value at `pointer` (a JSON Pointer). `nearest` is the best guess what was meant.

    `code` names the rule that was broken, where it is one of a bundle's (`HW012`); `hint` says what would be
    right.
    """

    pointer: str
    message: str
    nearest: str | None = None
    code: str | None = None
    hint: str | None = None

    def document(self) -> dict[str, Any]:
        names = ("pointer", "code", "message", "hint", "nearest")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def invalid(faults: Sequence[Fault]) -> Refused:
    """The refusal (422) that tells all of them; `pointer` and `detail` are the first one's."""
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    guess = f"; did you mean {first.nearest}?" if first.nearest else ""
    members = {"pointer": first.pointer, "problems": [each.document() for each in faults]}
    return Refused(Refusal(422, "Not valid", f"{first.message}{guess}{more}", members=members))


def unknown_keys(value: Mapping[str, JSON], known: Collection[str]) -> Iterable[Fault]:
    """A fault for each key that is none."""
    for key in value:
        if key not in known:
            guess = next(iter(nearest(key, known, limit=1)), None)
            yield Fault(pointer(key), f'unknown key "{key[:50]}"', guess)


def choice(value: JSON, key: str, known: Sequence[str]) -> Iterable[Fault]:
    """A fault unless the value is one of `known`."""
    if value is None:
        yield Fault(pointer(key), f"{key} is missing; one of {', '.join(known)}")
    elif value not in known:
        guess = next(iter(nearest(value, known, limit=1)), None) if isinstance(value, str) else None
        yield Fault(pointer(key), f"{key} is one of {', '.join(known)}", guess)


def pointer(*steps: str | int) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
