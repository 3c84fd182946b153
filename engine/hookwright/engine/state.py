"""The state folder: where everything a node keeps stands, who it is, and that only one server owns it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class StateError(Exception):
    """The state folder cannot be used; the message says why and what to do."""


class StateBusy(StateError):
    """Another server runs on the folder."""


@dataclass(frozen=True, slots=True)
class State:
    """Paths under one state folder. Reading them creates nothing; `prepare` does."""

    path: Path

    @property
    def history(self) -> Path:
        return self.path / "history"

    @property
    def index(self) -> Path:
        return self.path / "index.sqlite"

    @property
    def server(self) -> Path:
        return self.path / "server.json"

    @property
    def token(self) -> Path:
        return self.path / "token"

    @property
    def tokens(self) -> Path:
        return self.path / "tokens.json"

    @property
    def revisions(self) -> Path:
        return self.path / "revisions"

    @property
    def api_webhooks(self) -> Path:
        return self.path / "api" / "webhooks.yaml"

    def prepare(self) -> str:
        """Create the folder (0700) and the node's name if they are missing; return the name.

        Raises `StateError` when the folder cannot be written or belongs to somebody else.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_uid != os.geteuid():
                raise StateError(f"{self.path} belongs to another user; choose another --state")
            self.history.mkdir(mode=0o700, exist_ok=True)
            return self._node()
        except OSError as error:
            raise StateError(f"cannot use the state folder {self.path}: {error.strerror}") from error

    def _node(self) -> str:
        path = self.path / "node-id"
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            write_private(path, f"nod_{secrets.token_hex(8)}\n")
            return path.read_text(encoding="ascii").strip()

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the folder for one server. Raises `StateBusy` when another one runs on it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StateBusy(
                f"another server is running on {self.path}; stop it or choose another --state"
            ) from None
        try:
            yield
        finally:
            os.close(descriptor)

    def announce(self, url: str) -> None:
        """Write `server.json`, so that commands find the running server."""
        write_private(self.server, json.dumps({"url": url, "pid": os.getpid()}) + "\n")

    def admin_token(self) -> str:
        """The administrator's token, made at first use (0600)."""
        try:
            return self.token.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            write_private(self.token, secrets.token_urlsafe(32) + "\n")
            return self.token.read_text(encoding="ascii").strip()


def write_private(path: Path, text: str) -> None:
    """Replace a file whole and on disk (0600): a reader sees the old text or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb", opener=_private) as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last: what was created, replaced or removed there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
