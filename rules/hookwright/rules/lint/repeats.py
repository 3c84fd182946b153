"""Subscribers that call where another one calls already, for the same events, which then come twice.

All subscribers that match an event are called, so one that selects less than another to the same end adds
nothing but repeats. Calls are to the same end when everything about them is equal that a receiver can see;
how often and how long they are tried does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from hookwright.schemas.problem import Problem, Related

from ..bundle import Bundle, Entry, Part
from ..model import Action, Model, RetryPolicy, Subscriber
from ..pattern import Node, parse_pattern
from .entailment import entails, normal, weight

_MOST_PAIRS: Final = 5_000  # of calls to one end that are compared
_HEAVIEST: Final = 500  # alternatives that the patterns of these calls may have together

_TRIED: Final[Mapping[str, object]] = MappingProxyType(
    {
        "timeout": 0,
        "success": frozenset(),
        "retry": RetryPolicy(),
        "concurrency": 0,
        "breaker": None,
        "rate": None,
    }
)
"""How often, how fast and how long a call is tried: all the same to what is said here."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """One call of a subscriber and what it is made for.

    `pattern` is None for every event; `normal` is the same for patterns that say the same.
    """

    subscriber: Subscriber
    action: Action
    events: frozenset[str]
    globs: frozenset[str]
    pattern: Node | None
    normal: Hashable

    def selection(self) -> Hashable:
        """Equal for those made for the same events."""
        return self.events, self.globs, self.subscriber.sources, self.subscriber.condition, self.normal

    def covers(self, other: _Call) -> bool:
        """Whether it is certainly made for every event the other is made for."""
        if not (other.events <= self.events and other.globs <= self.globs):
            return False
        if self.subscriber.condition not in (True, other.subscriber.condition):
            return False
        sources, others = self.subscriber.sources, other.subscriber.sources
        if sources and not (others and set(others) <= set(sources)):
            return False
        if self.pattern is None or self.normal == other.normal:
            return True
        return other.pattern is not None and entails(other.pattern, self.pattern)


def repeats(bundle: Bundle, model: Model) -> Iterator[Problem]:
    """A warning for each call of a bundle that only repeats what another one does."""
    entries = {entry.id: entry for entry in bundle.entries if entry.id is not None}
    for calls in _to_one_end(model):
        first: dict[Hashable, _Call] = {}
        for call in calls:
            before = first.setdefault(call.selection(), call)
            if before is not call:
                yield _twin(call, before, entries)
        for narrow, wide in _covered(list(first.values())):
            yield _shadowed(narrow, wide, entries)


def _to_one_end(model: Model) -> Iterator[list[_Call]]:
    """Calls of which a receiver cannot tell apart one from the other, wherever there are several."""
    by_url: dict[tuple[str, str], list[tuple[Subscriber, Action]]] = defaultdict(list)
    for subscriber in model.subscribers:
        for action in subscriber.actions if subscriber.automation is None else ():  # which depend on its run
            if action.target.url:
                by_url[action.target.method, action.target.url].append((subscriber, action))
    for same_url in by_url.values():
        by_end: dict[Hashable, list[_Call]] = defaultdict(list)
        for subscriber, action in same_url if len(same_url) > 1 else ():
            call = _call(subscriber, action, model)
            if (call.events or call.globs) and subscriber.condition is not False:  # or it is never made
                by_end[_end(subscriber, action)].append(call)
        yield from (calls for calls in by_end.values() if len(calls) > 1)


def _end(subscriber: Subscriber, action: Action) -> Hashable:
    """All that is said of a call but its name, the events it is for, and what happens when it fails."""
    target = replace(action.target, **_TRIED)  # type: ignore[arg-type]  # by name
    nameless: dict[str, object] = {"id": "", "actions": (), "description": "", "labels": {}, "owner": ""}
    selecting: dict[str, object] = {
        "events": (),
        "globs": (),
        "sources": (),
        "match": None,
        "condition": True,
    }
    failing: dict[str, object] = {"notify": (), "disable_after": None, "disable_when": None}
    manner = replace(subscriber, **nameless, **selecting, **failing)  # type: ignore[arg-type]  # by name
    return target, manner


def _call(subscriber: Subscriber, action: Action, model: Model) -> _Call:
    pattern = None if subscriber.match is None else parse_pattern(subscriber.match).root
    return _Call(
        subscriber,
        action,
        frozenset(subscriber.events),
        frozenset(subscriber.globs if model.allow_undeclared_events else ()),
        pattern,
        None if pattern is None else normal(pattern),
    )


def _covered(calls: Sequence[_Call]) -> Iterator[tuple[_Call, _Call]]:
    """Each call that another one covers, with that one; of two that cover each other, the second.

    Of very many calls to one end, or with very large patterns, only those without a pattern are looked at as
    the wider ones.
    """
    wide = list(enumerate(calls))
    heavy = sum(weight(call.pattern) for call in calls if call.pattern is not None) > _HEAVIEST
    if heavy or len(calls) * len(wide) > _MOST_PAIRS:
        wide = [(number, each) for number, each in wide if each.pattern is None][: _MOST_PAIRS // len(calls)]
    for index, call in enumerate(calls):
        for number, other in wide:
            if number != index and other.covers(call) and (number < index or not call.covers(other)):
                yield call, other
                break


def _twin(call: _Call, before: _Call, entries: Mapping[str, Entry]) -> Problem:
    identifier, other = call.subscriber.id, before.subscriber.id
    message = f'"{identifier}" repeats "{other}": the same events go to the same place twice'
    if identifier == other:
        message = "this call repeats another one of the rule, so every event goes there twice"
    return _told("HW154", message, "remove one of the two", (call, before), "first one here", entries)


def _shadowed(narrow: _Call, wide: _Call, entries: Mapping[str, Entry]) -> Problem:
    identifier, other = narrow.subscriber.id, wide.subscriber.id
    message = f'"{identifier}" only repeats: "{other}" sends all that it selects to the same place, too'
    hint = f'remove it, or narrow "{other}"'
    return _told("HW155", message, hint, (narrow, wide), "the wider one", entries)


def _told(
    code: str,
    message: str,
    hint: str,
    calls: tuple[_Call, _Call],
    role: str,
    entries: Mapping[str, Entry],
) -> Problem:
    """At the ids of two subscribers, or at the URLs of two calls of one."""
    same = calls[0].subscriber.id == calls[1].subscriber.id
    place, other = (_place(call, entries, within=same) for call in calls)
    key = "url" if same else "id"
    related = Related(other.place(key), role)
    return place.problem(code, message, key, hint=hint, severity="warning", related=(related,))


def _place(call: _Call, entries: Mapping[str, Entry], *, within: bool) -> Part:
    entry = entries[call.subscriber.id]
    return (entry.target(call.action.path) or entry.part) if within else entry.part
