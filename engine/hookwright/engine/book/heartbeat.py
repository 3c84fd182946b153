"""The bookkeeper's sign of life: `bookkeeper.json` in the state folder, for `/readyz` and `doctor`."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from ..state import write_private

FRESH = 3.0  # seconds


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What the bookkeeper says of itself, at most once a second.

    `caught_up`: the results that waited at its start are booked, and what was open then has been offered to
    the ledger. `ledger` and `journal` say whether each works now, `room` whether the disk has room for more.
    `open` counts all deliveries not settled, `held` those of them no attempt can be made of. `at` is Unix
    seconds for people; `monotonic` is the machine's monotonic clock, which a step of the time of day does not
    disturb.
    """

    pid: int
    caught_up: bool
    ledger: bool
    journal: bool
    open: int
    held: int
    at: float
    monotonic: float
    room: bool = True

    def fresh(self, now: float | None = None) -> bool:
        """Whether it was written within the last three seconds (`now` is `time.monotonic()`)."""
        return 0 <= (time.monotonic() if now is None else now) - self.monotonic <= FRESH


def write_heartbeat(state: Path, heartbeat: Heartbeat) -> None:
    """Replace the file whole. Raises `OSError`."""
    write_private(state / "bookkeeper.json", msgspec.json.encode(heartbeat).decode() + "\n")


def read_heartbeat(state: Path) -> Heartbeat | None:
    """The last sign of life in a state folder, if there is one; look at `fresh`."""
    try:
        return msgspec.json.decode((state / "bookkeeper.json").read_bytes(), type=Heartbeat)
    except (OSError, msgspec.DecodeError):
        return None
