"""A request at the door that is refused whole, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misplaced:
    """One of several mistakes of a request: `pointer` is the JSON Pointer of the place in the body."""

    pointer: str
    message: str


class Rejected(Exception):
    """A request that is refused whole: nothing of it is stored.

    `status` is the HTTP status, `pointer` the JSON Pointer of the place in the body, `position` its line and
    column where known, `header` the request header at fault, `retry_after` seconds after which to try again.
    `problems` are all mistakes, the first one included, where there can be several.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        pointer: str | None = None,
        position: tuple[int, int] | None = None,
        header: str | None = None,
        retry_after: int | None = None,
        problems: tuple[Misplaced, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.pointer, self.position, self.header, self.retry_after = pointer, position, header, retry_after
        self.problems = problems
