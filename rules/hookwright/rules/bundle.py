"""A `Bundle`: the parts of its documents, gathered over all files and still knowing where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hookwright.schemas.document import Document
from hookwright.schemas.problem import Place, Problem, Related, Severity
from hookwright.schemas.steps import steps_of

from .event import JSON
from .model import EntityType
from .step_paths import step_paths, step_place

KINDS: Mapping[str, EntityType] = {
    "webhooks": EntityType.WEBHOOK,
    "rules": EntityType.RULE,
    "automations": EntityType.AUTOMATION,
}
_ONE_HOME = ("bundle", "preset", "defaults")
_APART = ("version", "preset")


@dataclass(frozen=True, slots=True)
class Part:
    """A mapping somewhere in a document. It may be anything the schema refused: look before you read."""

    document: Document
    path: tuple[str | int, ...]
    value: Mapping[str, JSON]

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Where the value below this part stands, or with `key` where its key does."""
        return self.document.place((*self.path, *path), key=key)

    def problem(
        self,
        code: str,
        message: str,
        *path: str | int,
        hint: str | None = None,
        severity: Severity = "error",
        key: bool = False,
        offset: int | None = None,
        related: tuple[Related, ...] = (),
    ) -> Problem:
        """What is wrong with what stands at `path` below this part; `offset` is that in a text there."""
        where = "".join(f"/{_escaped(step)}" for step in (*self.path, *path))
        place = self.place(*path, key=key) if offset is None else self._within(path, offset)
        return Problem(code, message, place, hint, severity, where, related)

    def _within(self, path: tuple[str | int, ...], offset: int) -> Place:
        return self.document.place_within((*self.path, *path), str(self.value_at(*path)), offset)

    def value_at(self, *path: str | int) -> JSON | Mapping[str, JSON]:
        """What stands at `path` below this part; None when there is nothing."""
        value: JSON | Mapping[str, JSON] = self.value
        for step in path:
            value = _child(value, step)
        return value

    def part(self, *path: str | int) -> Part | None:
        """The mapping at `path` below this one, or None when there is none."""
        value = self.value_at(*path)
        return Part(self.document, (*self.path, *path), value) if isinstance(value, dict) else None

    def parts(self, key: str) -> Iterator[Part]:
        """The mappings in the list under `key`."""
        items = self.value.get(key)
        for index in range(len(items) if isinstance(items, list) else 0):
            part = self.part(key, index)
            if part is not None:
                yield part


@dataclass(frozen=True, slots=True)
class Entry:
    """A subscriber as written."""

    kind: EntityType
    part: Part

    @property
    def id(self) -> str | None:
        found = self.part.value.get("id")
        return found if isinstance(found, str) else None

    def actions(self) -> Iterator[Part]:
        """What it does, each a mapping with one key: those of a rule, the steps of an automation."""
        yield from self.part.parts("actions")
        if self.kind is EntityType.AUTOMATION:
            yield from self.steps()
            yield from self.part.parts("on_failure")

    def steps(self) -> Iterator[Part]:
        """The steps of an automation, those inside of others included."""
        for path, step in steps_of(self.part.value):
            yield Part(self.part.document, (*self.part.path, *path), step)

    def target(self, path: str) -> Part | None:
        """Where an action's path leads: with `""` to a webhook itself, with `actions/0/post` into a rule,
        with `steps/hello` to what that step calls.
        """
        paths = step_paths(self.part.value) if self.kind is EntityType.AUTOMATION else {}
        for at, known in paths.items():
            if known == path:
                return self.part.part(*at, "post")
        steps = [int(step) if step.isdigit() else step for step in path.split("/") if step]
        return self.part.part(*steps)

    def targets(self) -> Iterator[Part]:
        """What it calls: a webhook is a target itself, the others have one in each `post`."""
        if self.kind is EntityType.WEBHOOK:
            yield self.part
            return
        for action in self.actions():
            target = action.part("post")
            if target is not None:
                yield target


