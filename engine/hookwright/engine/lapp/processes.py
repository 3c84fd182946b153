"""Processes below one, as Linux shows them under /proc: how many, how large, and the end of them all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVILEGES: Final = 38
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_LONGEST: Final = 5.0  # seconds in which everything must be dead


def adopt_orphans() -> None:
    """From here on processes below this one whose parents end become its children, and cannot get away."""
    _prctl(_PR_SET_CHILD_SUBREAPER)


def give_up_privileges() -> None:
    """From here on no program that is started can gain rights, such as by being set-user-id."""
    _prctl(_PR_SET_NO_NEW_PRIVILEGES)


def _prctl(option: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # where there is no such thing it is less safe
        ctypes.CDLL(None, use_errno=True).prctl(option, 1, 0, 0, 0)


def below(parent: int) -> list[int]:
    """The ids of all processes below `parent`."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, of in _parents():
        children[of].append(pid)
    found = list(children[parent])
    for pid in found:  # which grows meanwhile
        found += children[pid]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):  # noqa: PTH208  # of paths only the names are needed
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
                said = Path(f"/proc/{name}/stat").read_bytes()
                yield int(name), int(said.rpartition(b")")[2].split()[1])


def memory(pid: int) -> int:
    """The bytes a process holds that stand in no file; 0 when there is no such process."""
    try:
        with Path(f"/proc/{pid}/statm").open("rb") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return (resident - shared) * _PAGE


def data_size() -> int:
    """The bytes of this process that it may write to, touched or not; 0 where that cannot be told."""
    try:
        with Path("/proc/self/statm").open("rb") as file:
            return int(file.read().split()[5]) * _PAGE
    except (OSError, ValueError):
        return 0


def end_all(group: int) -> None:
    """Kill a process group and all there is below this process, whatever sessions they made; and reap them.

    Gives up after a few seconds: a process may hang in the kernel.
    """
    give_up = time.monotonic() + _LONGEST
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    while _reaped() and time.monotonic() < give_up:
        for number in (signal.SIGSTOP, signal.SIGKILL):  # what stands still makes no further ones
            for pid in below(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        time.sleep(0.001)


def _reaped() -> bool:
    """Take leave of those that have ended; whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
