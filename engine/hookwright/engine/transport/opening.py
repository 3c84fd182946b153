"""Opening a socket, and nothing but a judged one."""

from __future__ import annotations

import socket

from . import Call, Judge


def open_socket(
    target: tuple[int, int, int, tuple[str, int]], call: Call, judge: Judge
) -> socket.socket | str:
    """A socket for (family, type, protocol, address), or why there is none.

    The address must be one that was checked for this call, and is judged again here: this is the last place
    before packets leave.
    """
    family, kind, protocol, peer = target
    try:
        address, port = peer[0], peer[1]
    except (TypeError, IndexError):
        return "the socket is no internet socket"
    if address not in call.addresses or port != call.port:
        return "the socket leads to an address that was not checked"
    refusal = judge(address, port)
    return refusal or socket.socket(family, kind, protocol)
