"""`{file: name}`: a secret from a file under the secrets folder, which no name and no link can leave.

Every part of the path is opened relative to the one before and never through a symbolic link; only a regular
file of at most 64 KiB is read, so a FIFO, a device or a huge file cannot hold up a worker.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from pathlib import Path
from typing import Any

from ...errors import BadReference, MissingSecret
from ...hookspecs import SecretSource, hookimpl

LIMIT = 64 * 1024  # bytes

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO nobody writes to returns at once instead of waiting for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_PART = r"([^./\x00][^/\x00]*|\.[^./\x00][^/\x00]*|\.\.[^/\x00]+)"  # any name of a file but . and ..

_log = logging.getLogger(__name__)


class FileSecrets:
    """Reads a file each time it is asked. One trailing line break is not part of the secret."""

    name = "file"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "string",
        "pattern": f"^{_PART}(/{_PART})*$",
        "description": "A file under the secrets folder (`--secrets-dir`): a relative path without `..`.",
        "examples": ["erp-token", "crm/smtp"],
    }

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._warned: set[str] = set()

    def resolve(self, reference: str) -> str:
        """Raises `BadReference` for a path that leaves the folder, else `MissingSecret` with the reason."""
        parts = _parts(reference)
        if self._folder is None:
            raise MissingSecret(self.name, reference, "no secrets folder is given (--secrets-dir)")
        try:
            content = self._read(self._folder, parts, reference)
            return self._text(content, reference)
        except OSError as error:
            raise MissingSecret(self.name, reference, _explain(error)) from None

    def _read(self, folder: Path, parts: list[str], reference: str) -> bytes:
        handle = _open_beneath(folder, parts)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise MissingSecret(self.name, reference, "is not a regular file")
            self._warn_if_open_to_all(status.st_mode, reference)
            return _read_at_most(handle, LIMIT + 1)
        finally:
            os.close(handle)

    def _text(self, content: bytes, reference: str) -> str:
        if len(content) > LIMIT:
            raise MissingSecret(self.name, reference, "is larger than 64 KiB")
        try:
            text = content.decode()
        except UnicodeDecodeError:  # its message would quote the secret
            raise MissingSecret(self.name, reference, "is not UTF-8 text") from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise MissingSecret(self.name, reference, "the file is empty")
        return text

    def _warn_if_open_to_all(self, mode: int, reference: str) -> None:
        if mode & stat.S_IRWXO and reference not in self._warned:
            self._warned.add(reference)
            _log.warning("secret file %r is open to every user (mode %04o)", reference, stat.S_IMODE(mode))


class FileSecretsPlugin:
    """The plugin around `FileSecrets`: an object, because the folder is known only when a process starts."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @hookimpl
    def hookwright_secrets(self) -> list[SecretSource]:
        return [FileSecrets(self._folder)]


def _parts(reference: str) -> list[str]:
    parts = reference.split("/")
    if "\0" in reference or any(part in {"", ".", ".."} for part in parts):
        raise BadReference(f"secret {{file: {reference!r}}}: must be a relative path without '..'")
    try:
        os.fsencode(reference)
    except UnicodeEncodeError:
        raise BadReference(f"secret {{file: {reference!r}}}: cannot be a file name") from None
    return parts


def _open_beneath(root: Path, parts: list[str]) -> int:
    folder = os.open(root, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def _read_at_most(handle: int, limit: int) -> bytes:
    pieces = []
    while limit > 0 and (piece := os.read(handle, limit)):
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def _explain(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case PermissionError():
            return "the file may not be read"
        case _ if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            return "a part of the path is a symbolic link or no folder"
        case _:
            return os.strerror(error.errno or 0)
