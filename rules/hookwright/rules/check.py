"""What a schema cannot see: names that refer to nothing, patterns, URLs and headers that cannot be sent.

Works on documents the schema may have refused, so that one run tells everything; what has the wrong type
is passed by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem, Related

from . import headers
from .actions import EVERY_NAME, OF_A_BATCH, action_problems, names_in, templates_in
from .address import template_fault, url_fault
from .automations import automation_problems
from .batches import batch_problems, collects, lacks_window
from .build import Settings, texts
from .bundle import Bundle, Entry, Part
from .certificates import Certificates
from .condition import condition_problems
from .event_schemas import schema_problems
from .expression.template import is_template
from .expressions import subscriber_problems, template_problems
from .glob import is_glob
from .lapps import Lapps, lapp_problems
from .lint.addresses import address_warnings
from .lint.circles import circle_warnings
from .lint.data import Data
from .lint.events import event_warnings
from .lint.expressions import expression_warnings, template_warnings
from .lint.known import KnownEvents
from .lint.patterns import pattern_warnings
from .lint.runs import run_problems
from .merge import Layer
from .model import EntityType
from .namespace import Namespace
from .notify import notify_problems
from .pattern import Pattern, read_pattern
from .references import Encoders
from .renames import rename_problems
from .repeated import CLASH, KEYS
from .schedules import KEYS as KEEPING
from .schedules import schedule_problems
from .senders import sender_problems
from .targets import BUILT_IN, CALLED, is_bodyless, lines
from .template_files import TemplateFiles
from .times import time_problems

_WINDOW = "no layer below has one either; write how long to collect, such as `window: 1m`"
_NO_LIST = "a GET or DELETE call has no body for the list of events that `batch` collects"
_REQUIRED = "write it here, or once for all in `defaults`"

_Fault: TypeAlias = tuple[str, str, str, str | None]  # code, key, message, hint


@dataclass(frozen=True, slots=True)
class Check:
    """Everything the parts of a bundle are held against."""

    settings: Settings
    encoders: Encoders
    allow_undeclared_events: bool = False
    complete: bool = True  # False while a file that may declare names cannot be read
    certificates: Certificates = field(default_factory=lambda: Certificates(None))
    lapps: Lapps = None
    templates: TemplateFiles = field(default_factory=lambda: TemplateFiles(None))

    def bundle(self, bundle: Bundle) -> Iterator[Problem]:
        """All problems of a bundle's parts, file by file."""
        names = Namespace.of(
            bundle,
            self.settings.names,
            allow_undeclared_events=self.allow_undeclared_events,
            complete=self.complete,
        )
        if bundle.defaults:
            yield from self._own(bundle.defaults)
            yield from _subscriber(bundle.defaults, names)
            yield from template_problems(bundle.defaults, "headers", EVERY_NAME)
        for parts, check in (
            (bundle.schemas, schema_problems),
            (bundle.schedules, schedule_problems),
            (bundle.senders, sender_problems),
        ):
            yield from (problem for part in parts for problem in check(part))
        known = KnownEvents.of(bundle.declared)
        for entry in bundle.entries:
            yield from self._entry(entry, bundle.defaults, names, known)
        yield from circle_warnings(bundle.entries, self.settings)
        yield from notify_problems(bundle, names)
        yield from rename_problems(bundle)

    def _entry(
        self, entry: Entry, defaults: Part | None, names: Namespace, known: KnownEvents
    ) -> Iterator[Problem]:
        yield from names.event_problems(entry.part, "event")
        yield from event_warnings(entry.part, self.settings.names)
        yield from condition_problems(entry.part)
        if entry.kind is not EntityType.WEBHOOK:  # which is a target itself
            yield from time_problems(entry.part)
        yield from _subscriber(entry.part, names)
        events = self.settings.events(entry.part.value)
        others = self.allow_undeclared_events and any(map(is_glob, texts(entry.part.value.get("event"))))
        data = () if others else known.data(events)
        yield from _pattern(entry.part, data)
        yield from expression_warnings(entry.part, data)
        merged = self.settings.over(events, entry.part.value)
        if entry.kind is not EntityType.AUTOMATION:  # of which every event begins a run of its own
            yield from self._batch(events, merged, entry, defaults)
        scope = names_in(entry, merged)
        yield from action_problems(entry, names, scope)
        if OF_A_BATCH not in scope:  # where `data` is a list
            yield from template_warnings(templates_in(entry), scope, data)
        yield from lapp_problems(entry, self.lapps, collected=collects(merged))
        if entry.kind is EntityType.AUTOMATION:
            yield from automation_problems(entry, names)
            yield from run_problems(entry, data, known, self.settings)
        for target in entry.targets():
            yield from self._own(target)
            over = merged if target is entry.part else self.settings.over(events, target.value)
            yield from self._merged(over, target, defaults)
            yield from self._required(over, target)
            yield from self.templates.problems(target, scope)

    def _own(self, target: Part) -> Iterator[Problem]:
        """What can be said of a target, or of the defaults, without looking at other layers."""
        yield from _url(target)
        yield from address_warnings(target)
        yield from _headers(target)
        yield from time_problems(target)
        yield from _lapp(target)
        yield from self.certificates.problems(target)

    def _batch(
        self, events: tuple[str, ...], merged: Layer, entry: Entry, defaults: Part | None
    ) -> Iterator[Problem]:
        """Whether the merged settings can collect events, and every call can take a list of them."""
        if lacks_window(merged):
            part = _nearest("batch", entry.part, defaults)
            related = (
                () if part is entry.part else (Related(entry.part.place(), "it is missing for this one"),)
            )
            yield part.problem(
                "HW014", 'missing key "window" in "batch"', "batch", hint=_WINDOW, related=related
            )
        for key in KEYS if collects(merged) else ():
            if key in merged:
                message, hint = CLASH[key]
                yield _nearest(key, entry.part, defaults).problem("HW023", message, key, hint=hint, key=True)
        for target in entry.targets() if collects(merged) else ():
            if is_bodyless(self.settings.over(events, target.value)):
                part = _nearest("method", target, defaults)
                yield part.problem("HW023", _NO_LIST, "method", hint="switch it off with `batch: false`")

    def _merged(self, merged: Layer, target: Part, defaults: Part | None) -> Iterator[Problem]:
        """What only shows once the layers are merged; said of the nearest layer that has the key."""
        encoding = _no_body(target) if is_bodyless(merged) else self._encoder(merged)
        for fault in (encoding, self._header_count(merged)):
            if fault:
                code, key, message, hint = fault
                part = _nearest(key, target, defaults)
                yield part.problem(code, message, key, hint=hint, key=key == "headers")

    def _required(self, merged: Layer, target: Part) -> Iterator[Problem]:
        """What the preset asks of every call, and no layer says."""
        preset = self.settings.preset
        for key in preset.requires if merged.get("type") != "lapp" else ():
            if key not in merged:
                message = f'missing key "{key}": the preset "{preset.name}" requires it'
                yield target.problem("HW116", message, hint=_REQUIRED)

    def _encoder(self, merged: Layer) -> _Fault | None:
        named, content_type = merged.get("encoder"), merged.get("content_type", BUILT_IN.content_type)
        if isinstance(named, str) and named not in self.encoders.claims:
            return "HW108", "encoder", f'unknown encoder "{named}"', _choices(named, self.encoders.claims)
        if named is not None or not isinstance(content_type, str):
            return None
        found = self.encoders.claimants(content_type)
        if len(found) > 1:
            hint = f"choose one with `encoder:`; there are: {', '.join(found)}"
            return "HW108", "content_type", f'more than one encoder makes "{content_type}"', hint
        if not found:
            hint = _choices(content_type, self.encoders.content_types)
            return "HW108", "content_type", f'no encoder makes "{content_type}"', hint
        return None

    def _header_count(self, merged: Layer) -> _Fault | None:
        written, most = merged.get("headers"), self.settings.preset.limits.get("headers")
        count = sum(len(lines(each)) for each in written.values()) if isinstance(written, dict) else 0
        if most is None or count <= most:
            return None
        return "HW111", "headers", f"{count} headers, defaults included; the preset allows {most}", None


