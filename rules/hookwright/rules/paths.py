"""Files that a bundle names: they lie inside of it, and are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem

from .bundle import Part

_INSIDE = "copy it into the bundle, and name it from the bundle's folder: ca/internal.pem"


def root_of(path: Path) -> Path | None:
    """The folder of the bundle at `path`, without links in it; None when there is none."""
    try:
        return (path if path.is_dir() else path.parent).resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def file_problems(target: Part, root: Path) -> Iterator[Problem]:
    """What is wrong with the files a target names; `root` is the bundle's folder, without links in it."""
    yield from _named(target, "template", root)
    certificates = target.part("tls")
    if certificates:
        yield from _named(certificates, "ca", root)
        yield from _named(certificates, "certificate", root)


def _named(part: Part, key: str, root: Path) -> Iterator[Problem]:
    name = part.value.get(key)
    if not isinstance(name, str) or not name:
        return
    try:
        found = (root / name).resolve()
        inside, there = found.is_relative_to(root), found.is_file()
    except (OSError, ValueError, RuntimeError):  # a name no file can have, a link to itself
        inside, there, found = True, False, root
    if not inside:
        yield part.problem("HW106", f'"{name}" lies outside of the bundle', key, hint=_INSIDE)
    elif not there:
        yield part.problem("HW110", f'there is no file "{name}" in the bundle', key, hint=_near(found, root))


def _near(wanted: Path, root: Path) -> str | None:
    """A file beside the one that is wanted whose name is much alike."""
    try:
        beside = [str(each.relative_to(root)) for each in wanted.parent.iterdir() if each.is_file()]
    except (OSError, ValueError):
        return None
    return did_you_mean(str(wanted.relative_to(root)), beside) if wanted != root else None
