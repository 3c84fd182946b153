"""Files that a target names: they lie inside of the bundle, are there, and a template can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.wording import show

from .bundle import Part
from .errors import ExpressionError
from .expression.template import parse_template
from .files import shown

LARGEST_TEMPLATE = 1 << 20  # bytes
TEMPLATE = "template"

_INSIDE = "copy it into the bundle, and name it from the bundle's folder"


def root_of(path: Path) -> Path | None:
    """The folder from which files of the bundle at `path` are looked for; None when there is none."""
    try:
        folder = path if path.is_dir() else path.parent
        return folder if folder.is_dir() else None
    except OSError:  # a name that is too long; a missing one is no error here
        return None


def template_file_problems(target: Part, root: Path, names: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the template a target names, filled in with `names`, or with the file itself."""
    missing = list(missing_problems(target, TEMPLATE, root))
    name = target.value.get(TEMPLATE)
    if missing or not isinstance(name, str) or not name:
        yield from missing
        return
    try:
        text = _read(root / name)
    except (OSError, ValueError) as error:
        yield target.problem("HW110", f"{show(name)} cannot be read: {error}", TEMPLATE)
        return
    try:
        parse_template(text, names)
    except ExpressionError as error:
        related = (Related(_place(shown(root / name), text, error.column), "it stands here"),)
        message = f"bad template: {error.message}"
        yield target.problem("HW148", message, TEMPLATE, hint=error.hint, related=related)


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


def _read(file: Path) -> str:
    """Raises OSError or ValueError, each with words for people."""
    with file.open("rb") as stream:
        content = stream.read(LARGEST_TEMPLATE + 1)
    if len(content) > LARGEST_TEMPLATE:
        raise ValueError("it is larger than 1MiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def _place(file: str, text: str, column: int | None) -> Place:
    """Where the `column`th character of a text stands, by line and column; the whole file when not known."""
    if column is None:
        return Place(file)
    before = text[: column - 1]
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
