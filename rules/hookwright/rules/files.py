"""Find the files of a bundle: one file, or a folder's `*.yaml` and `*.yml` in a stable order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hookwright.schemas.problem import Place, Problem

_SUFFIXES = (".yaml", ".yml")
_ASIDE = (".test.yaml", ".test.yml", ".timeline.yaml", ".timeline.yml")  # suites, and what `simulate` plays
_ENVIRONMENTS = "env"  # only at the top of a bundle


@dataclass(frozen=True, slots=True)
class Files:
    """`found` are files to read and the name each is shown under, sorted by name."""

    found: tuple[tuple[Path, str], ...]
    problems: tuple[Problem, ...]


def find_files(path: Path) -> Files:
    """The files of the bundle at `path`. A link may lead anywhere inside the bundle, never out of it.

    Never raises: what cannot be looked at is a problem, so that it is not taken for absent.
    """
    try:
        root = path.resolve(strict=True)
        is_folder = path.is_dir()
    except (OSError, RuntimeError) as error:
        return Files((), (_unreadable(path, error),))
    if not is_folder:
        return Files(((path, shown(path)),), ())
    search = _Search(root)
    found = tuple(sorted(search.files(path), key=lambda entry: entry[1]))
    problems = tuple(search.problems)
    if not found and not problems:
        hint = "hidden files, *.test.yaml, *.timeline.yaml and the folder env/ do not count"
        problems = (Problem("HW107", "no *.yaml or *.yml file found", Place(shown(path)), hint),)
    return Files(found, problems)


def shown(path: Path) -> str:
    """A path as people read it: on one line, whatever bytes its name has."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return text if text.isprintable() else ascii(text)[1:-1]


class _Search:
    """Walks one bundle. Each file is taken once, by the first of the names that lead to it."""

    def __init__(self, root: Path) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._seen = {root}

    def files(self, folder: Path, *, top: bool = True) -> Iterator[tuple[Path, str]]:
        for entry in self._entries(folder):
            if entry.name.startswith(".") or (top and entry.name == _ENVIRONMENTS):
                continue
            try:
                yield from self._entry(entry)
            except (OSError, RuntimeError) as error:  # a link to nowhere, or to itself
                self.problems.append(_unreadable(entry, error))

    def _entries(self, folder: Path) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            self.problems.append(_unreadable(folder, error))
            return []

    def _entry(self, entry: Path) -> Iterator[tuple[Path, str]]:
        named_so = entry.name.endswith(_SUFFIXES) and not entry.name.endswith(_ASIDE)
        if not named_so and not entry.is_dir():
            return
        real = entry.resolve(strict=True)
        if not real.is_relative_to(self._root):
            hint = "copy it into the bundle: what is applied must stand in the bundle"
            place = Place(shown(entry))
            self.problems.append(Problem("HW106", "a link that leads out of the bundle", place, hint))
        elif real not in self._seen:
            self._seen.add(real)
            if real.is_dir():
                yield from self.files(entry, top=False)
            elif named_so:
                yield entry, shown(entry)


def _unreadable(path: Path, error: Exception) -> Problem:
    reason = (
        error.strerror if isinstance(error, OSError) and error.strerror else "a link that leads to itself"
    )
    return Problem("HW110", f"cannot be read: {reason}", Place(shown(path)))
