"""Patterns over the events of the made-up CRM, each drawn to match a wanted share of the events.

A pattern gets one condition after the other until the product of their shares is small enough. Seven of ten
conditions name exact values; the rest is every other operator. The wanted shares lie, on a logarithmic scale,
evenly around 3 in N for N patterns: few patterns are broad, many are narrow, and an event matches a few.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from . import vocabulary as words

_RECORD = "data.record."


class Condition(NamedTuple):
    """What a pattern says of one field, and the share of events of which it is true, roughly."""

    path: str
    alternatives: list[Any]
    share: float


def patterns(count: int, seed: int) -> dict[str, dict[str, Any]]:
    """`count` patterns by name; equal arguments give equal patterns."""
    draw = random.Random(seed + count)
    return {f"pattern-{number}": _pattern(draw, count) for number in range(count)}


def _pattern(draw: random.Random, count: int) -> dict[str, Any]:
    wanted = min(0.5, 3 / count * 10 ** draw.uniform(-1.2, 0.5))
    awkward = draw.random() < 0.02  # neither a type nor any other exact value
    conditions: dict[str, Condition] = {}
    if draw.random() < 0.9 and not awkward:
        conditions["type"] = _exact("type", words.TYPES)(draw)
    for _ in range(7):
        if _share(conditions) <= wanted:
            break
        condition = draw.choice(_EXACT)(draw) if draw.random() < 0.7 and not awkward else _other(draw)
        conditions.setdefault(condition.path, condition)
    pattern: dict[str, Any] = {}
    for condition in conditions.values() or [_exact("type", words.TYPES)(draw)]:
        _put(pattern, condition)
    if draw.random() < 0.04:
        pattern["$or"] = _branches(draw, conditions)
    return pattern


def _share(conditions: dict[str, Condition]) -> float:
    product = 1.0
    for condition in conditions.values():
        product *= condition.share
    return product


def _put(pattern: dict[str, Any], condition: Condition) -> None:
    *above, last = condition.path.split(".")
    for name in above:
        pattern = pattern.setdefault(name, {})
    pattern[last] = condition.alternatives


def _branches(draw: random.Random, taken: dict[str, Condition]) -> list[dict[str, Any]]:
    free = [found for make in _EXACT if (found := make(draw)).path not in taken]
    branches: list[dict[str, Any]] = [{}, {}]
    for branch, condition in zip(branches, draw.sample(free, 2), strict=True):
        _put(branch, condition)
    return branches


_Make = Callable[[random.Random], Condition]


def _exact(path: str, values: tuple[Any, ...], there: float = 1.0) -> _Make:
    """One to three values of a field that `there` of the events have."""

    def make(draw: random.Random) -> Condition:
        number = min(draw.choice([1, 1, 1, 2, 3]), len(values) - 1)
        return Condition(path, draw.sample(values, number), there * number / len(values))

    return make


_EXACT: tuple[_Make, ...] = (
    _exact("tenant", words.TENANTS),
    _exact("api_version", words.VERSIONS),
    _exact("actor.kind", words.ACTORS),
    _exact("data.entity", words.ENTITIES),
    _exact("data.changed", words.CHANGEABLE, 1.5),
    _exact(_RECORD + "stage", words.STAGES),
    _exact(_RECORD + "source", words.SOURCES),
    _exact(_RECORD + "owner.email", words.OWNERS),
    _exact(_RECORD + "owner.team", words.TEAMS),
    _exact(_RECORD + "address.city", words.CITIES, 0.9),
    _exact(_RECORD + "address.country", words.COUNTRIES, 0.9),
    _exact(_RECORD + "company", words.COMPANIES, 0.8),
    _exact(_RECORD + "product", words.PRODUCTS, 0.4),
    _exact(_RECORD + "tags", words.TAGS, 0.8),
    _exact(_RECORD + "utm.campaign", words.CAMPAIGNS, 0.4),
    _exact(_RECORD + "utm.medium", words.MEDIA, 0.4),
    _exact(_RECORD + "score", tuple(range(101))),
    _exact(_RECORD + "last_activity.code", tuple(range(1, 201)), 0.3),
    lambda draw: Condition(_RECORD + "active", [draw.random() < 0.8], 0.6),
)


def _other(draw: random.Random) -> Condition:
    """A condition without an exact value."""
    kinds: dict[Callable[[random.Random], Condition], int] = {
        _anything_but: 20,
        _prefix: 15,
        _suffix: 15,
        _range: 25,
        _exists: 10,
        _wildcard: 8,
        _ignoring_case: 2,
        _not_the_company: 2,
    }
    return draw.choices(list(kinds), list(kinds.values()))[0](draw)


def _anything_but(draw: random.Random) -> Condition:
    path, values = draw.choice(
        [
            (_RECORD + "stage", words.STAGES),
            (_RECORD + "source", words.SOURCES),
            (_RECORD + "address.country", words.COUNTRIES),
            (_RECORD + "address.city", words.CITIES),
            ("actor.kind", words.ACTORS),
        ]
    )
    number = draw.randint(1, 3)
    refused = draw.sample(values, number)
    return Condition(path, [{"anything-but": refused}], 1 - number / len(values))


def _not_the_company(draw: random.Random) -> Condition:
    return Condition(
        _RECORD + "company", [{"anything-but": {"prefix": draw.choice(words.COMPANIES)[:2]}}], 0.79
    )


def _prefix(draw: random.Random) -> Condition:
    path, values, length = draw.choice(
        [
            (_RECORD + "address.city", words.CITIES, draw.randint(1, 3)),
            (_RECORD + "email", _LOWER_NAMES, draw.choice([3, 4, 6])),
            (_RECORD + "company", words.COMPANIES, draw.randint(3, 6)),
            (_RECORD + "address.zip", _ZIPS, draw.randint(2, 4)),
            ("type", words.TYPES, 8),
        ]
    )
    text = draw.choice(values)[:length]
    return Condition(path, [{"prefix": text}], 0.9 * _part(values, lambda value: value.startswith(text)))


def _suffix(draw: random.Random) -> Condition:
    path, values, length = draw.choice(
        [
            (_RECORD + "email", words.DOMAINS, draw.choice([4, 6, 8, 9])),
            (_RECORD + "company", words.COMPANIES, draw.choice([3, 6, 8])),
            (_RECORD + "address.zip", _ZIPS, draw.randint(2, 4)),
            ("type", words.TYPES, 7),
        ]
    )
    text = draw.choice(values)[-length:]
    return Condition(path, [{"suffix": text}], 0.9 * _part(values, lambda value: value.endswith(text)))


def _range(draw: random.Random) -> Condition:
    if draw.random() < 0.5:
        low, width = round(draw.random() * 100_000, 2), 10 ** draw.uniform(1.5, 4.5)
        bounds = [">=", low, "<", round(low + width, 2)]
        return Condition(_RECORD + "amount", [{"numeric": bounds}], 0.6 * width / 100_000)
    if draw.random() < 0.5:
        low, width = draw.randint(0, 95), draw.randint(1, 30)
        return Condition(_RECORD + "score", [{"numeric": [">", low, "<=", low + width]}], width / 101)
    comparison = [draw.choice([">", "<="]), draw.randint(1, 99)]
    return Condition(_RECORD + "score", [{"numeric": comparison}], 0.5)


def _exists(draw: random.Random) -> Condition:
    path, there = draw.choice(
        [("phone", 0.7), ("amount", 0.6), ("product", 0.4), ("last_activity.code", 0.3), ("notes", 0.3)]
    )
    wanted = draw.random() < 0.6
    return Condition(_RECORD + path, [{"exists": wanted}], there if wanted else 1 - there)


def _wildcard(draw: random.Random) -> Condition:
    name, domain = draw.choice(_LOWER_NAMES), draw.choice(words.DOMAINS)
    first, second = draw.sample(words.TAGS, 2)
    initials, done = draw.choice(words.COMPANIES)[:2], draw.choice(["Create", "Update", "Delete"])
    path, text, share = draw.choice(
        [
            (_RECORD + "email", f"{name}*@{domain[:3]}*", 0.9 / 400 / 30),
            (_RECORD + "email", f"*@{domain}", 0.9 / 800),
            ("type", f"*_Post_{done}", 0.33),
            (_RECORD + "company", f"{initials}*{draw.choice(['Ltd', 'Inc', 'GmbH'])}", 0.8 / 75 / 4),
            (_RECORD + "last_activity.note", f"*{first}*{second}*", 0.3 * 0.002),
            (_RECORD + "notes", f"*{first} {second}*", 0.3 * 11 / 14_400),
        ]
    )
    return Condition(path, [{"wildcard": text}], share)


def _ignoring_case(draw: random.Random) -> Condition:
    text = draw.choice(words.CITIES).upper()
    return Condition(_RECORD + "address.city", [{"equals-ignore-case": text}], 0.9 / len(words.CITIES))


def _part(values: tuple[str, ...], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, values)) / len(values)


_LOWER_NAMES = tuple(name.lower() for name in words.FIRST_NAMES)
_ZIPS = tuple(f"{number:06}" for number in range(0, 10**6, 997))
