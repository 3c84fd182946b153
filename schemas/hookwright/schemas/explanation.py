"""What is told of one code: why it is refused, a bundle with the fault, and the same bundle without it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .codes import CODES, Code
from .resources import resource

_FENCE = re.compile(r"^```(\w+) (\S+)( latin-1)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PARTS = re.compile(r"\A(.+)\n## Wrong\n(.+)\n## Right\n(.+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """A file of an example. What a `link` leads to stands in its `text`."""

    name: str
    text: str
    encoding: str = "utf-8"
    link: bool = False

    @property
    def shown(self) -> str:
        """What people see of it."""
        return f"(a link to {self.text.strip()})\n" if self.link else self.text

    def write(self, folder: Path) -> None:
        """Put the file into `folder`. Raises OSError."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.link:
            path.symlink_to(self.text.strip())
        else:
            path.write_bytes(self.text.encode(self.encoding))


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` is Markdown. The bundle `wrong` has problems of this code and of no other; `right` has none."""

    code: Code
    why: str
    wrong: tuple[ExampleFile, ...]
    right: tuple[ExampleFile, ...]


@cache
def explanation(code: str) -> Explanation:
    """Reads `problems/CODE.md`. Raises KeyError for an unknown code, ValueError for a file of wrong form."""
    entry = CODES[code]
    text = resource(f"{code}.md", folder="problems").decode()
    parts = _PARTS.match(text)
    if parts is None:
        raise ValueError(f"{code}.md: expected a text, then `## Wrong` and `## Right` with fenced files")
    return Explanation(entry, parts[1].strip(), _files(parts[2]), _files(parts[3]))


def _files(text: str) -> tuple[ExampleFile, ...]:
    return tuple(
        ExampleFile(
            name=fence[2],
            text=fence[4],
            encoding="latin-1" if fence[3] else "utf-8",
            link=fence[1] == "link",
        )
        for fence in _FENCE.finditer(text)
    )
