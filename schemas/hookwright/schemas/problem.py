"""A `Problem`: one thing wrong with a document, said where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a problem, and in a few words what it has to do with it."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.text}: {self.place}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (`message`), where (`place`), and what would be right (`hint`).

    `code` is stable and public (`HW012`). `path` is the JSON Pointer of the value in its document.
    `related` names other places that belong to it, such as the first of two duplicates. `length` is how many
    characters from `place` on are wrong; 0 is all of the key or value there.
    """

    code: str
    message: str
    place: Place
    hint: str | None = None
    severity: Severity = "error"
    path: str = ""
    related: tuple[Related, ...] = field(default=())
    length: int = 0

    def __str__(self) -> str:
        """One line: `hooks/crm.yaml:14:5: HW012 error: unknown key "urll" (did you mean "url"?)`."""
        hint = f" ({self.hint})" if self.hint else ""
        also = "".join(f"; {related}" for related in self.related)
        return f"{self.place}: {self.code} {self.severity}: {self.message}{hint}{also}"
