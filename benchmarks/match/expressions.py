"""Patterns of the workloads in the expression language of zen-engine.

Written as a user of zen-engine would who knows the events: only the fields in `LISTS` hold lists, so all
others are asked directly. Raises `NotImplementedError` for what cannot be said so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

LISTS: Final = frozenset({"data.changed", "data.record.tags"})


def expression(pattern: Mapping[str, Any], path: str = "") -> str:
    """The expression that is true of the events `pattern` matches."""
    parts: list[str] = []
    for key, below in pattern.items():
        here = f"{path}.{key}" if path else key
        if key == "$or":
            parts.append(_any(expression(branch, path) for branch in below))
        elif here == "geometry.coordinates":
            raise NotImplementedError("lists of objects")
        elif isinstance(below, Mapping):
            parts.append(expression(below, here))
        else:
            parts.append(_field(here, below))
    return " and ".join(parts)


def _field(path: str, alternatives: list[Any]) -> str:
    if path in LISTS:
        tests = _alternatives("#", alternatives)
        return f"some({path} ?? [], {tests})"
    return _alternatives(path, alternatives)


def _alternatives(leaf: str, alternatives: list[Any]) -> str:
    exact = [each for each in alternatives if not isinstance(each, Mapping)]
    tests = [f"{leaf} in {json.dumps(exact)}"] if exact else []
    for each in alternatives:
        if isinstance(each, Mapping):
            ((name, operand),) = each.items()
            tests.append(_OPERATORS[name](leaf, operand))
    return _any(tests)


def _any(tests: Any) -> str:
    return f"({' or '.join(tests)})"


def _text(leaf: str, test: str) -> str:
    return f'(type({leaf}) == "string" and {test})'


def _end(function: str) -> Callable[[str, Any], str]:
    def test(leaf: str, operand: Any) -> str:
        if isinstance(operand, Mapping):
            text = json.dumps(operand["equals-ignore-case"].lower())
            return _text(leaf, f"{function}(lower({leaf}), {text})")
        return _text(leaf, f"{function}({leaf}, {json.dumps(operand)})")

    return test


def _ignoring_case(leaf: str, operand: str) -> str:
    return _text(leaf, f"lower({leaf}) == {json.dumps(operand.lower())}")


def _wildcard(leaf: str, operand: str) -> str:
    shape = "^" + ".*".join(map(_literally, operand.split("*"))) + "$"
    return _text(leaf, f"matches({leaf}, {json.dumps(shape)})")


def _literally(text: str) -> str:
    """Without backslashes, which zen-engine takes for themselves in a string."""
    return re.sub(r"[^\w@ -]", lambda found: f"[{found[0]}]", text)


def _numeric(leaf: str, operand: list[Any]) -> str:
    signs = {"=": "=="}
    bounds = [
        f"{leaf} {signs.get(operand[at], operand[at])} {operand[at + 1]}" for at in range(0, len(operand), 2)
    ]
    return f'(type({leaf}) == "number" and {" and ".join(bounds)})'


def _exists(leaf: str, operand: bool) -> str:
    """A field that is null counts as absent in zen-engine, not so in patterns: `notes` may be null."""
    above, _, last = leaf.rpartition(".")
    there = f'contains(keys({above or "$root"} ?? {{}}), "{last}")'
    return there if operand else f"not {there}"


def _anything_but(leaf: str, operand: Any) -> str:
    if isinstance(operand, Mapping):
        ((name, texts),) = operand.items()
        refused = [_OPERATORS[name](leaf, text) for text in (texts if isinstance(texts, list) else [texts])]
        return f"({_exists(leaf, True)} and not {_any(refused)})"
    refused_values = operand if isinstance(operand, list) else [operand]
    return f"({_exists(leaf, True)} and {leaf} not in {json.dumps(refused_values)})"


_OPERATORS: Final[Mapping[str, Callable[[str, Any], str]]] = {
    "prefix": _end("startsWith"),
    "suffix": _end("endsWith"),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "exists": _exists,
    "anything-but": _anything_but,
}
