"""What the rules floor raises: for a pattern, for an expression, for a published configuration."""

from __future__ import annotations

from typing import TypeAlias

Steps: TypeAlias = tuple[str | int, ...]


class SourceError(ValueError):
    """A published configuration that this version cannot read, or cannot carry out."""


class ExpressionError(ValueError):
    """An expression that cannot be read, or that has no value for this event.

    `column` counts from 1 in the expression's text, and `hint` says what would be right; both where known.
    """

    def __init__(self, message: str, *, column: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        """One line: `column 1: unknown name "dta" (did you mean "data"?)`."""
        place = "" if self.column is None else f"column {self.column}: "
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class PatternError(ValueError):
    """A pattern that cannot be used.

    `pattern` is the id it was given under (None when it was parsed alone), `path` the keys and list positions
    that lead to the fault inside the pattern, as written; `hint` says what would be right, where known.
    With `key` the last of the keys is the fault, not what stands under it.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Steps = (),
        hint: str | None = None,
        pattern: str | None = None,
        key: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint
        self.pattern = pattern
        self.key = key

    def of(self, pattern: str) -> PatternError:
        """The same fault, told of the pattern with this id."""
        return _rebuild(self.message, self.path, self.hint, pattern, self.key)

    def __str__(self) -> str:
        """One line: `pattern "big", at Stage/0: unknown operator "prefx" (did you mean "prefix"?)`."""
        owner = [f'pattern "{self.pattern}"'] if self.pattern is not None else []
        place = [f"at {'/'.join(map(str, self.path))}"] if self.path else []
        before = ", ".join(owner + place)
        hint = f" ({self.hint})" if self.hint else ""
        return f"{before}: {self.message}{hint}" if before else f"{self.message}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.message, self.path, self.hint, self.pattern, self.key)


def _rebuild(message: str, path: Steps, hint: str | None, pattern: str | None, key: bool) -> PatternError:
    return PatternError(message, path=path, hint=hint, pattern=pattern, key=key)
