"""Addresses: where a server listens, which names it answers to, and how a command finds it again."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from hookwright.engine.state import State

from .tokens import TokenError, read_token

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8420
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")
_LOOPBACK_NAMES = frozenset({"localhost"})


class NoServer(Exception):
    """No server to talk to; the message says where was looked and what to do."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the API listens. `names` are further host names it is reached by.

    A `Host` that is none of its names is refused: a web page whose name was pointed at this machine (DNS
    rebinding) must not be able to drive it. An IP address is no such name, so any is taken when the server
    listens on all addresses.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    names: frozenset[str] = field(default=frozenset())

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        address = _address(self.host)
        return address.is_loopback if address else self.host.lower() in _LOOPBACK_NAMES

    @property
    def url(self) -> str:
        """The URL commands on this machine use; all addresses (`0.0.0.0`) are reached through loopback."""
        address = _address(self.host)
        host = self.host
        if address and address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def knows(self, header: str) -> bool:
        """Whether a `Host` header names this server. The port is not judged: it may be forwarded."""
        match = _HOST.fullmatch(header)
        if match is None or int(match[2] or 0) > 65535:
            return False
        name = match[1].lower().rstrip(".").strip("[]")
        if name in self.names or name == self.host.lower():
            return True
        called, own = _address(name), _address(self.host)
        if called is None:
            return name in _LOOPBACK_NAMES
        return called.is_loopback or (own is not None and (own.is_unspecified or own == called))


@dataclass(frozen=True, slots=True)
class Server:
    """A server to talk to. `token` is None when none was found; some requests do without."""

    url: str
    token: str | None = field(default=None, repr=False)


def find_server(url: str | None, token_file: Path | None, folder: Path) -> Server:
    """The server named by `url`, else the one the state `folder` tells of. Raises `NoServer`."""
    if url is not None:
        return Server(_checked(url), _token(token_file) if token_file else None)
    state = State(folder)
    try:
        said = json.loads(state.server.read_bytes())
        found, pid = str(said["url"]), int(said["pid"])
    except FileNotFoundError:
        raise NoServer(
            f"no server runs on {folder} (there is no {state.server}); "
            "start `hookwright serve` or name one with --server"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise NoServer(f"{state.server}: cannot be read; start `hookwright serve` again") from None
    if not _runs(pid):
        raise NoServer(f"the server of {folder} is gone (process {pid}); start `hookwright serve` again")
    found_token = token_file or (state.token if state.token.exists() else None)
    return Server(_checked(found), _token(found_token) if found_token else None)


def _checked(url: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#@]+/?", url):
        raise NoServer(f"{url!r} is not the address of a server (like http://127.0.0.1:{DEFAULT_PORT})")
    return url.rstrip("/")


def _token(path: Path) -> str:
    try:
        return read_token(path)
    except TokenError as error:
        raise NoServer(str(error)) from None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
