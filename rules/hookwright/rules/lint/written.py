"""From the tree of a pattern back to where its parts stand in the pattern as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Steps
from ..pattern.operators import Test
from ..pattern.syntax import Field

_ABSENT: Final = {"exists": False}


def alternatives(field: Field, written: Mapping[str, Any]) -> Iterator[tuple[Steps, Test]]:
    """Each test of a field and the way to it in `written`, the whole pattern."""
    items = resolve(written, field.at)
    if not isinstance(items, list | tuple):
        yield from ((field.at, test) for test in field.tests)
        return
    positions = (index for index, item in enumerate(items) if item != _ABSENT)
    for position, test in zip(positions, field.tests, strict=True):
        yield (*field.at, position), test


def resolve(written: object, at: Steps) -> object:
    """What stands at `at`; None when nothing does."""
    for step in at:
        if isinstance(written, Mapping):
            written = written.get(step)
        elif isinstance(written, list | tuple) and isinstance(step, int) and step < len(written):
            written = written[step]
        else:
            return None
    return written
