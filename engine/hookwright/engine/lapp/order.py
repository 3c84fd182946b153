"""What is asked of a Lapp and what comes back, and how both travel over a socket between processes."""

from __future__ import annotations

import socket
import struct
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

MIB: Final = 1 << 20
_HEAD: Final = struct.Struct("!I")
_LARGEST: Final = 64 * MIB  # bytes of a message; far more than any order or report has

End = Literal["value", "error", "timeout", "memory", "processor", "processes", "size", "exit", "lost"]
"""How a call ended: with a value, by an exception, over a limit, without a word, or nobody knows."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a call may use. Times in seconds, sizes in bytes.

    `memory` is what it and all processes it starts may take beside what Hookwright takes itself; `processor`
    the time on the processor of each of them; `file` the size of a file that is written.
    """

    time: float = 15.0
    memory: int = 256 * MIB
    processor: int = 60
    processes: int = 32
    files: int = 64
    file: int = 64 * MIB
    value: int = MIB
    logs: int = 64 * 1024


class Order(Struct, frozen=True, kw_only=True):
    """A call of `lapp`: the fields of its event but for the data, which is JSON, and its configuration."""

    lapp: str
    event: dict[str, Any]
    data: bytes
    config: dict[str, Any] = {}
    limits: Limits = Limits()


class Report(Struct, frozen=True, kw_only=True):
    """How a call ended. `value` is JSON; `error` says what went wrong, in one line; `exit` how its process
    ended where that is not as it should be. `logs` is what it printed and logged. Times in seconds.
    """

    end: End
    value: str = ""
    error: str = ""
    exit: str = ""
    logs: str = ""
    seconds: float = 0.0


_Message = TypeVar("_Message", Order, Report)


def send(sock: socket.socket, message: Order | Report) -> None:
    """Send all of a message. Raises OSError."""
    packed = msgspec.msgpack.encode(message)
    sock.sendall(_HEAD.pack(len(packed)) + packed)


def receive(sock: socket.socket, kind: type[_Message]) -> _Message | None:
    """The next message; None when the other end is gone, or says what is none. Raises OSError."""
    head = _exactly(sock, _HEAD.size)
    size = _HEAD.unpack(head)[0] if head else _LARGEST + 1
    packed = _exactly(sock, size) if size <= _LARGEST else None
    try:
        return None if packed is None else msgspec.msgpack.decode(packed, type=kind)
    except msgspec.DecodeError:
        return None


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    pieces = bytearray()
    while len(pieces) < size:
        piece = sock.recv(min(size - len(pieces), MIB))
        if not piece:
            return None
        pieces += piece
    return bytes(pieces)
