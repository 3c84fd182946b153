"""A credential that has to be fetched before a call can go out: how to ask for it, and what came back."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from .headers import check_header

DEFAULT_LIFE = 3600.0  # seconds a token is used when its server does not say how long it lasts
LONGEST_LIFE = 86_400.0  # seconds: whatever a server says, a token is fetched anew within a day
_MOST = 8192  # characters of a token: more than any server takes in a header

_is_error = re.compile(r"[a-z][a-z0-9_.-]{0,63}").fullmatch  # an error code; anything else may quote a secret


class NoGrant(Exception):
    """The server gave no token. The message is ours, for people, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token as it came, and the seconds it lasts. Never shown."""

    token: str = field(repr=False)
    life: float


@dataclass(frozen=True, slots=True)
class Grant:
    """The request for a token, a POST. Equal ones share a token. `name` is that of the plugin."""

    name: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def read(self, status: int, body: bytes) -> Granted:
        """The token in the answer (RFC 6749, 5.1). Raises `NoGrant`."""
        answer = _object(body)
        if status != 200:
            code = answer.get("error")
            said = f" ({code})" if isinstance(code, str) and _is_error(code) else ""
            raise NoGrant(f"the token server answered {status}{said}")
        kind = answer.get("token_type", "Bearer")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise NoGrant("the token server gave a token that is no bearer token")
        token = answer.get("access_token")
        if not isinstance(token, str) or not 0 < len(token) <= _MOST or not token.isprintable():
            raise NoGrant("the token server's answer has no usable access_token")
        try:
            check_header("Authorization", token)
        except ValueError:
            raise NoGrant("the token server gave a token that no header can carry") from None
        return Granted(token, _life(answer.get("expires_in")))


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _life(written: object) -> float:
    """Some servers write the seconds as text. What makes no sense counts as not said."""
    try:
        seconds = float(written) if isinstance(written, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return DEFAULT_LIFE
    return min(seconds, LONGEST_LIFE) if seconds > 0 else DEFAULT_LIFE
