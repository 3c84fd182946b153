"""Runs a private Valkey for a node that has no Redis of its own: start or attach, restart, stop."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import EngineError
from .binary import find_server
from .interruption import signals_held_back
from .serverfolder import EmbeddedError, Resident, ServerFolder

# `--dir .`: the server is started in its folder, so no odd character in a path can matter.
_SETTINGS = (
    *("--port", "0", "--unixsocketperm", "700", "--dir", ".", "--pidfile", "pid", "--daemonize", "no"),
    *("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes", "--save", ""),
    *("--maxmemory", "0", "--maxmemory-policy", "noeviction", "--logfile", ""),
    *("--hash-max-listpack-value", "2048"),  # a usual body of several deliveries is one piece of memory
)
HANGING = 1.0  # seconds a server that does not answer gets to end by itself
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # and no secrets

# What the server says when its own files, and not its surroundings, keep it from starting.
_DAMAGE = (
    "Bad file format reading the append only file",
    "FATAL AOF MANIFEST FILE ERROR",
    "Error reading the RDB base file",
    "Internal error in RDB reading",
    "Unable to obtain the AOF file",
)
_TOO_NEW = "Can't handle RDB format version"

_logger = logging.getLogger(__name__)


class _Ended(Exception):
    """The server ended while it was starting. Carries what it wrote to its log."""


class EmbeddedServer:
    """The private server on one state folder. `start`, `ensure` and `stop` may be called from any thread.

    `binary` is the server to run (None: find one). `patience` is how long, in seconds, a server may take to
    answer: a long append-only file takes a while to load.
    """

    def __init__(self, state: Path, *, binary: Path | None = None, patience: float = 60.0) -> None:
        self._folder = ServerFolder(state / "redis")
        self._binary = binary
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None  # when started here, not attached to
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._watcher: threading.Thread | None = None
        self.pid: int | None = None

    def start(self) -> str:
        """Start the server, or attach to the one that lives on this folder; returns its URL.

        Raises `EmbeddedError`, and `NoServer` when there is no binary to run.
        """
        self._ending.clear()
        with self._guard:
            return self._start()

    def ensure(self) -> bool:
        """Start the server again if it died, under the same URL; True if so. Raises as `start` does."""
        with self._guard:
            before = self.pid
            resident = self._folder.resident()
            if resident is not None and resident.pid == before:
                return False
            socket = self._folder.socket()
            if socket is None or not socket.exists():  # a server that nobody can reach any more
                self._end(grace=10.0)
            self._start()
            return self.pid != before

    def watch(self, *, every: float = 0.5, restarted: Callable[[], None] | None = None) -> None:
        """Call `ensure` in a thread every so many seconds until `stop`; `restarted` hears of each restart."""
        self._watcher = threading.Thread(
            target=self._keep_watch, args=(every, restarted), name="embedded-server", daemon=True
        )
        self._watcher.start()

    def stop(self, *, grace: float = 10.0) -> None:
        """Stop the server, attached to or started: SIGTERM, and SIGKILL after `grace` seconds. Idempotent.

        Raises `EmbeddedError` if it survives both.
        """
        self._ending.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        with self._guard:
            if self.pid is not None:
                self._end(grace)
                self._folder.forget_socket()

    def _start(self) -> str:
        """Whoever gets the lock starts a server; everybody else waits until that one answers."""
        deadline = time.monotonic() + self._patience
        self._folder.prepare()
        while not self._ending.is_set():
            self._reap()
            # A child of ours that lives is the server, even if somebody deleted the lock file under it.
            lock = None if self._process is not None else self._folder.lock()
            if lock is not None:
                try:
                    return self._launch(lock, deadline)
                finally:
                    os.close(lock)  # the server has its own
            resident = self._folder.resident()
            if resident is not None:
                return self._use(resident)
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"a server lives on {self._folder.path} but does not answer: stop the process named in "
                    f"{self._folder.path / 'pid'}; its log is {self._folder.log}"
                )
            self._ending.wait(0.02)
        raise EmbeddedError("the embedded server was stopped while it started")

    def _launch(self, lock: int, deadline: float) -> str:
        """Start a server that inherits `lock`. Data that cannot be read is set aside, once.

        Redis is the working memory, not the truth: what goes with it is offered again from the journal.
        """
        resident = self._folder.resident()
        if resident is not None:  # somebody deleted the lock file under a living server
            return self._use(resident)
        try:
            return self._run(lock, deadline)
        except _Ended as ended:
            said = str(ended)
        if _TOO_NEW not in said and any(mark in said for mark in _DAMAGE):
            away = self._folder.set_aside()
            _logger.error("the embedded server's data is damaged and was set aside in %s", away)
            try:
                return self._run(lock, deadline)
            except _Ended as ended:
                said = str(ended)
        self._folder.forget_socket()
        raise EmbeddedError(f"the embedded server did not start ({_last_line(said)}): see {self._folder.log}")

    def _run(self, lock: int, deadline: float) -> str:
        begin = self._spawn(lock)
        assert self._process is not None
        while (resident := self._folder.resident()) is None:
            if self._process.poll() is not None:
                self.pid = None
                raise _Ended(_read_from(self._folder.log, begin))
            if self._ending.is_set() or time.monotonic() > deadline:
                raise EmbeddedError("the embedded server does not answer yet")
            self._ending.wait(0.01)
        return self._use(resident)

    def _spawn(self, lock: int) -> int:
        """Start the process; returns where its output begins in the log."""
        self._binary = self._binary or find_server()
        try:
            with self._folder.open_log() as log, signals_held_back():
                begin = log.seek(0, os.SEEK_END)
                self._process = subprocess.Popen(  # noqa: S603  # our own command line, no shell
                    [self._binary, *_SETTINGS, "--unixsocket", self._folder.place_socket()],
                    cwd=self._folder.path,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                    umask=0o077,
                    pass_fds=(lock,),
                    start_new_session=True,  # a Ctrl-C at the terminal is for us, not for it
                )
                self.pid = self._process.pid
        except OSError as error:
            raise EmbeddedError(
                f"cannot start {self._binary} in {self._folder.path}: {error.strerror}"
            ) from error
        return begin

    def _use(self, resident: Resident) -> str:
        self.pid = resident.pid
        return resident.url

    def _end(self, grace: float) -> None:
        """End the server if one lives. Its number cannot be another's: the lock shows that it lives."""
        resident = self._folder.resident()
        pid = self.pid if resident is None else resident.pid
        if resident is None:  # it hangs, or still loads: what it had acknowledged is on disk
            grace = min(grace, HANGING)
        for sign, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            if pid is not None and self._lives():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
            if self._wait_for_end(seconds):
                self.pid = None
                return
        raise EmbeddedError(f"the embedded server (process {pid}) does not end")

    def _wait_for_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._lives():
            if time.monotonic() > deadline:
                return False
            threading.Event().wait(0.01)
        return True

    def _lives(self) -> bool:
        self._reap()
        return self._process is not None or self._folder.occupied()

    def _reap(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._process = None

    def _keep_watch(self, every: float, restarted: Callable[[], None] | None) -> None:
        wait = every
        while not self._ending.wait(wait):
            try:
                again = self.ensure()
            except EngineError as error:
                wait = min(wait * 2, 5.0)
                _logger.error("the embedded server cannot be started again: %s", error)
                continue
            wait = every
            if again:
                _logger.warning("the embedded server had died; process %s goes on for it", self.pid)
                if restarted is not None:
                    restarted()


def _read_from(path: Path, begin: int) -> str:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
