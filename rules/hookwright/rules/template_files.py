"""Files of a bundle that hold a body as a template: read once a load, and put into the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.wording import show

from .bundle import Part
from .errors import ExpressionError
from .expression.template import parse_template
from .files import shown
from .named_files import NamedFiles
from .paths import missing_problems

LARGEST: Final = 1 << 20  # bytes
KEY: Final = "template"

_ELSEWHERE = "only webhooks that stand in a bundle of files can name one; write `body` here"


@dataclass(frozen=True, slots=True)
class TemplateFiles:
    """The templates below a bundle's folder; a bundle without one (`root` is None) names none."""

    root: Path | None
    files: NamedFiles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", NamedFiles(self.root, _read))

    def problems(self, target: Part, names: Sequence[str]) -> Iterator[Problem]:
        """What is wrong with the template a target names, filled in with `names`, or with the file itself."""
        name = target.value.get(KEY)
        if not isinstance(name, str) or not name:
            return
        if self.root is None:
            yield target.problem("HW110", f"there is no file {show(name)}", KEY, hint=_ELSEWHERE)
            return
        missing = list(missing_problems(target, KEY, self.root))
        yield from missing
        if missing:
            return
        if fault := self.files.fault(name, self.root):
            yield target.problem("HW110", f"{show(name)} cannot be read: {fault}", KEY)
            return
        text = self.files.text(name)
        try:
            parse_template(text, names)
        except ExpressionError as error:
            related = (Related(_place(shown(self.root / name), text, error.column), "it stands here"),)
            message = f"bad template: {error.message}"
            yield target.problem("HW148", message, KEY, hint=error.hint, related=related)


def _read(file: Path) -> str:
    """Raises OSError or ValueError, each with words for people."""
    with file.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
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
