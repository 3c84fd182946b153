"""One libcurl handle: its settings, its limits, and what became of the call it carries."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Final

import pycurl

from ...delivery import Timing
from . import (
    CONNECT_LIMIT,
    NOT_PERMITTED,
    RESPONSE_BODY_LIMIT,
    Call,
    Identity,
    Judge,
    PermitEnded,
    Reply,
    check_permit,
)
from .head import Head
from .header_lines import header_lines
from .kept import KeptConnections
from .opening import SocketRefused, check_peer, open_socket
from .request_line import is_secure, origin, request_target

# Idle seconds after which a connection is not used again: shorter than the 5 s at which common servers hang
# up, because a request that meets a hang-up costs a try.
_IDLE_LIMIT = 4

logger = logging.getLogger(__name__)

_SETTINGS: Final = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.HTTP09_ALLOWED, 0),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.PATH_AS_IS, 1),
    (pycurl.PROXY, ""),  # else http_proxy and its kin decide where the socket goes
    (pycurl.NOPROXY, "*"),
    (pycurl.NETRC, pycurl.NETRC_IGNORED),
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),  # and newer
    (pycurl.MAXAGE_CONN, _IDLE_LIMIT),
    (pycurl.POST, 1),
)

_ERRORS: Final = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_GOT_NOTHING: "reset",
    pycurl.E_SEND_ERROR: "reset",
    pycurl.E_RECV_ERROR: "reset",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_SSL_CERTPROBLEM: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_SHUTDOWN_FAILED: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
    pycurl.E_SSL_INVALIDCERTSTATUS: "tls",
}

# A key that cannot be used; an alert that comes after our part of the handshake.
_OF_TLS: Final = frozenset({pycurl.E_BAD_FUNCTION_ARGUMENT, pycurl.E_RECV_ERROR})


class Handle:
    """Carries one call after the other, all of one identity. Used by the driver thread only."""

    def __init__(
        self,
        judge: Judge,
        ca: str,
        kept: KeptConnections,
        identity: Identity | None = None,
        opens: Callable[[], None] = lambda: None,
    ) -> None:
        """`opens` is called for every socket that is opened."""
        self.curl = pycurl.Curl()
        self.identity = identity
        self._kept = kept
        self._opens = opens
        self._options: dict[int, object] = {}
        self._prepared_for: tuple[object, ...] = ()
        self._judge = judge
        for option, value in _SETTINGS:
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.CAINFO, ca)
        if identity is not None:
            self._identify(identity)
        self.curl.unsetopt(pycurl.CAPATH)  # the system's folder would widen what `ca` trusts
        self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        self.curl.setopt(pycurl.PREREQFUNCTION, self._before_request)
        self._head = Head()
        self.curl.setopt(pycurl.HEADERFUNCTION, self._head.feed)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._write)
        self._clear()

    def _identify(self, identity: Identity) -> None:
        """From memory: no key is written to a disk. No session is resumed: it carries over who we are."""
        self.curl.setopt(pycurl.SSL_SESSIONID_CACHE, 0)
        if identity.ca:
            self.curl.setopt(pycurl.CAINFO_BLOB, identity.ca.encode())
        if identity.certificate:
            self.curl.setopt(pycurl.SSLCERT_BLOB, identity.certificate.encode())
            self.curl.setopt(pycurl.SSLKEY_BLOB, identity.key.encode() or b"\n")  # none is refused later
            self.curl.setopt(pycurl.KEYPASSWD, "")  # else OpenSSL asks a terminal for one

    def begin(self, call: Call, done: Callable[[Reply], None], *, reuse: bool = True) -> None:
        """Prepare the handle for `call`. Raises SocketRefused when no socket may be opened, and pycurl.error
        or ValueError for what cannot be sent. Without `reuse` the call has a connection of its own.
        """
        if not call.addresses:
            raise SocketRefused("the call has no checked address")
        for address in call.addresses:  # libcurl would look up what is no address
            check_peer(address, call.port, call, self._judge)
        target = request_target(call.url)
        self._clear()
        self.call = call
        self.done = done
        self._deadline = time.monotonic() + call.timeout
        self._prepare_for(call, reuse=reuse)
        self._set(pycurl.REQUEST_TARGET, target)  # libcurl would spell %2f as %2F
        self.curl.setopt(pycurl.HTTPHEADER, header_lines(call.headers, call.common))
        if call.body is None and call.method != "HEAD":
            self.curl.setopt(pycurl.HTTPGET, 1)  # no body at all; the method is still the one set above
        elif call.body is not None:
            self.curl.setopt(pycurl.POSTFIELDS, call.body)  # after a HEAD this makes it a POST again

    def _prepare_for(self, call: Call, *, reuse: bool) -> None:
        """Set what most calls have in common with the one before: then one look tells that it is set."""
        same = (call.method, is_secure(call.url), call.host, call.port, call.addresses, call.timeout, reuse)
        if same == self._prepared_for:
            self._begin_attempt()
            return
        self._set(pycurl.URL, origin(call))
        self._set(pycurl.CUSTOMREQUEST, call.method)
        self._set(pycurl.NOBODY, call.method == "HEAD")  # else it waits for a body that never comes
        self._set(pycurl.FRESH_CONNECT, not reuse)
        self._set(pycurl.FORBID_REUSE, not reuse)
        self._aim(call.timeout)
        self._prepared_for = same

    def try_again(self, code: int) -> bool:
        """After a failure before the first byte of the request: whether to go on, aimed anew.

        A kept connection that is no good is replaced by a new one; an address that takes no connection, by
        the next checked one.
        """
        if not (self._stale or code == pycurl.E_COULDNT_CONNECT):
            return False
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        if self._stale:
            self._set(pycurl.FRESH_CONNECT, True)
        elif not self._refusal and self._address + 1 < len(self.call.addresses):
            self._address += 1
        else:
            return False
        self._aim(left)
        return True

    @property
    def was_repeated(self) -> bool:
        """Whether a kept connection turned out closed, and libcurl wanted to send the request again."""
        return self._requests > 1

    def keep_connection(self) -> None:
        """After a call that went well: say whether its connection may carry another one."""
        sound = not self._head.odd
        self._kept.keep(
            self._ours, self.curl.getinfo(pycurl.ACTIVESOCKET), sound=sound, identity=self.identity
        )

    def reply(self, code: int, message: str) -> Reply:
        """What came of the call: libcurl's result `code` (0 is fine) and message, and what was seen."""
        head = self._head
        if head.complete:
            return head.answered(b"".join(self._body), truncated=code != 0, timing=self._timing())
        error, text = self._failure(code, message)
        return Reply(status=head.status, complete=False, error=error, message=text, timing=self._timing())

    def close(self) -> None:
        self.curl.close()

    def _clear(self) -> None:
        self._head.clear()
        self._body: list[bytes] = []
        self._room = RESPONSE_BODY_LIMIT
        self._address = 0
        self._refusal = ""
        self._not_permitted = False

    def _aim(self, seconds: float) -> None:
        """At the current address, with so much time left."""
        address = self.call.addresses[self._address]
        host = f"[{address}]" if ":" in address else address
        self._set(pycurl.CONNECT_TO, [f"::{host}:{self.call.port}"])
        self._set(pycurl.TIMEOUT_MS, max(round(seconds * 1000), 1))
        self._set(pycurl.CONNECTTIMEOUT_MS, max(round(min(seconds, CONNECT_LIMIT) * 1000), 1))
        self._prepared_for = ()
        self._begin_attempt()

    def _begin_attempt(self) -> None:
        self._requests = 0
        self._opened = False  # a socket of this call's own
        self._stale = False  # the kept connection libcurl chose is no good
        self._ours = ("", 0)

    def _set(self, option: int, value: object) -> None:
        """Tells libcurl only what is new: most calls differ from the last one in little."""
        if self._options.get(option) != value:
            self.curl.setopt(option, value)
            self._options[option] = value

    def _failure(self, code: int, message: str) -> tuple[str, str]:
        if self._refusal:
            return NOT_PERMITTED if self._not_permitted else "blocked_target", self._refusal
        if self._head.complaint:
            return "protocol", self._head.complaint
        if self.was_repeated:
            return "reset", "the receiver closed the connection without an answer"
        if code == 0:
            return "protocol", "the connection ended before the headers did"
        if code in _OF_TLS and ("SSL routines" in message or "private key" in message):
            return "tls", message
        return _ERRORS.get(code, "protocol"), message or f"the answer cannot be read (libcurl error {code})"

    def _timing(self) -> Timing:
        get, opened = self.curl.getinfo, self._opened  # on a kept connection nothing was connected
        return Timing(
            connect=get(pycurl.CONNECT_TIME) if opened else 0.0,
            tls=get(pycurl.APPCONNECT_TIME) if opened else 0.0,
            first_byte=get(pycurl.STARTTRANSFER_TIME),
            total=get(pycurl.TOTAL_TIME),
        )

    # Called by libcurl. An exception here would be printed and lost, so none is raised.

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> object:
        try:
            opened = _Opened(open_socket(address, self.call, self._judge))
            self._opens()
            self._opened = True
            return opened
        except (SocketRefused, TypeError, IndexError) as error:  # no internet address has another shape
            self._refusal = str(error)
        except OSError:
            logger.exception("no socket could be opened")
        return pycurl.SOCKET_BAD

    def _before_request(self, peer: str, local: str, port: int, local_port: int) -> int:
        """For kept connections, too. A second request is libcurl repeating itself behind our back."""
        self._requests += 1
        if self._requests > 1:
            return pycurl.PREREQFUNC_ABORT
        self._ours = (local, local_port)
        self._stale = not self._opened and not self._kept.is_usable(self._ours, self.identity)
        if self._stale:
            return pycurl.PREREQFUNC_ABORT
        try:
            check_peer(peer, port, self.call, self._judge)
            check_permit(self.call)
        except (SocketRefused, PermitEnded) as error:
            self._refusal, self._not_permitted = str(error), isinstance(error, PermitEnded)
            return pycurl.PREREQFUNC_ABORT
        return pycurl.PREREQFUNC_OK

    def _write(self, chunk: bytes) -> int:
        """Anything but the chunk's length makes libcurl stop and close the connection."""
        if len(chunk) > self._room:
            self._body.append(chunk[: self._room])
            self._room = 0
            return 0
        self._body.append(chunk)
        self._room -= len(chunk)
        return len(chunk)


class _Opened:
    """A socket for pycurl, which makes itself a copy and forgets ours: it has to be closed."""

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened

    def fileno(self) -> int:
        return self._opened.fileno()

    def __del__(self) -> None:
        self._opened.close()
