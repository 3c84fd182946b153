"""The guardian of a call: a process that starts the Lapp's, watches its limits, and ends all that is left."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Final

from hookwright.plugins.hookspecs import Lapp

from . import child
from .logs import Logs
from .order import End, Order, Report, receive, send
from .processes import adopt_orphans, below, end_all, memory

_TICK: Final = 0.02  # seconds between looks at the process
_LOOK: Final = 0.2  # seconds between looks at all processes it started: that costs more
_PIECE: Final = 65536
_PIPE: Final = 2 << 20  # bytes, more than a pipe holds and an answer may have
_CHATTY: Final = 1 << 20  # bytes of logs from which on no more than a piece a tick is read


def guard(sock: socket.socket, lapps: Mapping[str, Lapp]) -> None:
    """Carry out the order that comes over `sock`, and send the report. To be called in a fresh process."""
    order = receive(sock, Order)
    if order is None:
        return
    os.setpgid(0, 0)
    adopt_orphans()
    folder = tempfile.mkdtemp(prefix="hookwright-lapp-")
    try:
        report = _Call(order, sock).carried_out(lapps, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if report is not None:
        with contextlib.suppress(OSError):  # nobody waits any more
            send(sock, report)


class _Call:
    """One call under way. `sock` is at its end when nobody waits for the report any more."""

    def __init__(self, order: Order, sock: socket.socket) -> None:
        self._limits = order.limits
        self._order = order
        self._sock = sock
        self._logs = Logs(order.limits.logs)
        self._answer = bytearray()
        self._own = memory(os.getpid())
        self._began = time.monotonic()
        self._looked = self._began
        self._pid = 0

    def carried_out(self, lapps: Mapping[str, Lapp], folder: str) -> Report | None:
        """The report; None when nobody waits for it."""
        answer, answer_end = os.pipe()
        logs, logs_end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            child.run(self._order, lapps, folder, answer_end, logs_end)
        for ours in (answer_end, logs_end):
            os.close(ours)
        end = self._watched(answer, logs)
        status = self._status()
        end_all(self._pid)
        self._drain(logs, self._take_logs)
        return None if end == "lost" else self._report(end, status)

    def _watched(self, answer: int, logs: int) -> End | None:
        """Wait for the process to end. What it was ended for; None when it ended by itself."""
        waiting = select.poll()
        sources = {answer: self._take_answer, logs: self._take_logs, self._sock.fileno(): self._abandoned}
        ended = os.pidfd_open(self._pid)
        for descriptor in (*sources, ended):
            waiting.register(descriptor, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in waiting.poll(_TICK * 1000)]
            for descriptor in ready:
                if descriptor != ended and not sources[descriptor](descriptor):
                    waiting.unregister(descriptor)
                    if descriptor == self._sock.fileno():
                        return "lost"
            over = self._over()
            if over is not None or ended in ready:
                self._drain(answer, self._take_answer)
                return over
            if self._logs.size > _CHATTY:
                time.sleep(_TICK)

    def _take_answer(self, descriptor: int) -> bool:
        piece = os.read(descriptor, _PIECE)
        self._answer += piece
        return bool(piece)

    def _take_logs(self, descriptor: int) -> bool:
        piece = os.read(descriptor, _PIECE)
        self._logs.add(piece)
        return bool(piece)

    def _abandoned(self, _descriptor: int) -> bool:
        return False  # nothing more is ever sent: it is the end

    def _drain(self, pipe: int, take: Callable[[int], bool]) -> None:
        """Take what is left in a pipe, and no more than a pipe holds: somebody may go on writing."""
        os.set_blocking(pipe, False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(_PIPE // _PIECE):
                if not take(pipe):
                    return

    def _over(self) -> End | None:
        """Which limit it is over, if any."""
        now = time.monotonic()
        if now - self._began > self._limits.time:
            return "timeout"
        if len(self._answer) > self._limits.value + 1:
            return "size"
        if now - self._looked > _LOOK:
            self._looked = now
            there = below(os.getpid())
            if len(there) > self._limits.processes:
                return "processes"
            if sum(map(self._taken, there)) > self._limits.memory:
                return "memory"
        return "memory" if self._taken(self._pid) > self._limits.memory else None

    def _taken(self, pid: int) -> int:
        """The memory of a process beside what was there before it."""
        return max(memory(pid) - self._own, 0)

    def _status(self) -> int:
        """How it ended, as a shell counts: below zero is the number of a signal. It is ended if need be."""
        with contextlib.suppress(ProcessLookupError):
            if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                os.kill(self._pid, signal.SIGKILL)
                os.killpg(self._pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _report(self, end: End | None, status: int) -> Report:
        said = bytes(self._answer[1:]).decode(errors="replace")
        form, error, exit_ = bytes(self._answer[:1]), "", ""
        if end is None and status == 0 and form == child.VALUE:
            end = "value"
        elif end is None and status == 0 and form == child.ERROR:
            end, error = "error", said
        elif end is None and status == 0 and form == child.TOO_LARGE:
            end = "size"
        elif end is None:
            end = "processor" if status == -signal.SIGXCPU else "exit"
            exit_ = _exit(status)
        return Report(
            end=end,
            value=said if end == "value" else "",
            error=error,
            exit=exit_,
            logs=self._logs.text(),
            seconds=time.monotonic() - self._began,
        )


def _exit(status: int) -> str:
    if status >= 0:
        return f"exited with {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
