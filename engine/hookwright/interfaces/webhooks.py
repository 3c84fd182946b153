"""Webhooks as the API lists them: git's and its own, each with its place, filtered and sorted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hookwright.engine.journal.switch import Switches
from hookwright.rules.build import event_names, texts
from hookwright.rules.event import JSON
from hookwright.rules.load import RESERVED
from hookwright.rules.references import EventNames
from hookwright.rules.source import Source
from hookwright.rules.telling import lapp_call

from .api_file import in_order
from .live import Configuration

PAGE_SIZE, MOST = 50, 500
COLUMNS = ("id", "event", "description", "url")
STATUSES = ("enabled", "disabled", "paused")
ADDED = ("bundle", "place", "editable", "status", "status_reason", "warnings")  # to what YAML has


class BadWish(ValueError):
    """A filter that cannot be read; `name` is its parameter."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook as written, and what is known of it beside. Secrets in it are references, never resolved."""

    webhook: Mapping[str, JSON]
    bundle: str
    place: str
    status: str
    reason: str

    @property
    def editable(self) -> bool:
        """Whether it may be changed over the API: git's may not."""
        return self.bundle == RESERVED

    def text(self, column: str) -> str:
        """What is sorted and looked for by."""
        value = self.webhook.get(column)
        if column == "url" and self.webhook.get("type") == "lapp":  # which stands in the place of a URL
            value = lapp_call(self.webhook.get("lapp")).name
        return ", ".join(texts(value))

    def document(self) -> dict[str, Any]:
        said: dict[str, Any] = {**in_order(self.webhook), "bundle": self.bundle, "place": self.place}
        said |= {"editable": self.editable, "status": self.status}
        return {**said, "status_reason": self.reason} if self.reason else said


@dataclass(frozen=True, slots=True)
class Wish:
    """Which webhooks, in which order. `event` is a type or a label; `search` is looked for without case."""

    event: str | None = None
    status: str | None = None
    search: str | None = None
    bundle: str | None = None
    sort: str = "id"

    def of(self, configuration: Configuration, switches: Switches) -> list[Shown]:
        """Those that fit. Raises `BadWish`."""
        self._check()
        found = [each for each in shown(configuration, switches) if self._fits(each)]
        if self.event is not None:
            found = _selecting(self.event, found, configuration.git)
        column, backwards = self.sort.lstrip("-"), self.sort.startswith("-")
        found.sort(key=lambda each: each.text("id"))
        return sorted(found, key=lambda each: each.text(column).casefold(), reverse=backwards)

    def _check(self) -> None:
        if self.status is not None and self.status not in STATUSES:
            raise BadWish("status", f"one of {', '.join(STATUSES)}")
        if self.sort.removeprefix("-") not in COLUMNS:
            raise BadWish("sort", f"one of {', '.join(COLUMNS)}; with - before it for the last first")

    def _fits(self, one: Shown) -> bool:
        if self.search is not None:
            wanted = self.search.casefold()
            if not any(wanted in one.text(column).casefold() for column in ("id", "description", "url")):
                return False
        return self.status in (None, one.status) and self.bundle in (None, one.bundle)


def shown(configuration: Configuration, switches: Switches) -> Iterator[Shown]:
    """Every webhook of both bundles, those that are off too."""
    for source in (configuration.git, *configuration.source.beside):
        for webhook in written(source):
            identifier = str(webhook["id"])
            place = str(source.places.get(identifier, ""))
            yield Shown(webhook, source.bundle, place, *_status(webhook, switches, identifier))


def written(source: Source) -> Iterator[Mapping[str, JSON]]:
    """The webhooks of one bundle, as written."""
    listed = source.content.get("webhooks")
    yield from (each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict))


def _status(webhook: Mapping[str, JSON], switches: Switches, identifier: str) -> tuple[str, str]:
    if webhook.get("enabled", True) is False:
        return "disabled", "enabled: false"
    switch = switches.get(f"webhook/{identifier}")
    return (switch.state, switch.reason) if switch is not None and switch.off else ("enabled", "")


def _selecting(event: str, found: Sequence[Shown], git: Source) -> list[Shown]:
    names = _names(git)
    wanted = names.resolve(event)
    if not wanted and not any(event in texts(each.webhook.get("event")) for each in found):
        guess = names.did_you_mean(event)
        raise BadWish("event", f'no event "{event[:80]}"' + (f"; {guess}" if guess else ""))
    return [each for each in found if _selects(each, {*wanted, event}, names)]


def _selects(one: Shown, wanted: Collection[str], names: EventNames) -> bool:
    selected = {kind for name in texts(one.webhook.get("event")) for kind in (*names.resolve(name), name)}
    return not selected.isdisjoint(wanted)


def _names(git: Source) -> EventNames:
    declared = git.content.get("events")
    parts = [each for each in (declared if isinstance(declared, list) else ()) if isinstance(each, dict)]
    return event_names(str(each["type"]) for each in parts)


def free_id(webhook: Mapping[str, JSON], taken: Collection[str]) -> str:
    """An id nobody has, made from the description, else from the event."""
    words = webhook.get("description") or next(iter(texts(webhook.get("event"))), "")
    stem = re.sub(r"[^a-z0-9]+", "-", str(words).lower()).strip("-")[:48].rstrip("-") or "webhook"
    if stem not in taken:
        return stem
    return next(name for number in range(2, len(taken) + 3) if (name := f"{stem}-{number}") not in taken)
