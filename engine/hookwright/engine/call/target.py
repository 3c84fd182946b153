"""Reads the host and port out of a URL, once, and refuses every URL two parsers could read differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_START = re.compile(r"(?i:https?)://[^/?#]")
_NEVER = re.compile(r"[^\x21-\x7e]|\\")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Blocked(Exception):
    """This URL or address is never called. `reason` is for people and names no address a name stands for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TargetAddress:
    """Whom a URL points at. `host` is a lower case name, or an IP address in its short form, no brackets."""

    scheme: str
    host: str
    port: int

    @property
    def literal(self) -> bool:
        """Whether `host` is an IP address, so that nothing has to be looked up."""
        return ":" in self.host or _is_number(self.host)


def parse_target(url: str) -> TargetAddress:
    """Where `url` leads. Raises `Blocked` unless every parser on the way reads the same host and port.

    `url` is the URL as it will be requested: absolute, http or https, without user, fragment, backslash,
    space, control or non-ASCII characters.
    """
    if _NEVER.search(url):
        raise Blocked("the URL has a character that no URL may have")
    if "#" in url:
        raise Blocked("the URL has a fragment")
    if not _START.match(url):
        raise Blocked("the URL is not an absolute http or https URL")
    read = _parse(url)
    if read.auth is not None or "@" in _authority(url):
        raise Blocked("the URL holds a user name or password")
    scheme = (read.scheme or "").lower()
    port = DEFAULT_PORTS[scheme] if read.port is None else read.port
    if port == 0:
        raise Blocked("port 0 cannot be called")
    host = _host(read.host or "")
    _agree(url, read)
    return TargetAddress(scheme, host, port)


def _parse(url: str) -> Url:
    try:
        return parse_url(url)
    except LocationParseError as error:
        raise Blocked("the URL cannot be read") from error


def _authority(url: str) -> str:
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


def _host(host: str) -> str:
    host = host.lower()
    if host.startswith("["):
        try:
            return str(IPv6Address(_without_zone(host.strip("[]"))))
        except AddressValueError as error:
            raise Blocked("the host is not an IPv6 address") from error
    if "%" in host or len(host) > 253 or not _NAME.fullmatch(host):
        raise Blocked("the host is not a valid name")
    if _is_number(host):
        try:
            return str(IPv4Address(host))
        except AddressValueError as error:
            # 127.1, 0x7f000001 or 2130706433: what some read as an address and others as a name
            raise Blocked("the host is an IP address in an unusual form") from error
    return host


def _without_zone(address: str) -> str:
    if "%" in address:
        raise Blocked("the host is an IPv6 address with a zone")
    return address


@lru_cache(maxsize=4096)
def _is_number(host: str) -> bool:
    """Whether the last label is a number: then the whole must be an address (as browsers decide it)."""
    return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def _agree(url: str, read: Url) -> None:
    """A second parser must find the same host and port."""
    try:
        other = urlsplit(url)
        host, port = other.hostname or "", other.port
    except ValueError as error:
        raise Blocked("the URL cannot be read") from error
    if host.lower() != (read.host or "").strip("[]").lower() or port != read.port:
        raise Blocked("the URL can be read in two ways")
