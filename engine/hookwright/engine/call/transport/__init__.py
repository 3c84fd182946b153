"""The wire: one HTTP call, with limits. `Call` in, `Reply` out; a transport never raises for the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from ...delivery import Timing

# (address, port) -> why no socket may go there, or None. The last word before packets leave.
Judge: TypeAlias = Callable[[str, int], str | None]

RESPONSE_BODY_LIMIT = 8 * 1024  # bytes kept; the rest is not read (`truncated`)
RESPONSE_HEAD_LIMIT = 64 * 1024  # bytes of header lines before the answer is refused
CONNECT_LIMIT = 5.0  # seconds until a connection stands
INTERIM_LIMIT = 8  # 1xx answers before the real one
NOT_PERMITTED = "not permitted"  # the error of a call whose permit had ended: nothing of it was sent


@dataclass(frozen=True, slots=True)
class Identity:
    """What a call trusts and shows over TLS, each as PEM text: the usual roots without `ca`, nothing without
    `certificate`, to which `key` belongs. Connections are kept for calls of the same identity only.
    """

    ca: str = ""
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


class Call(Struct, frozen=True, gc=False):
    """One request, complete: nothing is added to it but `Host` and `Content-Length`.

    Without a `body` (None: a GET, say) there is no `Content-Length` either; an empty body has one, of 0.
    `addresses` are the checked IP addresses of `host`; the socket may only go to one of them. `timeout` is
    the total budget in seconds, from connecting to the last byte. `permit` is asked, on a thread of the
    transport, when the connection stands and before the first byte of the request: False sends nothing.
    The first `common` headers are the same for all calls of an endpoint.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    timeout: float
    host: str
    port: int
    addresses: tuple[str, ...]
    permit: Callable[[], bool] | None = None
    identity: Identity | None = None
    common: int = 0


def check_permit(call: Call) -> None:
    """Raises PermitEnded when the call must not go out any more."""
    if call.permit is not None and not call.permit():
        raise PermitEnded


class PermitEnded(Exception):
    """Whoever made the call may not make it any more."""

    def __init__(self) -> None:
        super().__init__("the right to make this call has ended")


class Reply(Struct, frozen=True, gc=False):
    """What came back. `error` is an `ErrorClass` or None; `status` may be set beside an error and then does
    not count. `complete` says the blank line after the headers was seen: without it there is no success.
    """

    status: int | None
    complete: bool
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    error: str | None = None
    message: str = ""
    timing: Timing = msgspec.field(default_factory=Timing)


def cut_off() -> Reply:
    """The answer to a call that a closing transport did not finish."""
    return Reply(None, False, error="reset", message="the transport was closed")


class Transport(Protocol):
    """Sends calls. `done` is called once per call, from a thread of the transport's own, or of whoever
    attends to it.
    """

    def submit(self, call: Call, done: Callable[[Reply], None]) -> None: ...

    def attend(self, seconds: float, fd: int = -1) -> bool:
        """Wait up to `seconds` until something happens to a call, or until `wake`; or until `fd` can be read.

        True when it can be, or when nothing is known of it. Calls may be driven by the thread that attends
        (one at a time), and then go on faster; they go on while nobody does, too.
        """
        ...

    def wake(self) -> None:
        """End an `attend` that is under way, or else the next one. Any thread may call it."""
        ...

    def close(self) -> None:
        """Stop at once: calls still in flight are answered with error "reset"."""
        ...


Kind: TypeAlias = Literal["auto", "curl", "requests"]


def select(kind: Kind, judge: Judge, *, ca: str | None = None) -> Transport:
    """The transport of this process. "auto" is libcurl where pycurl can be imported, else requests.

    `ca` is a file of trusted roots (PEM); certifi's when None. Raises ImportError for "curl" without pycurl.
    """
    if kind != "requests":
        try:
            from .curl import CurlTransport  # noqa: PLC0415  # an optional dependency

            return CurlTransport(judge, ca=ca)
        except ImportError:
            if kind == "curl":
                raise
    from .requests import RequestsTransport  # noqa: PLC0415  # not loaded where libcurl does the work

    return RequestsTransport(judge, ca=ca)
