"""Opening a socket, and nothing but a judged one."""

from __future__ import annotations

import socket

from . import Call, Judge


class SocketRefused(Exception):
    """No socket may be opened. The message says why, without the address."""


def open_socket(target: tuple[int, int, int, tuple[str, int]], call: Call, judge: Judge) -> socket.socket:
    """A socket for (family, type, protocol, address), not connected yet. Raises SocketRefused or OSError.

    The address must be one that was checked for this call, and is judged again here: this is the last place
    before packets leave.
    """
    family, kind, protocol, peer = target
    check_peer(peer[0], peer[1], call, judge)
    return socket.socket(family, kind, protocol)


def check_peer(address: str, port: int, call: Call, judge: Judge) -> None:
    """Raises SocketRefused unless this is a checked address of the call, and is still good."""
    if address not in call.addresses or port != call.port:
        raise SocketRefused("the connection leads to an address that was not checked")
    reason = judge(address, port)
    if reason is not None:
        raise SocketRefused(reason)
