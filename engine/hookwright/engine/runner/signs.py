"""The runner's sign of life: `runner.json` in the state folder, for `/readyz` and `doctor`."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from ..book.heartbeat import FRESH
from ..state import write_private


class SignOfLife(msgspec.Struct, frozen=True, kw_only=True):
    """What the runner says of itself, at most once a second.

    `caught_up`: all of the journal that was there at its start is read. `journal` says whether it can be
    written, `room` whether the disk has room for more. `open` counts the runs that have not ended. `at` is
    Unix seconds for people, `monotonic` the machine's monotonic clock.
    """

    pid: int
    caught_up: bool
    journal: bool
    room: bool
    open: int
    at: float
    monotonic: float

    def fresh(self, now: float | None = None) -> bool:
        """Whether it was written within the last three seconds (`now` is `time.monotonic()`)."""
        return 0 <= (time.monotonic() if now is None else now) - self.monotonic <= FRESH


def write_sign(state: Path, sign: SignOfLife) -> None:
    """Replace the file whole. Raises `OSError`."""
    write_private(state / "runner.json", msgspec.json.encode(sign).decode() + "\n")


def read_sign(state: Path) -> SignOfLife | None:
    """The last sign of life in a state folder, if there is one; look at `fresh`."""
    try:
        return msgspec.json.decode((state / "runner.json").read_bytes(), type=SignOfLife)
    except (OSError, msgspec.DecodeError):
        return None
