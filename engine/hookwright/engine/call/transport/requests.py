"""The wire where pycurl cannot be installed: urllib3's connections, as requests uses them, one thread a call.

Sessions and pools stay out: they rewrite URLs, cannot send a header twice, and read proxies, passwords and
cookies from places nobody named. Each call has a connection of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import certifi

from . import Call, Judge, Reply, cut_off
from .exchange import Exchange
from .trust import Trust

logger = logging.getLogger(__name__)


class RequestsTransport:
    """A `Transport` on urllib3. `judge` has the last word on every socket; `ca` is a file of roots."""

    def __init__(self, judge: Judge, *, ca: str | None = None, threads: int = 64) -> None:
        self._judge = judge
        self._trust = Trust(ca or certifi.where())
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Call, Callable[[Reply], None]]] = deque()
        self._active: dict[Exchange, Callable[[Reply], None]] = {}
        self._news = threading.Event()
        self._running = 0
        self._idle = 0
        self._closed = False

    def submit(self, call: Call, done: Callable[[Reply], None]) -> None:
        """Send `call`. After `close` it is answered at once, by the calling thread."""
        with self._changed:
            closed = self._closed
            if not closed:
                self._waiting.append((call, done))
                self._staff()
        if closed:
            _answer(done, cut_off())

    def attend(self, seconds: float, fd: int = -1) -> bool:
        """Each call has a thread: there is nothing to do but to wait, and not even that for `fd`."""
        if fd < 0:
            self._news.wait(seconds)
            self._news.clear()
        return True

    def wake(self) -> None:
        self._news.set()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            unfinished = [done for _, done in self._waiting] + list(self._active.values())
            active = list(self._active)
            self._waiting.clear()
            self._active.clear()
            self._changed.notify_all()
        for exchange in active:
            exchange.abort()
        for done in unfinished:
            _answer(done, cut_off())

    def _staff(self) -> None:
        """See to it that somebody takes the call just added."""
        if self._idle >= len(self._waiting) or self._running >= self._threads:
            self._changed.notify()
            return
        self._running += 1
        threading.Thread(target=self._work, name="transport", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if self._closed:
                    self._running -= 1
                    return
                call, done = self._waiting.popleft()
                exchange = Exchange(call, self._judge, self._trust)
                self._active[exchange] = done
            self._finish(exchange, _perform(exchange))

    def _finish(self, exchange: Exchange, reply: Reply) -> None:
        with self._changed:
            done = self._active.pop(exchange, None)
        if done is not None:  # else `close` has answered
            _answer(done, reply)
            self._news.set()


def _perform(exchange: Exchange) -> Reply:
    started = time.monotonic()
    try:
        return exchange.perform()
    except Exception as error:  # the caller must get an answer
        logger.exception("a call broke down after %.3f s", time.monotonic() - started)
        return Reply(None, False, error="protocol", message=f"cannot be sent: {type(error).__name__}")


def _answer(done: Callable[[Reply], None], reply: Reply) -> None:
    try:
        done(reply)
    except Exception:
        logger.exception("the receiver of a reply broke down")
