"""The form of a target's URL. What it may resolve to is decided when it is called, not here."""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

Fault: TypeAlias = tuple[str, str | None]  # what is wrong, and what would be right

_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")
_WHOLE_HOST = re.compile(r"[A-Za-z]+://[^/?#{]+[/?#]")  # before the first brace
_FILLED_IN = re.compile(r"\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_NEVER_IN_A_URL = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")


def url_fault(url: str) -> Fault | None:
    """What is wrong with a URL to call, or None. It is sent as written, so it must be right."""
    return _characters(url) or _parts(url)


def template_fault(url: str) -> Fault | None:
    """What is wrong with a URL that is a template, or None. Its host is written out, the rest filled in."""
    if "{%" in url:
        return "a URL decides and repeats nothing", "write {{ a if b else c }}, or two subscribers"
    if not _WHOLE_HOST.match(url):
        return "the host of a URL cannot be filled in", "write it out: https://example.com/{{ data.Id }}"
    filled = _FILLED_IN.sub("x", url)
    return None if "{{" in filled else url_fault(filled)  # never closed: a bad template


def _characters(url: str) -> Fault | None:
    if _OUTSIDE_ASCII.search(url):
        return (
            "the URL has characters outside ASCII",
            "write the host in punycode (xn--...) and the rest as %XX",
        )
    found = _NEVER_IN_A_URL.search(url)
    if found:
        character = found.group()
        return (
            f"the URL has a character that no URL may have: {character!a}",
            f"write %{ord(character):02X}",
        )
    if _BAD_ESCAPE.search(url):
        return "the URL has a % that two hexadecimal digits do not follow", "write %25 for a percent sign"
    return None


def _parts(url: str) -> Fault | None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return f"not a valid URL: {error}", None
    try:
        port = parts.port
    except ValueError:  # whose text would repeat what stands there, perhaps a part of a password
        return "the port of the URL is not a number up to 65535", None
    if parts.scheme not in {"http", "https"} or not url[len(parts.scheme) :].startswith("://"):
        return "not an absolute http or https URL", "write it like https://example.com/hook"
    if "@" in parts.netloc:
        return "the URL holds a user name or password", "use auth: {type: basic, ...} with a secret reference"
    if port == 0:
        return "port 0 cannot be called", None
    return _host(parts)


def _host(parts: SplitResult) -> Fault | None:
    host = parts.hostname
    if not host:
        return "the URL has no host", "write it like https://example.com/hook"
    if "[" in parts.netloc:
        return None if _is_ipv6(host) else (f"not an IPv6 address: {host}", None)
    if len(host) > 253 or not _HOST.fullmatch(host):
        return f"not a valid host name: {host}", None
    if parts.netloc.endswith(":"):
        return "the URL has a colon but no port", None
    return None


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone has no meaning to anybody but this machine
