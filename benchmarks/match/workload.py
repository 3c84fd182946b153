"""Workloads: patterns, and the events they are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from .events import events
from .lots import lots, rule_sets
from .patterns import patterns

CRM_SIZES: Final = (10, 100, 1000, 10_000, 100_000)
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Workload:
    """`make_patterns` gives patterns by name, `make_events` as many events as asked for.

    Both give the same in every run; another seed gives other events.
    """

    name: str
    size: int
    make_patterns: Callable[[], dict[str, dict[str, Any]]]
    make_events: Callable[[int, int], list[dict[str, Any]]]


def workloads() -> Iterator[Workload]:
    """CRM events against growing numbers of patterns, then every rule set of event-ruler against lots."""
    for size in CRM_SIZES:
        yield _crm(size)
    for name, rules in rule_sets().items():
        yield _lots(name, rules)


def _crm(size: int) -> Workload:
    return Workload(f"crm-{size}", size, lambda: patterns(size, _SEED), events)


def _lots(name: str, rules: dict[str, dict[str, Any]]) -> Workload:
    title = "lots-" + name.lower().replace("_", "-")
    return Workload(title, len(rules), lambda: rules, lots)
