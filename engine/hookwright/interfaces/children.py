"""Child processes of the server: started, watched, started again when they die, and ended in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

import structlog

RESTART_FIRST = 0.1  # seconds before a child that died is started again; doubles while it keeps dying
RESTART_MOST = 5.0
STEADY = 10.0  # seconds of life after which a death is the first one again

log = structlog.get_logger(__name__)


class Child:
    """One `hookwright` command as a child. Its standard input is a pipe: its end means the parent is gone.

    It stays in the parent's process group, so a signal to the group reaches it too.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        clock: Callable[[], float],
        output: int | None = None,
    ) -> None:
        """`output` is a descriptor for what the child prints; None leaves it with the parent's."""
        self.name = name
        self._command = [sys.executable, "-m", "hookwright", *arguments]
        self._environment = dict(environment)
        self._clock = clock
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = RESTART_FIRST
        self._next = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def code(self) -> int | None:
        """How it ended (negative: the signal that killed it); None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            self._command,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            env=self._environment,
        )
        self._started = self._clock()

    def watch(self) -> None:
        """Start the child again if it died; call this a few times a second."""
        if self.running:
            return
        now = self._clock()
        if self._process is not None:
            self._reap(now)
        elif now >= self._next:
            try:
                self.start()
            except OSError as error:  # no memory or no more processes, say
                log.warning("child_not_started", child=self.name, reason=error.strerror)
                self._started = now
                self._put_off(now)

    def _reap(self, now: float) -> None:
        assert self._process is not None
        log.warning("child_died", child=self.name, pid=self._process.pid, code=self._process.returncode)
        self._hang_up()
        self._process = None
        self._put_off(now)

    def _put_off(self, now: float) -> None:
        self._pause = RESTART_FIRST if now - self._started >= STEADY else min(self._pause * 2, RESTART_MOST)
        self._next = now + self._pause

    def hang_up(self) -> None:
        """Ask it to finish what it has begun and to end, by closing its standard input.

        Never by a signal: one to the whole group may have reached it already, and a second means "at once".
        """
        if self._process is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        assert self._process is not None
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def wait(self, timeout: float) -> None:
        """Wait for its end; kill it after `timeout` seconds."""
        if self._process is None:
            return
        try:
            self._process.wait(max(timeout, 0.0))
        except subprocess.TimeoutExpired:
            log.warning("child_killed", child=self.name, pid=self._process.pid)
            self._process.kill()
            self._process.wait()
        self._hang_up()
