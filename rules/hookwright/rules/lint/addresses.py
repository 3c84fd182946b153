"""Addresses that are called in the clear."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from hookwright.schemas.problem import Problem

from ..bundle import Part

# Names that lead nowhere in public: by RFC 2606, 6762, 8375 and 9476, and by what is customary inside.
_INSIDE: Final = (
    ".alt",
    ".arpa",
    ".corp",
    ".home",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localdomain",
    ".localhost",
    ".private",
    ".test",
)


def address_warnings(target: Part) -> Iterator[Problem]:
    """A warning for a URL that stands in this part and sends events unencrypted over the open network."""
    url = target.value.get("url")
    if not isinstance(url, str) or not url.lower().startswith("http://"):
        return
    host = _host(url)
    if host is not None and is_public(host):
        message = f"events go to {host} unencrypted: who is on the way can read and change them"
        yield target.problem(
            "HW156", message, "url", hint="write https:// if the receiver has it", severity="warning"
        )


def is_public(host: str) -> bool:
    """Whether a host certainly lies on the open network: a name with dots, or a global address."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower().removesuffix(".")
        return "." in name and not name.endswith(_INSIDE)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # which is told as such
        return None
