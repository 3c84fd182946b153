"""`auth: {type: oauth2, ...}`: a bearer token by the client credentials grant (RFC 6749, 4.4)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from ...errors import BadSecret
from ...grants import Grant
from ...hookspecs import Injector, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

# Nothing that the guard refuses when a token is fetched, as far as a pattern can say.
_HOST = r"([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?"
_URL = rf"^https?://{_HOST}([/?]([!$&-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{{2}})*)?$"
_PLAIN = "^[ -~]+$"


class OAuth2Injector:
    """What `build` returns is a `Grant`: the engine fetches the token, keeps it, and renews it."""

    name = "oauth2"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends `Authorization: Bearer <token>` with a token fetched by the OAuth 2.0 client "
        "credentials grant.",
        "properties": {
            "token_url": {
                "type": "string",
                "pattern": _URL,
                "maxLength": 2048,
                "description": "Where tokens are given, without a user name, a password or a fragment.",
                "examples": ["https://login.example.com/oauth2/token"],
            },
            "client_id": {
                "$ref": "#/$defs/text",
                "pattern": _PLAIN,
                "description": "Who asks, or where that stands.",
                "examples": ["hookwright", {"env": "ERP_CLIENT"}],
            },
            "client_secret": {
                "$ref": "#/$defs/secret",
                "description": "Where the client's secret stands.",
                "examples": [{"file": "erp-client"}],
            },
            "scope": {
                "type": "string",
                "pattern": "^[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*$",
                "maxLength": 1024,
                "description": "What the token shall allow: words with one blank between.",
                "examples": ["leads.write"],
            },
            "audience": {
                "type": "string",
                "pattern": _PLAIN,
                "maxLength": 1024,
                "description": "Whom the token is for, where the server asks for it.",
                "examples": ["https://erp.example.com"],
            },
            "client_auth": {
                "enum": ["basic", "post"],
                "default": "basic",
                "description": "How the client proves itself: by a `basic` header if this is left out, or "
                "with id and secret in the body of the `post`.",
                "examples": ["post"],
            },
        },
        "required": ["token_url", "client_id", "client_secret"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Any:
        written = config["client_id"]
        client = written if isinstance(written, str) else _checked(written, secrets)
        secret = _checked(config["client_secret"], secrets)
        form = {"grant_type": "client_credentials"}
        form |= {key: str(config[key]) for key in ("scope", "audience") if key in config}
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        if config.get("client_auth") == "post":
            form |= {"client_id": client, "client_secret": secret}
        else:
            headers.append(("Authorization", _basic(client, secret)))
        return Grant(self.name, str(config["token_url"]), tuple(headers), urlencode(form).encode("ascii"))


def _checked(reference: JSON, secrets: Secrets) -> str:
    """Raises `BadSecret` for one with control characters or half a character: it was copied badly."""
    secret = secrets(reference)
    if any(char < " " or char == "\x7f" for char in secret):
        raise BadSecret(reference, "holds a control character")
    if any("\ud800" <= char <= "\udfff" for char in secret):
        raise BadSecret(reference, "is not text")
    return secret


def _basic(client: str, secret: str) -> str:
    """Both are form-encoded first (RFC 6749, 2.3.1), so a colon in either is no matter."""
    both = f"{quote_plus(client)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(both.encode('ascii')).decode()}"


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [OAuth2Injector()]
