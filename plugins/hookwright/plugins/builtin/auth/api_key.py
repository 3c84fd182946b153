"""`auth: {type: api-key, name: X-Api-Key, key: {env: NAME}}`: a key in a header or in the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...errors import BadSecret, InvalidHeader
from ...headers import RESERVED_HEADERS, RESERVED_PATTERN, set_header
from ...hookspecs import Attempt, Inject, Injector, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

    from hookwright.rules.event import JSON


class APIKeyInjector:
    """A header keeps the key out of the receiver's logs of URLs; some services want it in the query."""

    name = "api-key"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends a key in a header, or in the query.",
        "properties": {
            "name": {
                "type": "string",
                "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
                "maxLength": 255,
                "not": {"pattern": RESERVED_PATTERN},
                "x-hookwright-form": "header name",
                "description": "The name of the header or parameter, none that Hookwright writes itself.",
                "examples": ["X-Api-Key"],
            },
            "key": {
                "$ref": "#/$defs/secret",
                "description": "Where the key stands.",
                "examples": [{"env": "ERP_KEY"}],
            },
            "in": {
                "enum": ["header", "query"],
                "default": "header",
                "description": "Where it is sent: in a `header` if this is left out, or in the `query`, "
                "which servers like to log.",
                "examples": ["query"],
            },
        },
        "required": ["name", "key"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        name = str(config["name"])
        if name.lower() in RESERVED_HEADERS:
            raise InvalidHeader(name, "is written by Hookwright itself")
        key = secrets(config["key"])
        return _in_query(name, key, config["key"]) if config.get("in") == "query" else set_header(name, key)


def _in_query(name: str, key: str, reference: JSON) -> Inject:
    try:
        written = f"{quote(name, safe='')}={quote(key, safe='')}"
    except UnicodeEncodeError:  # its message would quote the key
        raise BadSecret(reference, "is not text") from None

    def inject(request: PreparedRequest, attempt: Attempt) -> None:  # noqa: ARG001  # the contract's shape
        url = str(request.url)
        request.url = f"{url}{'&' if '?' in url else '?'}{written}"

    return inject


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [APIKeyInjector()]