@dataclass(frozen=True, slots=True)
class Bundle:
    """`defaults`, `name`, `preset` come from the one file that has them; `declared` are own event types.

    `notifiers` are those who can be told, `schedules` times to deliver at, `senders` what `sources` lists.
    `schemas` are those of declared types, each where it stands itself.
    """

    roots: tuple[Part, ...]
    entries: tuple[Entry, ...]
    declared: tuple[Part, ...]
    notifiers: tuple[Part, ...]
    schedules: tuple[Part, ...]
    senders: tuple[Part, ...]
    defaults: Part | None
    name: str | None
    preset: str | None
    schemas: tuple[Part, ...] = ()

    @property
    def default_values(self) -> Mapping[str, JSON]:
        return self.defaults.value if self.defaults else {}

    def places(self) -> dict[str, Place]:
        """Where each subscriber stands, by its id, and where each step of an automation does."""
        found = {entry.id: entry.part.place() for entry in self.entries if entry.id is not None}
        for entry in self.entries:
            if entry.id is not None and entry.kind is EntityType.AUTOMATION:
                for at, path in step_paths(entry.part.value).items():
                    found[step_place(entry.id, path)] = entry.part.place(*at)
        return found

    def declared_types(self) -> frozenset[str]:
        return frozenset(kind for part in self.declared if isinstance(kind := part.value.get("type"), str))

    def content(self) -> dict[str, JSON]:
        """All files as one mapping. Lists are ordered by what names their items, so files and order vanish.

        `version` and `preset` are left out: every file says the first, and a source has the second apart.
        """
        merged: dict[str, JSON] = {}
        for root in self.roots:
            for key, value in root.value.items():
                if key in _APART or not value:
                    continue
                before = merged.get(key)
                merged[key] = (
                    [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
                )
        if self.declared:
            merged["events"] = [dict(part.value) for part in self.declared]
        return {
            key: sorted(value, key=_name) if isinstance(value, list) else value
            for key, value in merged.items()
        }


def gather(documents: Iterable[Document]) -> Bundle:
    """The bundle these documents make up. Parts of the wrong type are left out: the schema reports them."""
    roots = tuple(
        Part(document, (), document.value) for document in documents if isinstance(document.value, dict)
    )
    declared = _parts(roots, "events")
    return Bundle(
        roots=roots,
        entries=tuple(
            Entry(kind, part) for root in roots for key, kind in KINDS.items() for part in root.parts(key)
        ),
        declared=declared,
        notifiers=_parts(roots, "notifiers"),
        schedules=_parts(roots, "schedules"),
        senders=_parts(roots, "sources"),
        defaults=next((part for root in roots if (part := root.part("defaults"))), None),
        name=_first_text(roots, "bundle"),
        preset=_first_text(roots, "preset"),
        schemas=tuple(schema for part in declared if (schema := part.part("schema")) is not None),
    )


def conflicts(bundle: Bundle) -> Iterator[Problem]:
    """What two files, or two places of one, say against each other."""
    for key in _ONE_HOME:
        homes = [root for root in bundle.roots if key in root.value]
        for root in homes[1:]:
            message = f"`{key}` stands in two files of this bundle"
            first = Related(homes[0].place(key, key=True), "first one here")
            yield root.problem("HW104", message, key, key=True, related=(first,))
    yield from twice([entry.part for entry in bundle.entries], "id", "HW101", "duplicate id")
    yield from twice(bundle.declared, "type", "HW113", "duplicate event type")
    yield from twice(bundle.notifiers, "id", "HW122", "duplicate notifier")
    yield from twice(bundle.schedules, "id", "HW146", "duplicate schedule")
    yield from twice(bundle.senders, "id", "HW146", "duplicate source")


def twice(parts: Iterable[Part], key: str, code: str, what: str) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for part in parts:
        name = part.value.get(key)
        if not isinstance(name, str):
            continue
        if name in first:
            copied = first[name] == part.place(key)
            hint = "an alias (*) repeats the whole entry; write the second one out" if copied else None
            related = () if copied else (Related(first[name], "first one here"),)
            yield part.problem(code, f'{what} "{name}"', key, hint=hint, related=related)
        first.setdefault(name, part.place(key))


def _child(value: JSON | Mapping[str, JSON], step: str | int) -> JSON:
    if isinstance(value, dict) and isinstance(step, str):  # asking for a Mapping takes far longer
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def _name(item: JSON) -> str:
    """Subscribers and notifiers are named by `id`, event types by `type`."""
    return str(item.get("id", item.get("type", ""))) if isinstance(item, dict) else str(item)


def _parts(roots: Iterable[Part], key: str) -> tuple[Part, ...]:
    return tuple(part for root in roots for part in root.parts(key))


def _first_text(roots: Iterable[Part], key: str) -> str | None:
    return next((value for root in roots if isinstance(value := root.value.get(key), str)), None)


def _escaped(step: str | int) -> str:
    """A step of a JSON Pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
