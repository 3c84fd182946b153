"""A fleet: several worker processes on a machine that runs no server, started again when they die."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

from hookwright.engine.stopping import stop_signals

from .children import Child

GRACE = 18.0  # seconds; longer than a worker gives its calls
_LOOK_SECONDS = 0.2


def run_fleet(processes: int, url: str, arguments: Sequence[str]) -> None:
    """Runs `processes` workers until a stop signal, then ends them. Call it in the main thread."""
    stopping = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in stop_signals():
        signal.signal(number, on_signal)
    environment = {**os.environ, "HOOKWRIGHT_REDIS_URL": url}
    command = ["worker", "--processes", "1", "--stop-at-eof", *arguments]
    fleet = [
        Child(f"worker-{number}", command, environment, clock=time.monotonic) for number in range(processes)
    ]
    while not stopping.wait(_LOOK_SECONDS):
        for child in fleet:
            child.watch()
    _end(fleet)


def _end(fleet: Sequence[Child]) -> None:
    for child in fleet:
        child.hang_up()
    deadline = time.monotonic() + GRACE
    for child in fleet:
        child.wait(deadline - time.monotonic())
