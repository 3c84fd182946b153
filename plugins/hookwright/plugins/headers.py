"""What may go into a request header, and injectors that do no more than set one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import InvalidHeader

if TYPE_CHECKING:
    from requests import PreparedRequest

    from .hookspecs import Attempt, Inject

# Hookwright or the transport writes these; a second one would break the request or forge an identity.
RESERVED_HEADERS = frozenset({
    "connection", "content-length", "hookwright-hops", "hookwright-test", "host", "te", "trailer",
    "transfer-encoding", "upgrade", "webhook-id", "webhook-signature", "webhook-timestamp",
})  # fmt: skip


def _in_any_case(name: str) -> str:
    """A pattern for every validator and editor: not all of them know a flag for it."""
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in name)


RESERVED_PATTERN = f"^({'|'.join(map(_in_any_case, sorted(RESERVED_HEADERS)))})$"  # for a JSON Schema

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def check_header(name: str, value: str) -> None:
    """Raises `InvalidHeader` (never quoting `value`) unless this may go on the wire as it stands."""
    if not _is_token(name):
        raise InvalidHeader(name, "is not a header name")
    if any(char in value for char in "\r\n\0"):
        raise InvalidHeader(name, "the value holds a line break or a NUL")
    if any(ord(char) > 0xFF for char in value):
        raise InvalidHeader(name, "the value holds a character outside latin-1")


def set_header(name: str, value: str) -> Inject:
    """An injector that sets one header, checked once and for all. Raises `InvalidHeader`."""
    check_header(name, value)

    def inject(request: PreparedRequest, attempt: Attempt) -> None:  # noqa: ARG001  # the contract's shape
        request.headers[name] = value

    return inject
