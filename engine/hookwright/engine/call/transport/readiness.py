"""Waiting for sockets: epoll where there is one, else what `selectors` finds. Any thread can end a wait."""

from __future__ import annotations

import os
import select
import selectors
import socket
import sys
from contextlib import suppress
from typing import Protocol

READ = 1
WRITE = 2


class Readiness(Protocol):
    """Used by one thread, but for `wake`, which any thread may call."""

    def watch(self, fd: int, events: int, *, anew: bool = False) -> None:
        """Watch `fd` for `READ`, `WRITE` or both, in place of what it was watched for before.

        With `anew` it may be the number of another socket by now.
        """
        ...

    def forget(self, fd: int) -> None: ...

    def renew(self) -> None:
        """Sockets were opened: any number may be that of another one by now."""
        ...

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """The sockets that are ready, with `READ` and `WRITE` bits; empty after `seconds` or a `wake`.

        An error or a hang-up reads as both bits.
        """
        ...

    def wake(self) -> None:
        """Make a `wait` that is under way, or else the next one, return at once."""
        ...

    def close(self) -> None: ...


def readiness() -> Readiness:
    """The fastest way this system has."""
    return Epoll() if sys.platform == "linux" else Selector()


if sys.platform == "linux":
    _TO_EPOLL = {
        READ: select.EPOLLIN,
        WRITE: select.EPOLLOUT,
        READ | WRITE: select.EPOLLIN | select.EPOLLOUT,
    }
    _FROM_EPOLL = {mask: events for events, mask in _TO_EPOLL.items()}  # nearly all that comes

    class Epoll:
        """epoll and an eventfd."""

        def __init__(self) -> None:
            self._poll = select.epoll()
            self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._poll.register(self._bell, select.EPOLLIN)
            self._idle: set[int] = set()  # still registered, but nobody wants to hear of them
            self._registered: dict[int, int] = {}  # for which events, where that is sure

        def watch(self, fd: int, events: int, *, anew: bool = False) -> None:
            self._idle.discard(fd)
            if self._registered.get(fd) == events and not anew:
                return
            try:
                self._poll.modify(fd, _TO_EPOLL[events])
            except FileNotFoundError:
                self._poll.register(fd, _TO_EPOLL[events])
            self._registered[fd] = events

        def renew(self) -> None:
            self._registered.clear()

        def forget(self, fd: int) -> None:
            """A kept connection is soon watched again: leaving it registered saves the system calls. A closed
            one leaves by itself.
            """
            self._idle.add(fd)

        def wait(self, seconds: float) -> list[tuple[int, int]]:
            ready = []
            for fd, mask in self._poll.poll(seconds):
                if fd == self._bell:
                    os.eventfd_read(fd)
                elif fd in self._idle:
                    self._idle.discard(fd)
                    self._registered.pop(fd, None)
                    self._poll.unregister(fd)
                else:
                    ready.append((fd, _FROM_EPOLL.get(mask) or _from_epoll(mask)))
            return ready

        def wake(self) -> None:
            os.eventfd_write(self._bell, 1)

        def close(self) -> None:
            self._poll.close()
            os.close(self._bell)

    def _from_epoll(mask: int) -> int:
        if mask & (select.EPOLLERR | select.EPOLLHUP):
            return READ | WRITE
        return (READ if mask & select.EPOLLIN else 0) | (WRITE if mask & select.EPOLLOUT else 0)


class Selector:
    """`selectors` and a socket pair."""

    def __init__(self) -> None:
        self._poll = selectors.DefaultSelector()
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._poll.register(self._ear, selectors.EVENT_READ)

    def watch(self, fd: int, events: int, *, anew: bool = False) -> None:  # noqa: ARG002  # always anew
        self.forget(fd)
        self._poll.register(fd, events)  # its EVENT_READ and EVENT_WRITE are our READ and WRITE

    def forget(self, fd: int) -> None:
        with suppress(KeyError, ValueError, OSError):
            self._poll.unregister(fd)

    def renew(self) -> None:
        """Nothing is remembered."""

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        ready = []
        for key, events in self._poll.select(seconds):
            if key.fileobj is self._ear:
                self._ear.recv(4096)
            else:
                ready.append((key.fd, events))
        return ready

    def wake(self) -> None:
        with suppress(BlockingIOError):  # full: it will wake anyway
            self._bell.send(b"\0")

    def close(self) -> None:
        self._poll.close()
        self._ear.close()
        self._bell.close()
