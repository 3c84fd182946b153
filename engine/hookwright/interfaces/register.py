"""The register of tokens: who may talk to this server, kept in `tokens.json` without any token."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from hookwright.engine.journal.switch import OURSELVES
from hookwright.engine.state import StateError, write_private

from .roles import Holder, Role
from .tokens import ADMIN, Keyring, digest_of

PREFIX = "hwt_"  # so that a token that got into a repository or a log is found by looking for it
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}", re.ASCII)
LIMIT = 1000  # a presented token is compared with every one
_FORMAT = 1
_NOT_FREE = frozenset({ADMIN.name, OURSELVES})  # who they name in a record is the owner, or nobody

log = structlog.get_logger(__name__)


class NameTaken(Exception):
    """There is a token of this name."""


class RegisterFull(Exception):
    """There are as many tokens as are taken."""


class Registered(msgspec.Struct, frozen=True):
    """A token as it is kept: `created` in RFC 3339, `by` whom, `sha256` of it in hexadecimal."""

    name: str
    role: Role
    created: str
    by: str
    sha256: str


class _File(msgspec.Struct, frozen=True):
    version: int
    tokens: tuple[Registered, ...]


class Register:
    """All tokens but the state folder's own, in the order of their names.

    Every change is on disk before it counts, and counts at the next request. Used by many threads.
    """

    def __init__(self, path: Path, *, admin: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        """`admin` is the token of the state folder. Raises `StateError` when the file cannot be trusted."""
        self._path = path
        self._own = Keyring.of(admin).keys
        self._now = now
        self._lock = threading.Lock()
        self._take(read_register(path))

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    @property
    def tokens(self) -> tuple[Registered, ...]:
        return tuple(self._tokens.values())

    def create(self, name: str, role: Role, by: str) -> tuple[Registered, str]:
        """A new token of a valid `name`: what is kept of it, and itself, which is told this once.

        Raises `NameTaken`, `RegisterFull`, and OSError when it cannot be written.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        created = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        made = Registered(name, role, created, by, digest_of(token).hex())
        with self._lock:
            if name in self._tokens or name in _NOT_FREE:
                raise NameTaken
            if len(self._tokens) >= LIMIT:
                raise RegisterFull
            self._keep({**self._tokens, name: made})
        log.info("token_created", name=name, role=role, by=by)
        return made, token

    def revoke(self, name: str, by: str) -> bool:
        """Takes a token back; whether there was one. Raises OSError when that cannot be written."""
        with self._lock:
            if name not in self._tokens:
                return False
            self._keep({key: each for key, each in self._tokens.items() if key != name})
        log.info("token_revoked", name=name, by=by)
        return True

    def _keep(self, tokens: Mapping[str, Registered]) -> None:
        ordered = tuple(tokens[name] for name in sorted(tokens))
        file = msgspec.json.format(msgspec.json.encode(_File(_FORMAT, ordered)), indent=2)
        write_private(self._path, file.decode() + "\n")
        self._take(ordered)

    def _take(self, tokens: tuple[Registered, ...]) -> None:
        self._tokens = {each.name: each for each in tokens}
        known = ((bytes.fromhex(each.sha256), Holder(each.name, each.role)) for each in tokens)
        self._keyring = Keyring((*self._own, *known))


def read_register(path: Path) -> tuple[Registered, ...]:
    """What stands in the file, nothing when there is none.

    Raises `StateError` for a file that was damaged: who may do what is not guessed.
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    if file.version != _FORMAT:
        raise _damaged(path, f"version {file.version}, and this program reads {_FORMAT}")
    names = {each.name for each in file.tokens}
    if len(names) < len(file.tokens) or names & _NOT_FREE:
        raise _damaged(path, "a name stands in it twice or is not free")
    if not all(map(NAME.fullmatch, names)):
        raise _damaged(path, "a name is none that a token can have")
    if not all(re.fullmatch("[0-9a-f]{64}", each.sha256) for each in file.tokens):
        raise _damaged(path, "a digest is not 64 hexadecimal digits")
    return file.tokens


def _damaged(path: Path, reason: str) -> StateError:
    advice = "bring it back from a backup, or remove it to revoke every token but the state folder's own"
    return StateError(f"{path} is damaged ({reason}); {advice}")
