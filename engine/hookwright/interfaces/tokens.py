"""Tokens: reading one from its file, and telling a good one from a wrong one in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from .roles import Holder, Role

ADMIN = Holder("admin", Role.ADMIN)  # who holds the token of the state folder
_FORM = re.compile(r"[A-Za-z0-9._~+/=-]{20,4096}")
_LONGEST = 4096  # a presented token is not hashed beyond this


class TokenError(Exception):
    """The token file cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The digests of the tokens that are let in, and whose each is. The tokens themselves are not kept."""

    keys: tuple[tuple[bytes, Holder], ...]

    @classmethod
    def of(cls, *tokens: str, holder: Holder = ADMIN) -> Keyring:
        return cls(tuple((digest_of(token), holder) for token in tokens))

    def holder(self, presented: bytes) -> Holder | None:
        """Whose token it is, or None. Every digest is compared, each in constant time.

        So time tells nothing about the tokens.
        """
        digest = _digest(presented[: _LONGEST + 1])
        found = None
        for known, holder in self.keys:
            if hmac.compare_digest(known, digest):
                found = holder
        return found if len(presented) <= _LONGEST else None


def bearer(authorization: bytes) -> bytes | None:
    """The token of an `Authorization: Bearer …` header, or None for any other header."""
    scheme, _, rest = authorization.partition(b" ")
    token = rest.strip(b" ")
    return token if scheme.lower() == b"bearer" and token else None


def read_token(path: Path) -> str:
    """The token in `path`. Raises `TokenError` when it cannot be read or is none."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST + 1).decode("ascii").strip()
    except OSError as error:
        raise TokenError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TokenError(f"{path}: not a token") from None
    if not _FORM.fullmatch(text):
        raise TokenError(f"{path}: not a token (20 or more letters, digits and .-_~+/=)")
    return text


def digest_of(token: str) -> bytes:
    """What is kept of a token: its SHA-256."""
    return _digest(token.encode())


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
