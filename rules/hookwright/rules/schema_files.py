"""Schemas of event types in files of their own: read, and put where the bundle names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hookwright.schemas.document import Document, Reading, read
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import kind

from .bundle import Bundle, Part
from .event_schemas import KEY
from .files import shown
from .paths import missing_problems, root_of

_EMPTY = "write a JSON Schema, such as {}"


@dataclass(frozen=True, slots=True)
class WithSchemas:
    """A bundle in which every schema stands where its event type is declared.

    `files` are all that it names, there or not: a change of one changes the bundle.
    """

    bundle: Bundle
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()


def with_schemas(bundle: Bundle, path: Path) -> WithSchemas:
    """Read the schema files that `bundle`, which stands at `path`, names. Never raises."""
    root = root_of(path)
    if root is None or not any(isinstance(part.value.get(KEY), str) for part in bundle.declared):
        return WithSchemas(bundle)
    found = _Files(root)
    declared = tuple(found.resolved(part) for part in bundle.declared)
    schemas = (*bundle.schemas, *found.schemas())
    return WithSchemas(
        replace(bundle, declared=declared, schemas=schemas), tuple(found.problems), tuple(found.readings)
    )


class _Files:
    """Each file is read once, whoever names it. Names are looked for from `root`."""

    def __init__(self, root: Path) -> None:
        self.problems: list[Problem] = []
        self.readings: dict[Path, Reading] = {}
        self._root = root

    def resolved(self, part: Part) -> Part:
        """The declared type with the schema in place of the name of its file; as it is, if there is none."""
        name = part.value.get(KEY)
        if not isinstance(name, str):
            return part
        missing = list(missing_problems(part, KEY, self._root))
        self.problems += missing
        document = None if missing and missing[0].code == "HW106" else self._document(name)
        return part if document is None else replace(part, value={**part.value, KEY: document.value})

    def schemas(self) -> Iterator[Part]:
        """The schemas that were read, each where it stands in its file."""
        for reading in self.readings.values():
            document = reading.document
            if document is not None and isinstance(document.value, dict):
                yield Part(document, (), document.value)

    def _document(self, name: str) -> Document | None:
        file = self._root / name
        if file not in self.readings:
            self.readings[file] = reading = _read(file)
            self.problems += reading.problems
        return self.readings[file].document


def _read(file: Path) -> Reading:
    if not file.is_file():  # said already, where it is named
        return Reading(None)
    reading = read(file, name=shown(file))
    document = reading.document
    if document is not None and not isinstance(document.value, dict | bool):
        message = f"a schema is a mapping, true or false, not {kind(document.value)}"
        return Reading(None, (Problem("HW140", message, document.place(())),))
    return Reading(document, tuple(map(_of_a_schema, reading.problems)))


def _of_a_schema(problem: Problem) -> Problem:
    """What a reader of bundles says of an empty file helps nobody here."""
    return replace(problem, hint=_EMPTY) if problem.code == "HW003" else problem
