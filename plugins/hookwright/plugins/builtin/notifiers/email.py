"""`type: email`: sends a notice by SMTP, with TLS and a login, and never a password in the clear."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from ...hookspecs import Network, Notice, Notifier, Notify, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

_log = logging.getLogger(__name__)

_ATOM = r"[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+"
_LABEL = "[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?"
_BARE = rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*"
_ADDRESS = rf"^({_BARE}|[^<>\x00-\x1f\x7f]*<{_BARE}>)$"

_SMTP: dict[str, Any] = {
    "type": "object",
    "description": "The server that takes the message.",
    "examples": [{"host": "mail.example.com", "user": "hooks", "password": {"file": "smtp"}}],
    "properties": {
        "host": {
            "type": "string",
            "pattern": r"^([0-9A-Za-z._-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*)$",
            "maxLength": 255,
            "description": "Its name or address, without a scheme and without a port.",
            "examples": ["mail.example.com"],
        },
        "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535,
            "description": "587 unless it is written; at 465 all is TLS from the first byte.",
            "examples": [587, 465],
        },
        "user": {
            "$ref": "#/$defs/text",
            "minLength": 1,
            "description": "The name to log in with, or where it stands.",
            "examples": ["hooks", {"env": "SMTP_USER"}],
        },
        "password": {
            "$ref": "#/$defs/secret",
            "description": "Where the password stands. It is never sent over a connection without TLS.",
            "examples": [{"file": "smtp"}],
        },
        "starttls": {
            "enum": [True, False, "required"],
            "description": "Whether the server must offer STARTTLS: `required` or true, unless false is "
            "written. Port 465 needs none.",
            "examples": ["required"],
        },
        "ca": {
            "$ref": "#/$defs/secret",
            "description": "Where the authorities to trust stand (PEM), in place of the usual ones.",
            "examples": [{"file": "mail-ca.pem"}],
        },
        "timeout": {
            "type": "string",
            "pattern": "^([1-9]|[12][0-9]|30)s$",
            "description": "How long the whole conversation may take: 20s unless it is written, at most 30s.",
            "x-hookwright-form": "short duration",
            "examples": ["20s"],
        },
    },
    "required": ["host"],
    "dependentRequired": {"user": ["password"], "password": ["user"]},
    "dependentSchemas": {"password": {"properties": {"starttls": {"not": {"const": False}}}}},
    "additionalProperties": False,
}


class EmailNotifier:
    """One message a notice; all tries of a notice carry one Message-ID."""

    name = "email"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Sends a message by SMTP.",
        "properties": {
            "from": {
                "type": "string",
                "pattern": _ADDRESS,
                "maxLength": 320,
                "x-hookwright-form": "mail address",
                "description": "Who sends it: `hooks@example.com` or `Hookwright <hooks@example.com>`.",
                "examples": ["hooks@example.com"],
            },
            "to": {
                "type": "array",
                "items": {
                    "type": "string",
                    "pattern": _ADDRESS,
                    "maxLength": 320,
                    "x-hookwright-form": "mail address",
                },
                "minItems": 1,
                "maxItems": 100,
                "description": "Who gets it.",
                "examples": [["ops@example.com"]],
            },
            "smtp": _SMTP,
        },
        "required": ["from", "to", "smtp"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:
        from .message import Envelope, message  # noqa: PLC0415  # only a worker writes mail
        from .smtp import Server, send  # noqa: PLC0415

        server = Server.of(cast("Mapping[str, JSON]", config["smtp"]), secrets)
        envelope = Envelope(str(config["from"]), tuple(map(str, cast("list[JSON]", config["to"]))))

        def tell(notice: Notice) -> None:
            refused = send(message(notice, envelope), envelope, server, network)
            if refused:  # the others have it: another try would reach them twice
                _log.warning("the mail server %s refused %s", server.host, ", ".join(refused))

        return tell


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [EmailNotifier()]
