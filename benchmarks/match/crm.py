"""A made-up CRM: its events, and patterns such as its users would write. The same every run."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Condition = tuple[str, Any]
"""A dotted field of the event and what a pattern says of it."""

_SYLLABLES = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
_SEED = 20_261_123


class Crm:
    """Draws events and patterns from one vocabulary, so that a pattern matches now and then."""

    def __init__(self, seed: int = _SEED) -> None:
        self._random = random.Random(seed)
        self.types = [f"{what}_Post_{did}" for what in ("Lead", "Task", "Deal", "Call") for did in _DONE]
        self.people = [f"{name}@sales.example.com" for name in self._words(400, 4)]
        self.cities = [word.title() for word in self._words(200, 3)]
        self.companies = [
            f"{word.title()} {form}" for word in self._words(600, 3) for form in ("Ltd", "GmbH")
        ]
        self.campaigns = self._words(120, 3)
        self.tenants = [f"tenant-{number:03}" for number in range(150)]

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self._event() for _ in range(count)]

    def patterns(self, count: int) -> dict[str, dict[str, Any]]:
        """Patterns with the event type in nine of ten, exact fields, and one or two loose conditions.

        Few patterns are broad and many are narrow, so that an event matches about as often either way.
        """
        exact = [0, 0, 1] if count < 100 else [1, 1, 2, 2, 3]
        return {f"pattern-{number}": self._pattern(self._random.choice(exact)) for number in range(count)}

    def _words(self, count: int, syllables: int) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < count:
            words["".join(self._random.choices(_SYLLABLES, k=syllables))] = None
        return list(words)

    def _event(self) -> dict[str, Any]:
        draw = self._random
        event: dict[str, Any] = {
            "type": draw.choice(self.types),
            "tenant": draw.choice(self.tenants),
            "actor": {
                "kind": draw.choice(_ACTORS),
                "address": f"10.{draw.randrange(4)}.0.{draw.randrange(256)}",
            },
            "record": {
                "stage": draw.choice(_STAGES),
                "score": draw.randrange(101),
                "owner": {"email": draw.choice(self.people), "team": f"team-{draw.randrange(30)}"},
                "city": draw.choice(self.cities),
                "company": draw.choice(self.companies),
                "tags": draw.sample(self.campaigns, draw.randrange(4)),
                **{
                    f"custom_{draw.randrange(60)}": str(draw.randrange(1000))
                    for _ in range(draw.randrange(15))
                },
            },
        }
        optional = {
            "amount": round(draw.random() * 90_000, 2),
            "campaign": draw.choice(self.campaigns),
            "note": None,
        }
        event["record"].update((key, value) for key, value in optional.items() if draw.random() < 0.5)
        return event

    def _pattern(self, exact: int) -> dict[str, Any]:
        draw = self._random
        selective: list[Callable[[], Condition]] = [
            lambda: ("tenant", draw.sample(self.tenants, draw.randint(1, 3))),
            lambda: ("record.owner.email", draw.sample(self.people, draw.randint(1, 3))),
            lambda: ("record.city", draw.sample(self.cities, draw.randint(1, 4))),
            lambda: ("record.campaign", [draw.choice(self.campaigns)]),
            lambda: ("record.tags", draw.sample(self.campaigns, 2)),
        ]
        conditions = dict(
            [("type", draw.sample(self.types, draw.randint(1, 3)))] if draw.random() < 0.9 else []
        )
        conditions.update(make() for make in draw.sample(selective, exact))
        conditions.update(self._loose() for _ in range(draw.randint(1, 2)))
        pattern: dict[str, Any] = {}
        for path, condition in conditions.items():
            _put(pattern, path.split("."), condition)
        if draw.random() < 0.05:
            pattern["$or"] = [{"actor": {"kind": ["api"]}}, {"record": {"stage": ["Won"]}}]
        return pattern

    def _loose(self) -> Condition:
        """A condition that is not exact, and often true."""
        draw = self._random
        low = draw.randrange(80)
        return draw.choice(
            [
                ("record.stage", [{"anything-but": draw.sample(_STAGES, 2)}]),
                ("record.company", [{"prefix": draw.choice(self.companies)[:3]}]),
                ("record.company", [{"suffix": "GmbH"}]),
                ("record.score", [{"numeric": [">", low, "<=", low + 20]}]),
                ("record.amount", [{"numeric": [">=", draw.randrange(60_000)]}]),
                ("record.note", [{"exists": draw.random() < 0.5}]),
                ("record.city", [{"equals-ignore-case": draw.choice(self.cities).upper()}]),
                ("type", [{"wildcard": f"*_Post_{draw.choice(_DONE)}"}]),
                ("actor.address", [{"cidr": f"10.{draw.randrange(4)}.0.0/16"}]),
            ]
        )


def _put(pattern: dict[str, Any], path: list[str], condition: Any) -> None:
    for key in path[:-1]:
        pattern = pattern.setdefault(key, {})
    pattern[path[-1]] = condition


_DONE = ["Create", "Update", "Delete", "Assign", "Merge", "Close"]
_STAGES = ["New", "Contacted", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]
_ACTORS = ["user", "api", "import", "automation"]
