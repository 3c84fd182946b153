"""Files that a target names: they lie inside of the bundle, and are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show

from .bundle import Part
from .files import shown

_INSIDE = "copy it into the bundle, and name it from the bundle's folder"


def root_of(path: Path) -> Path | None:
    """The folder from which files of the bundle at `path` are looked for; None when there is none."""
    try:
        folder = path if path.is_dir() else path.parent
        return folder if folder.is_dir() else None
    except OSError:  # a name that is too long; a missing one is no error here
        return None


def missing_problems(part: Part, key: str, root: Path) -> Iterator[Problem]:
    """Says so when the file under `key` lies outside, links resolved, or is not there."""
    name = part.value.get(key)
    if not isinstance(name, str) or not name:
        return
    folder = root.resolve()
    try:
        found = (folder / name).resolve()
        inside, there = found.is_relative_to(folder), found.is_file()
    except (OSError, ValueError, RuntimeError):  # a name no file can have, a link to itself
        inside, there, found = True, False, folder
    if not inside:
        yield part.problem("HW106", f"{show(name)} lies outside of the bundle", key, hint=_INSIDE)
    elif not there:
        yield part.problem(
            "HW110", f"there is no file {show(name)} in the bundle", key, hint=_near(found, folder)
        )


def _near(wanted: Path, folder: Path) -> str | None:
    """A file beside the one that is wanted whose name is much alike."""
    try:
        beside = [shown(each.relative_to(folder)) for each in wanted.parent.iterdir() if each.is_file()]
        return did_you_mean(shown(wanted.relative_to(folder)), sorted(beside))
    except (OSError, ValueError):
        return None
