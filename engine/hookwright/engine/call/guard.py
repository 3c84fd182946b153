"""Decides where calls may go: which addresses and ports are open, and what the operator opened besides.

The lists are the IANA special-purpose registries for IPv4 and IPv6, the multicast registries, and the
addresses at which clouds hand out credentials. `ipaddress.is_global` is no substitute: it calls multicast,
NAT64, 6to4 and some metadata addresses global.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from .target import Blocked, TargetAddress, parse_target

__all__ = ["Allowed", "Blocked", "Policy", "TargetAddress", "judge", "parse_target"]

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Closed unless the operator opens them.
PRIVATE_V4: Final = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
)  # fmt: skip
GLOBAL_V6: Final = IPv6Network("2000::/3")  # all that is given out so far; anything else is closed
PRIVATE_V6: Final = _networks("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")

# Closed even to the operator: link-local and metadata addresses, "any" addresses, multicast, and IPv6 forms
# that carry an IPv4 address and would lead around the IPv4 list.
NEVER: Final = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
    "2001::/32", "2002::/16", "fd00:ec2::/32", "fd20:ce::254/128", "fe80::/10", "ff00::/8",
)  # fmt: skip
_LOW_V6: Final = IPv6Network("::/8")  # mapped, compatible, translated, ISATAP, NAT64
_LOOPBACK_V6: Final = IPv6Address("::1")

WEB_PORTS: Final = frozenset({80, 443})  # of the ports below 1024, those a call may use
MAIL_PORTS: Final = frozenset({25, 465, 587})  # and those a notifier may, which speaks to a mail server

# Ports of services that speak no HTTP or must not be driven by it. An operator may open one by name.
DENIED_PORTS: Final = frozenset({2375, 2379, 3306, 5432, 5672, 6379, 8500, 9200, 10250, 11211, 27017})


@dataclass(frozen=True, slots=True)
class Allowed:
    """One `--allow-target`: a network the operator opens, on every usual port or on one."""

    network: Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """Reads `10.0.0.0/8`, `10.0.0.0/8:8080`, `fd00::/8` or `[fd00::/8]:443`; one address will do.

        Raises ValueError saying what was expected.
        """
        match = re.fullmatch(r"\[([^][]+)\](?::([0-9]+))?|([0-9./]+)(?::([0-9]+))?|([0-9A-Fa-f:./]+)", text)
        if match is None:
            raise ValueError(
                f"expected CIDR or CIDR:PORT, such as 10.0.0.0/8:8080 or [fd00::/8]:443, not {text!r}"
            )
        bracketed, bracketed_port, v4, v4_port, v6 = match.groups()
        return cls(_network(bracketed or v4 or v6), _port(bracketed_port or v4_port))

    def covers(self, address: Address, port: int) -> bool:
        return address in self.network and self.port in (None, port)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """What this process may call. Made once at start; compared by identity, so that verdicts can be kept.

    `own` are the (address, port) pairs we listen on ourselves; `0.0.0.0` and `::` stand for every address of
    this machine. `redis_ports` stay closed whatever `allow` says, `denied_ports` unless it names them. Of the
    ports below 1024 only `low_ports` are open.
    """

    allow: tuple[Allowed, ...] = ()
    own: frozenset[tuple[str, int]] = frozenset()
    denied_ports: frozenset[int] = DENIED_PORTS
    redis_ports: frozenset[int] = frozenset({6379})
    low_ports: frozenset[int] = WEB_PORTS

    def __post_init__(self) -> None:
        for address, _ in self.own:
            ip_address(address)  # raises ValueError for anything else: a name would never be recognised


@lru_cache(maxsize=65_536)
def judge(address: str, port: int, policy: Policy) -> str | None:
    """Why no call may go to this IP address and port, or None. The reason does not tell the address."""
    try:
        read = ip_address(address)
    except ValueError:
        return "not an IP address"
    if _is_never(read):
        return "the address is a metadata, link-local, multicast or translated one, which is never called"
    if _is_own(read, port, policy.own):
        return "the address is Hookwright's own"
    opened = [allowed for allowed in policy.allow if allowed.covers(read, port)]
    if port in policy.redis_ports or not (_is_usual(port, policy) or any(one.port for one in opened)):
        return f"port {port} is closed"
    if not opened and not _is_public(read):
        return "the address is private, local or reserved (an operator can open it: --allow-target)"
    return None


def _is_never(address: Address) -> bool:
    if address.version == 6 and (address.scope_id or (address in _LOW_V6 and address != _LOOPBACK_V6)):
        return True
    return _in(address, NEVER)


def _is_public(address: Address) -> bool:
    if address.version == 4:
        return not _in(address, PRIVATE_V4)
    return address in GLOBAL_V6 and not _in(address, PRIVATE_V6)


def _is_usual(port: int, policy: Policy) -> bool:
    return (port in policy.low_ports or 1024 <= port <= 65_535) and port not in policy.denied_ports


def _is_own(address: Address, port: int, own: frozenset[tuple[str, int]]) -> bool:
    for listening, own_port in own:
        if port != own_port:
            continue
        if listening in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
            if _is_of_this_machine(address):
                return True
        elif address == ip_address(listening):
            return True
    return False


def _is_of_this_machine(address: Address) -> bool:
    """A socket can be bound to our own addresses only."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        return True
    return False


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        try:
            meant = ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"expected a network such as 10.0.0.0/8 or fd00::/8, not {text!r}") from error
        raise ValueError(f"{text!r} has host bits set: write {meant}") from error


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not 1 <= int(text) <= 65_535:
        raise ValueError(f"expected a port from 1 to 65535, not {text}")
    return int(text)
