"""The names the parts of a bundle can refer to, and what is said of one that refers to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show, some

from .bundle import Bundle, Part
from .glob import is_glob
from .references import EventNames

_Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Namespace:
    """Event types, and the ids of notifiers and schedules.

    `complete` is False while a file that may hold some of them cannot be read: then none is called unknown.
    """

    events: EventNames
    notifiers: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
    allow_undeclared_events: bool = False
    complete: bool = True

    @classmethod
    def of(
        cls, bundle: Bundle, events: EventNames, *, allow_undeclared_events: bool, complete: bool
    ) -> Namespace:
        """All that stands in `bundle`, and `events`."""
        return cls(events, _ids(bundle.notifiers), _ids(bundle.schedules), allow_undeclared_events, complete)

    def event_problems(self, part: Part, key: str) -> Iterator[Problem]:
        """For the event types, labels and globs under `key`: one, or a list."""
        for path, name in _names(part, key) if self.complete else ():
            if not self.events.resolve(name):
                yield from self._unresolved(part, path, name)

    def notifier_problems(self, part: Part, key: str) -> Iterator[Problem]:
        """For the notifiers under `key`: one, or a list."""
        for path, name in _names(part, key) if self.complete else ():
            if name not in self.notifiers:
                hint = _hint(name, self.notifiers, "notifiers")
                yield part.problem("HW121", f"unknown notifier {show(name)}", *path, hint=hint)

    def schedule_problems(self, part: Part, key: str) -> Iterator[Problem]:
        """For the schedule under `key`."""
        for path, name in _names(part, key) if self.complete else ():
            if name not in self.schedules:
                hint = _hint(name, self.schedules, "schedules")
                yield part.problem("HW145", f"unknown schedule {show(name)}", *path, hint=hint)

    def _unresolved(self, part: Part, path: _Path, name: str) -> Iterator[Problem]:
        guess = _several(name) or self.events.did_you_mean(name)
        if is_glob(name):
            if not self.allow_undeclared_events:
                message = f"{show(name)} selects no event"
                yield part.problem("HW105", message, *path, hint=guess, severity="warning")
        elif not self.allow_undeclared_events:
            hint = guess or "declare it under `events:` if it is your own"
            yield part.problem("HW102", f"unknown event {show(name)}", *path, hint=hint)
        elif guess:
            message = f"{show(name)} is not a declared event"
            yield part.problem("HW102", message, *path, hint=guess, severity="warning")


def _several(name: str) -> str | None:
    """For event types in one text where a list is meant."""
    names = [each.strip() for each in name.split(",")]
    return f"several are written as a list: [{', '.join(names)}]" if len(names) > 1 and all(names) else None


def _names(part: Part, key: str) -> Iterator[tuple[_Path, str]]:
    """The texts under `key`, one or a list, and the way to each."""
    written = part.value.get(key)
    if isinstance(written, str):
        yield (key,), written
    for index, name in enumerate(written if isinstance(written, list) else ()):
        if isinstance(name, str):
            yield (key, index), name


def _ids(parts: Sequence[Part]) -> frozenset[str]:
    return frozenset(name for part in parts if isinstance(name := part.value.get("id"), str))


def _hint(name: str, ids: Set[str], where: str) -> str:
    known = sorted(ids)
    return did_you_mean(name, known) or (f"there are: {some(known)}" if known else f"add it under `{where}:`")
