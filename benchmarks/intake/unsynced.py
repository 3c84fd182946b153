"""Hookwright with a journal that never waits for the disk: what the fsync costs is told by leaving it out."""

from __future__ import annotations

from hookwright.engine.journal.writer import Writer
from hookwright.interfaces.cli import main


def _nothing(_descriptor: int) -> None:
    """No fsync."""


if __name__ == "__main__":
    assert Writer.__init__.__kwdefaults__ is not None
    Writer.__init__.__kwdefaults__["fsync"] = _nothing
    main()
