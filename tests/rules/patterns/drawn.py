"""Patterns and events drawn from a handful of names and values, so that everything collides."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

BIG = 9007199254740993  # the first integer that is no double
VALUES: list[Any] = [
    *("", "a", "ab", "A", "b", "ba", "\u00df", "ss", "prefix"),
    *("0", "1", "01", "-1", "+1", "1.0", "1e0", "1.", " 1", str(BIG), "9" * 30),
    *("10.0.0.1", "10.0.0.2", "10.0.1.1", "::1", "0:0::1", "::ffff:10.0.0.1", "010.0.0.1", "::1%eth0"),
    *(0, 1, -1, 1.0, 0.5, -0.0, BIG, BIG - 1, float(BIG), 10**30, 10**30 + 1, 1e30, 1e308, 5e-324, 2**1024),
    *(True, False, None),
]
"""Every kind of leaf, with neighbours that are easily taken for it."""

TEXTS = ["", "a", "ab", "A", "b", "\u00df", "SS", "1", "10.0.0.1"]
WILDCARDS = [
    "*",
    "",
    "a*",
    "*a",
    "a*b",
    "*b*",
    "*a*b*",
    "a*a",
    "ab*b",
    "a*ab",
    "b*a*b",
    "a\\*",
    "a",
    "*.*.*",
    "\\\\*",
]
NETWORKS = ["10.0.0.0/24", "10.0.0.1/32", "10.0.0.7/8", "0.0.0.0/0", "::/0", "::1/128", "::ffff:0:0/96"]
RANGES: list[Any] = [
    *([">", 0], [">=", 1], ["<", 1], ["<=", 0], ["=", 1], ["=", 1.0], ["=", 0], ["=", BIG], ["=", 1e30]),
    *([">", 0, "<", 1], [">=", 0, "<=", 1], [">", BIG - 1, "<=", BIG], [">", BIG], ["<", 10**30 + 1]),
    *([">=", -1, "<", 0.5], [">", 1e308]),
]
NUMBERS: list[Any] = [0, 1, 1.0, -1, 0.5, BIG, 10**30, 1e30]
FULL = ["a", "b", "ab", "A", "ss"]


def operators() -> list[dict[str, Any]]:
    """Every operator with every operand of its kind."""
    refused: list[Any] = [
        *TEXTS,
        *NUMBERS,
        ["a", ""],
        [1, BIG],
        [0],
        *({name: text} for name in ("prefix", "suffix", "equals-ignore-case") for text in FULL),
        *({name: ["a", "b"]} for name in ("prefix", "suffix", "equals-ignore-case", "wildcard")),
        *({"wildcard": text} for text in WILDCARDS),
    ]
    cased: list[Any] = [*TEXTS, *({"equals-ignore-case": text} for text in FULL)]
    operands: dict[str, list[Any]] = {
        "exactly": TEXTS,
        "prefix": cased,
        "suffix": cased,
        "equals-ignore-case": TEXTS,
        "wildcard": WILDCARDS,
        "numeric": RANGES,
        "number": RANGES,
        "cidr": NETWORKS,
        "anything-but": refused,
        "exists": [True, False],
    }
    return [{name: operand} for name, each in operands.items() for operand in each]


NAMES = ["a", "b", "c", "a.b", "a.a", "=prefix", "==prefix", "=$or", "a.b.c"]
EVENT_NAMES = ["a", "a", "b", "b", "c", "a.b", "a.a", "b.c", "d", "prefix", "=prefix", "$or"]
ESCAPE = {"prefix": "=prefix", "=prefix": "==prefix", "$or": "=$or"}
FEW: list[Any] = ["a", "ab", 1, 0, True, None]
ALTERNATIVES = operators()


class Drawer:
    """Draws patterns and events; the simplest stands first in a choice, for hypothesis to shrink to."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def pattern(self) -> dict[str, Any]:
        """Fields up to three levels deep, with `$or`, `$and`, `$not` on every level."""
        return self._with_logic(lambda: self._fields(2, lambda: self._below(1)), 1)

    def event(self) -> Any:
        if self._one_in(8):
            return self._value(4)
        return self._members(3, EVENT_NAMES, lambda: self._value(3)) or {"a": self._scalar()}

    def pattern_near(self, event: Any) -> dict[str, Any]:
        """A pattern with a few fields that the event has, and often its values."""
        pattern: dict[str, Any] = {}
        for _ in range(self._random.choice([1, 2, 2, 3, 4])):
            names, leaf = self._way_down(event)
            if names:
                self._put(pattern, names, self._alternatives_near(leaf))
        pattern = pattern or self.pattern()
        if self._one_in(4):
            word = self._random.choice(["$or", "$and"])
            return {word: [pattern, self.pattern_near(event)]}
        return {**pattern, "$not": self.pattern_near(event)} if self._one_in(8) else pattern

    def _way_down(self, value: Any) -> tuple[list[str], Any]:
        """The names on a way from `value` to a leaf, and the leaf; None where the way ends without one."""
        names: list[str] = []
        while value and isinstance(value, dict | list):
            if isinstance(value, dict):
                name = self._random.choice(list(value))
                names.append(ESCAPE.get(name, name))
                value = value[name]
            else:
                value = self._random.choice(value)
        return names, None if isinstance(value, dict | list) else value

    def _put(self, pattern: dict[str, Any], names: list[str], alternatives: Any) -> None:
        """Under nested names or, where none is escaped, a dotted one."""
        if self._one_in(3) and not any("=" in name for name in names):
            names = [".".join(names)]
        for name in names[:-1]:
            below = pattern.setdefault(name, {})
            pattern = below if isinstance(below, dict) else {}
        pattern[names[-1]] = alternatives

    def _alternatives_near(self, leaf: Any) -> Any:
        kind = self._random.randrange(8)
        if kind < 4:
            return leaf if kind else [leaf, self._scalar()]
        if kind == 4:
            return [{"exists": self._one_in(2)}]
        return [self._random.choice(ALTERNATIVES)] if kind < 7 else self._alternatives()

    def row_pattern(self) -> dict[str, Any]:
        """Conditions below a list of objects and below a list in it, with hardly a value to tell them by."""
        below = self._with_logic(lambda: self._some({"a": self._seldom, "e": self._inner_pattern}), 1)
        return {"d": below, **({"c": 1} if self._one_in(2) else {})}

    def row(self) -> dict[str, Any]:
        return self._some({"d": self._outer_rows, "d.e": self._inner_rows, "c": self._one_or_two})

    def crowd_pattern(self, fields: list[str]) -> dict[str, Any]:
        """A few conditions on few or many `fields`: thousands of these have very much in common."""
        chosen = self._random.sample(fields, self._random.choice([1, 2, 3, 4]))
        pattern = {
            field: [self._crowd_alternative() for _ in range(self._random.choice([1, 1, 2]))]
            for field in chosen
        }
        if self._one_in(20):  # more ways to be met than it pays to multiply out
            return {"$and": [{"$or": [self._crowd_field(fields) for _ in range(3)]} for _ in range(4)]}
        if self._one_in(10):
            return {"$or": [pattern, self.crowd_pattern(fields)]}
        return {**pattern, "$not": self.crowd_pattern(fields)} if self._one_in(10) else pattern

    def crowd_event(self, fields: list[str]) -> dict[str, Any]:
        return {field: self._crowd_value() for field in fields if not self._one_in(4)}

    def _crowd_field(self, fields: list[str]) -> dict[str, Any]:
        return {self._random.choice(fields): [self._crowd_alternative()]}

    def _crowd_alternative(self) -> Any:
        kind = self._random.randrange(8)
        if kind < 5:
            return self._crowd_value()
        return {"exists": self._one_in(2)} if kind == 5 else self._random.choice(ALTERNATIVES)

    def _crowd_value(self) -> Any:
        return self._random.choice(["a", "ab", "b", 1])

    def _below(self, depth: int) -> Any:
        if depth < 3 and not self._one_in(2):
            return self._with_logic(lambda: self._fields(2, lambda: self._below(depth + 1)), depth // 2)
        return self._alternatives()

    def _fields(self, most: int, below: Callable[[], Any]) -> dict[str, Any]:
        return self._members(most, NAMES, below) or {self._random.choice(NAMES): below()}

    def _with_logic(self, plain: Callable[[], dict[str, Any]], depth: int) -> dict[str, Any]:
        """Sometimes one of the words beside the fields of `plain`, sometimes alone."""
        if self._random.randrange(depth + 1) == 0:
            return plain()
        word = self._random.choice(["$or", "$and", "$not"])
        inner = [self._with_logic(plain, depth - 1) for _ in range(1 if word == "$not" else 2)]
        beside = plain() if self._one_in(2) else {}
        return {**beside, word: inner[0] if word == "$not" else inner}

    def _alternatives(self) -> Any:
        if self._one_in(4):
            return self._scalar()
        return [self._alternative() for _ in range(self._random.choice([1, 1, 2, 3]))]

    def _alternative(self) -> Any:
        kind = self._random.randrange(6)
        if kind < 3:
            return self._scalar()
        return {"exists": self._one_in(3)} if kind == 3 else self._random.choice(ALTERNATIVES)

    def _scalar(self) -> Any:
        return self._random.choice(VALUES if self._one_in(4) else FEW)

    def _value(self, depth: int) -> Any:
        kind = self._random.randrange(6) if depth else 0
        if kind < 2:
            return self._scalar()
        if kind < 4:
            return [self._value(depth - 1) for _ in range(self._random.randrange(4))]
        return self._members(3, EVENT_NAMES, lambda: self._value(depth - 1))

    def _members(self, most: int, names: list[str], below: Callable[[], Any]) -> dict[str, Any]:
        return {self._random.choice(names): below() for _ in range(self._random.randrange(most + 1))}

    def _outer_rows(self) -> list[Any]:
        parts = {"a": self._one_or_two, "e": self._inner_rows, "e.a": self._one_or_two}
        return [self._some(parts) for _ in range(self._random.randrange(4))]

    def _inner_rows(self) -> list[Any]:
        parts = dict.fromkeys("abc", self._one_or_two)
        return [self._some(parts) for _ in range(self._random.randrange(4))]

    def _inner_pattern(self) -> dict[str, Any]:
        return self._with_logic(lambda: self._some(dict.fromkeys("abc", self._seldom)), 1)

    def _some(self, parts: dict[str, Callable[[], Any]]) -> dict[str, Any]:
        """Each part half of the time, but not none of them."""
        found = {name: make() for name, make in parts.items() if self._one_in(2)}
        name = self._random.choice(list(parts))
        return found or {name: parts[name]()}

    def _seldom(self) -> Any:
        absent = {"exists": False}
        return self._random.choice([1, 2, [1, 2], [absent], [1, absent], [{"exists": True}]])

    def _one_or_two(self) -> int:
        return self._random.choice([1, 2])

    def _one_in(self, number: int) -> bool:
        return self._random.randrange(number) == number - 1
