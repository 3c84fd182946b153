"""The wire through libcurl: all calls of the process over one `CurlMulti`."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import certifi
import pycurl

from . import Call, Identity, Judge, Reply, cut_off
from .driver import Driver
from .handle import Handle
from .kept import KeptConnections
from .opening import SocketRefused
from .readiness import READ, WRITE, readiness

logger = logging.getLogger(__name__)

_IDLE_CONNECTIONS = 512
_SPARE_HANDLES = 128
_GRUDGE = 600.0  # seconds without kept connections for a receiver that closes them unannounced
_TO_WATCH = {pycurl.POLL_IN: READ, pycurl.POLL_OUT: WRITE, pycurl.POLL_INOUT: READ | WRITE}
_TO_CURL = {
    READ: pycurl.CSELECT_IN,
    WRITE: pycurl.CSELECT_OUT,
    READ | WRITE: pycurl.CSELECT_IN | pycurl.CSELECT_OUT,
}


class CurlTransport:
    """A `Transport` on pycurl. `judge` has the last word on every socket; `ca` is a file of trusted roots."""

    def __init__(self, judge: Judge, *, ca: str | None = None) -> None:
        self._judge = judge
        self._ca = ca or certifi.where()
        self._lock = threading.Lock()
        self._submitted: deque[tuple[Call, Callable[[Reply], None]]] = deque()
        self._roused = False
        self._asleep = False  # whether the thread that drives waits for sockets
        self._ended = False
        self._spare: list[Handle] = []
        self._active: dict[pycurl.Curl, Handle] = {}
        self._kept = KeptConnections()
        self._unreliable: dict[tuple[str, int], float] = {}  # (host, port) -> until when, monotonic
        self._timer: float | None = None  # when libcurl wants to be called, monotonic
        self._readiness = readiness()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _IDLE_CONNECTIONS)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._driver = Driver(self)

    def submit(self, call: Call, done: Callable[[Reply], None]) -> None:
        """Send `call`. After `close` it is answered at once, by the calling thread."""
        with self._lock:
            ended = self._ended
            if not ended:
                self._submitted.append((call, done))
        if ended:
            _answer(done, cut_off())
        elif self._asleep:
            self.rouse()

    def attend(self, seconds: float, fd: int = -1) -> bool:
        """Drive the calls from the calling thread for a turn."""
        return self._driver.attend(seconds, fd)

    def wake(self) -> None:
        self._driver.wake()

    def close(self) -> None:
        self._driver.close()

    # Called by the driver.

    def turn(self, seconds: float, fd: int = -1) -> bool:
        if fd >= 0:
            self._readiness.watch(fd, READ, anew=True)
        ready = self._wait(seconds)
        if fd >= 0:
            self._readiness.forget(fd)
        self._start_submitted()
        found = False
        for each, events in ready:
            if each == fd:
                found = True
            else:
                self._multi.socket_action(each, _TO_CURL[events])
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()
        return found

    def _wait(self, seconds: float) -> list[tuple[int, int]]:
        """What is ready after up to `seconds`, or as soon as libcurl or somebody else wants us."""
        if self._timer is not None:
            seconds = min(max(self._timer - time.monotonic(), 0.0), seconds)
        self._asleep = True  # first: what is said from here on ends the wait
        if self._submitted or self._roused:
            seconds = 0.0
        ready = self._readiness.wait(seconds)
        self._asleep = self._roused = False
        return ready

    def rouse(self) -> None:
        with self._lock:
            self._roused = True
            if self._asleep and not self._ended:
                self._asleep = False
                self._readiness.wake()

    def end(self) -> None:
        with self._lock:
            self._ended = True
            waiting = [done for _, done in self._submitted]
            self._submitted.clear()
        for curl, handle in self._active.items():
            self._multi.remove_handle(curl)
            waiting.append(handle.done)
        for handle in (*self._spare, *self._active.values()):
            handle.close()
        self._multi.close()
        self._readiness.close()
        for done in waiting:
            _answer(done, cut_off())

    # The calls.

    def _start_submitted(self) -> None:
        while self._submitted:
            call, done = self._submitted.popleft()
            try:
                self._start(call, done)
            except SocketRefused as error:
                _answer(done, Reply(None, False, error="blocked_target", message=str(error)))
            except (pycurl.error, ValueError) as error:
                _answer(done, Reply(None, False, error="protocol", message=str(error)))
            except Exception as error:
                logger.exception("a call could not be started")
                _answer(done, Reply(None, False, error="protocol", message=type(error).__name__))

    def _start(self, call: Call, done: Callable[[Reply], None]) -> None:
        handle = self._handle(call.identity)
        try:
            handle.begin(call, done, reuse=self._may_reuse(call))
            self._multi.add_handle(handle.curl)
        except BaseException:
            self._put_back(handle)
            raise
        self._active[handle.curl] = handle

    def _handle(self, identity: Identity | None) -> Handle:
        if identity is None and self._spare:
            return self._spare.pop()
        return Handle(self._judge, self._ca, self._kept, identity, self._readiness.renew)

    def _put_back(self, handle: Handle) -> None:
        if handle.identity is None and len(self._spare) < _SPARE_HANDLES:
            self._spare.append(handle)
        else:  # an identity's is made anew for each call: no option of it may be left on another's
            handle.close()

    def _may_reuse(self, call: Call) -> bool:
        """Not where a kept connection was found closed lately: there every call would risk a try."""
        until = self._unreliable.get((call.host, call.port))
        if until is None:
            return True
        if time.monotonic() < until:
            return False
        del self._unreliable[call.host, call.port]
        return True

    def _collect(self) -> None:
        more = 1
        while more:
            more, fine, failed = self._multi.info_read()
            for curl in fine:
                self._finish(curl, 0, "")
            for curl, code, message in failed:
                self._finish(curl, code, message)

    def _finish(self, curl: pycurl.Curl, code: int, message: str) -> None:
        handle = self._active[curl]
        if code == 0:
            handle.keep_connection()
        self._multi.remove_handle(curl)
        if handle.try_again(code):
            self._multi.add_handle(curl)
            return
        del self._active[curl]
        if handle.was_repeated:
            self._unreliable[handle.call.host, handle.call.port] = time.monotonic() + _GRUDGE
        reply, done = handle.reply(code, message), handle.done
        self._put_back(handle)
        _answer(done, reply)

    # Called by libcurl, inside `socket_action`, `add_handle` and `remove_handle`.

    def _watch(self, what: int, fd: int, _multi: pycurl.CurlMulti, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._readiness.forget(fd)
        else:
            try:
                self._readiness.watch(fd, _TO_WATCH[what])
            except OSError:  # closed again already: libcurl finds out by itself
                logger.debug("socket %d cannot be watched", fd)

    def _set_timer(self, milliseconds: int) -> None:
        if milliseconds > 0:
            self._timer = time.monotonic() + milliseconds / 1000
        else:  # never, or at once
            self._timer = None if milliseconds else 0.0


def _answer(done: Callable[[Reply], None], reply: Reply) -> None:
    try:
        done(reply)
    except Exception:
        logger.exception("the receiver of a reply broke down")