def _no_body(target: Part) -> _Fault | None:
    """What a target says of a body that its method does not have; said in `defaults`, it is for others."""
    for key in ("encoder", "content_type", "body", "template"):
        if key in target.value:
            message = f"a GET or DELETE call has no body, so `{key}` means nothing"
            return "HW023", key, message, "remove it; the data goes into the query"
    return None


def _nearest(key: str, part: Part, defaults: Part | None) -> Part:
    """Which of the two says `key`; the nearer one when both do, or neither."""
    return defaults if defaults and key not in part.value and key in defaults.value else part


def _choices(name: str, known: Iterable[str]) -> str:
    there = sorted(known)
    return did_you_mean(name, there) or f"there are: {', '.join(there) or 'none'}"


def _pattern(part: Part, known: Sequence[Data]) -> Iterator[Problem]:
    pattern = part.value.get("match")
    if not isinstance(pattern, dict):
        return
    read = read_pattern(pattern)
    if isinstance(read, Pattern):
        yield from pattern_warnings(part, read, known)
    else:
        for error in read:
            path = ("match", *error.path)
            yield part.problem("HW103", error.message, *path, hint=error.hint, key=error.key)


def _subscriber(part: Part, names: Namespace) -> Iterator[Problem]:
    """What can be said of a subscriber, or of the defaults, without looking at other layers."""
    yield from batch_problems(part)
    yield from subscriber_problems(part)
    for key in KEEPING:
        yield from names.schedule_problems(part, key)


def _lapp(part: Part) -> Iterator[Problem]:
    """A function in this process is called without an address, and without all that goes with one."""
    if part.value.get("type") == "lapp":
        for key in part.value.keys() & CALLED:
            message = f'"{key}" and `type: lapp` exclude each other'
            yield part.problem("HW023", message, key, hint="it is for calls of a URL", key=True)


def _url(target: Part) -> Iterator[Problem]:
    url = target.value.get("url")
    if not isinstance(url, str):
        return
    fault = template_fault(url) if is_template(url) else url_fault(url)
    if fault:
        yield target.problem("HW109", fault[0], "url", hint=fault[1])


def _headers(target: Part) -> Iterator[Problem]:
    written = target.value.get("headers")
    first: dict[str, str] = {}
    for name, value in written.items() if isinstance(written, dict) else ():
        reserved = headers.name_fault(name)
        if reserved:
            yield target.problem("HW112", reserved, "headers", name, key=True)
        for index, line in enumerate(lines(value)):
            fault = headers.value_fault(line) if isinstance(line, str) else None
            if fault:
                entry = (index,) if isinstance(value, list) else ()
                yield target.problem("HW112", fault, "headers", name, *entry)
        before = first.setdefault(name.lower(), name)
        if before != name:
            related = (Related(target.place("headers", before, key=True), "first one here"),)
            message = f"the header {name} stands here twice: case does not count"
            yield target.problem("HW112", message, "headers", name, key=True, related=related)
