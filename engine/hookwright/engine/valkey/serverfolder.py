"""The folder of the embedded server, `state/redis`: who lives on it, where its socket stands, what it wrote.

The server process itself holds the lock: `lock` returns a locked descriptor that the server inherits, so the
lock is held exactly as long as a server lives on the folder, whatever became of whoever started it. Nobody
can start a second one, not even after a crash that left the first an orphan.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import redis

from ..connection import connect
from ..errors import EngineError

SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 107, on macOS 103
LOG_LIMIT = 4 * 1024 * 1024  # bytes; a longer log becomes `log.1` when the server starts


class EmbeddedError(EngineError):
    """The embedded server cannot be started, reached or stopped; the message says why."""


@dataclass(frozen=True, slots=True)
class Resident:
    """The server that lives on the folder and answers: its socket and its process."""

    socket: Path
    pid: int

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """`path` is `state/redis`. Nothing is created before `prepare`."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log"

    def prepare(self) -> None:
        """Create the folder, for us alone. Raises `EmbeddedError` when it cannot be written."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
                self.log.rename(self.path / "log.1")
        except OSError as error:
            raise EmbeddedError(f"cannot write {self.path}: {error.strerror}") from error

    def lock(self) -> int | None:
        """The locked descriptor when no server lives on the folder, else None. The caller closes it.

        Raises `EmbeddedError` when the lock file cannot be opened.
        """
        path = self.path / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def resident(self) -> Resident | None:
        """The server that answers on the named socket, if it is done loading and this is its folder."""
        path = self.socket()
        if path is None:
            return None
        client = connect(f"unix://{quote(str(path))}", timeout=2, decode_responses=True)
        with contextlib.closing(client), contextlib.suppress(redis.RedisError, OSError):
            client.ping()  # refused while the server loads its data
            if self.path.samefile(str(client.config_get("dir")["dir"])):
                return Resident(path, int(client.info("server")["process_id"]))
        return None

    def occupied(self) -> bool:
        """Does a server live here? The lock says so, or, should its file have been deleted, the server."""
        if not self.path.is_dir():
            return False
        descriptor = self.lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return self.resident() is not None

    def socket(self) -> Path | None:
        """The socket that the file `socket` names, if its folder is there and nobody's but ours."""
        path = self._named()
        if path is None:
            return None
        try:
            folder = path.parent.lstat()
        except OSError:
            return None
        private = stat.S_ISDIR(folder.st_mode) and stat.S_IMODE(folder.st_mode) == 0o700
        return path if private and folder.st_uid == os.geteuid() else None

    def place_socket(self) -> Path:
        """Where a new server listens: the last place again if possible, so that clients find it there.

        A socket's path is short by law, so it stands in a private folder under the system's temporary one,
        which may have been emptied since. Raises OSError or `EmbeddedError` when nothing can be made there.
        """
        path = self._named()
        if path is not None and not path.parent.exists():
            with contextlib.suppress(OSError):
                path.parent.mkdir(mode=0o700)
                self._mark(path.parent)
        if path is None or self.socket() is None or not self._made(path.parent):
            path = _private_folder() / "valkey.sock"
            self._mark(path.parent)
            draft = self.path / "socket.new"
            draft.write_text(f"{path}\n", encoding="utf-8")
            draft.replace(self.path / "socket")
        return path

    def _named(self) -> Path | None:
        try:
            text = (self.path / "socket").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return Path(text) if text else None

    def _mark(self, folder: Path) -> None:
        (folder / "made-for").write_text(self._identity(), encoding="ascii")

    def _made(self, folder: Path) -> bool:
        """Was this socket's folder made for us? In a copied state folder the name is the original's."""
        try:
            return (folder / "made-for").read_text(encoding="ascii") == self._identity()
        except (OSError, UnicodeDecodeError):
            return False

    def _identity(self) -> str:
        """Kept when the folder is moved, another when it is copied."""
        status = self.path.stat()
        return f"{status.st_dev}:{status.st_ino}"

    def forget_socket(self) -> None:
        """After the server has ended: remove the socket's folder and its name."""
        path = self.socket()
        if path is not None and self._made(path.parent):
            shutil.rmtree(path.parent, ignore_errors=True)
        (self.path / "socket").unlink(missing_ok=True)

    def open_log(self) -> BinaryIO:
        """For appending, at its end."""
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "ab")

    def set_aside(self) -> Path:
        """Move the server's data away, so that it can start with none. Returns where to."""
        number = 1
        while (away := self.path / f"appendonlydir.damaged-{number}").exists():
            number += 1
        (self.path / "appendonlydir").rename(away)
        return away


def _private_folder() -> Path:
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  # mkdtemp's name is random, its mode 0700
        if len(os.fsencode(parent)) + len("/hookwright-12345678/valkey.sock") <= SOCKET_PATH_LIMIT:
            try:
                return Path(tempfile.mkdtemp(prefix="hookwright-", dir=parent))
            except OSError as error:
                raise EmbeddedError(f"cannot write {parent}: {error.strerror}") from error
    raise EmbeddedError(
        f"{tempfile.gettempdir()} is too long a path for a socket; set TMPDIR to a shorter one"
    )
