"""Sealing: what has to be sent and may not be read stands in the journal encrypted, its key beside it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hookwright.rules.event import Event

from ..errors import EngineError, JournalError
from .segment import sync_folder

KEY_FILE = "sealing-key"
LOST: tuple[str, str] = ("poison", "what it sends is sealed, and the key that opens it is gone (sealing-key)")
SHOWN = 16 * 1024  # characters of a concealed body that can be read
_KEYED = "keyed:"
_NONCE = 12


class SealBroken(EngineError):
    """The key that was used is not there any more, or the text was damaged."""


class Secret(Struct, frozen=True, array_like=True):
    """What is sealed: the bytes to send, the headers that belong to them, the values nobody may read, and
    what stands in slots.
    """

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    filled: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Concealed:
    """A secret as the journal keeps it: `text` is sealed, the others are what may be read."""

    text: str
    shown: str
    headers: tuple[tuple[str, str], ...] = ()
    filled: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event as it may be read, its data sealed, and the bodies of its own that deliveries have, by id."""

    event: Event
    data: str
    bodies: Mapping[str, Concealed]


class Vault:
    """Seals and opens with the keys in one file (0600): the first one seals, all of them open.

    The file is made at first use. One that vanishes while a process still knows its keys is written again.
    Threads may share a vault.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._keys: dict[str, bytes] = {}  # by name, the one that seals first

    def seal(self, secret: Secret) -> str:
        """One text, another one each time. Raises `JournalError` when no key can be had."""
        name, key = self._sealing()
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(secret), name.encode())
        return f"{name}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str) -> Secret:
        """What was sealed. Raises `SealBroken`, and `OSError` when the key is there and cannot be read."""
        name, _, encoded = text.partition(".")
        key = self._key(name)
        if key is None:
            raise SealBroken(LOST[1])
        try:
            raw = base64.b64decode(encoded, validate=True)
            opened = AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], name.encode())
            return msgspec.msgpack.decode(opened, type=Secret)
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealBroken("what it sends is sealed and damaged") from error

    def conceal(
        self,
        secret: Secret,
        shown: bytes,
        headers: tuple[tuple[str, str], ...],
        filled: tuple[tuple[str, str], ...] = (),
    ) -> Concealed:
        """A secret with what may be read of it. Raises `JournalError`."""
        text = shown.decode(errors="replace")
        return Concealed(
            self.seal(secret), text if len(text) <= SHOWN else f"{text[:SHOWN]}…", headers, filled
        )

    def keyed(self, text: str) -> str:
        """A digest that tells nothing to who tries all texts there may be. Raises `JournalError`."""
        name, key = self._sealing()
        return f"{_KEYED}{name}:{_digest(key, text)}"

    def matches(self, kept: str, text: str) -> bool:
        """Whether `kept`, plain or `keyed`, stands for `text`; without its key nobody can tell: it does."""
        if not kept.startswith(_KEYED):
            return kept == text
        name, _, digest = kept.removeprefix(_KEYED).partition(":")
        key = self._key(name)
        return key is None or hmac.compare_digest(digest, _digest(key, text))

    def adopt(self, other: Path) -> None:
        """Take over the keys of another file, to open what they sealed. Raises `OSError`."""
        found = _read(other)
        with self._lock:
            self._keys = {**self._keys, **_read(self._path)}
            if found.keys() - self._keys.keys():
                self._keys |= {name: key for name, key in found.items() if name not in self._keys}
                self._write()

    def _sealing(self) -> tuple[str, bytes]:
        try:
            with self._lock:
                if not self._keys or not self._path.exists():
                    self._load_or_make()
                return next(iter(self._keys.items()))
        except (OSError, ValueError) as error:
            raise JournalError(f"cannot use {self._path}: {error}") from error

    def _key(self, name: str) -> bytes | None:
        with self._lock:
            if name not in self._keys:
                with suppress(ValueError):  # a file that holds no keys is as good as none
                    self._keys = {**_read(self._path), **self._keys}
            return self._keys.get(name)

    def _load_or_make(self) -> None:
        self._keys = {**_read(self._path), **self._keys}
        if not self._keys:
            key = secrets.token_bytes(32)
            self._keys = {_name(key): key}
        if not self._path.exists():
            self._write(new=True)

    def _write(self, *, new: bool = False) -> None:
        """Whole and on disk. A `new` file gives way to one that another process was faster to make."""
        lines = "".join(base64.b64encode(key).decode() + "\n" for key in self._keys.values())
        temporary = self._path.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(lines.encode())
                file.flush()
                os.fsync(file.fileno())
            if new:
                with suppress(FileExistsError):
                    os.link(temporary, self._path)
            else:
                temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self._path.parent)
        self._keys = {**_read(self._path), **self._keys} if new else self._keys


@cache
def vault_of(history: Path) -> Vault:
    """The vault of the journal in this folder; its key file stands beside it."""
    return Vault(history.parent / KEY_FILE)


def key_names(path: Path) -> Sequence[str]:
    """The names of the keys in a file; none when there is no file. Raises `OSError` and ValueError."""
    return tuple(_read(path))


def _read(path: Path) -> dict[str, bytes]:
    """The keys by their names. Raises `OSError`, and ValueError for what is no key."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        keys = [base64.b64decode(line, validate=True) for line in file.read().split()]
    if any(len(key) != 32 for key in keys):
        raise ValueError(f"{path} holds something that is no key")
    return {_name(key): key for key in keys}


def _name(key: bytes) -> str:
    return hashlib.sha256(b"name" + key).hexdigest()[:8]


def _digest(key: bytes, text: str) -> str:
    return hmac.new(hashlib.sha256(b"digest" + key).digest(), text.encode(), hashlib.sha256).hexdigest()
