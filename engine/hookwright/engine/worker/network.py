"""Connections for notifiers that speak no HTTP: looked up, judged and pinned like every call."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import Literal

from ..call.guard import MAIL_PORTS, Policy, judge
from ..call.resolve import Answer, Unresolved
from ..call.target import Blocked, TargetAddress, parse_target
from ..call.transport import CONNECT_LIMIT
from .flight import Resolver

LONGEST = 30.0  # seconds a connection may take to stand, and an operation on it to end


class NotConnected(ConnectionError):
    """There is no connection. `error` is an error class; the message is ours and names no address."""

    def __init__(self, error: Literal["dns", "connect", "timeout"], reason: str) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason


def mail_policy(policy: Policy) -> Policy:
    """Where notifiers may connect to: where calls may go, and to the ports of mail servers there."""
    return replace(policy, low_ports=policy.low_ports | MAIL_PORTS)


class GuardedNetwork:
    """The `Network` notifiers are built with. `resolver` must judge by the same `policy`. Any thread."""

    def __init__(self, resolver: Resolver, policy: Policy) -> None:
        self._resolver = resolver
        self._policy = policy

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connected TCP socket to a judged address of `host`. `timeout` (seconds) holds for the lookup and
        the connecting together, and then for each operation on the socket.

        Raises `Blocked` when the address may not be called, `NotConnected` (an OSError) when none answers.
        """
        timeout = min(timeout, LONGEST)
        deadline = time.monotonic() + timeout
        bracketed = f"[{host}]" if ":" in host else host
        target = parse_target(f"http://{bracketed}:{port}/")
        failure: OSError = TimeoutError()
        for address in self._addresses(target, timeout):
            try:
                return self._open(address, target, deadline, timeout)
            except OSError as error:
                failure = error
        raise _not_connected(target, failure)

    def _addresses(self, target: TargetAddress, timeout: float) -> tuple[str, ...]:
        answers: list[Answer] = []
        came = threading.Event()

        def take(answer: Answer) -> None:
            answers.append(answer)
            came.set()

        self._resolver.resolve(target, take)
        if not came.wait(timeout):
            raise NotConnected("dns", f"no answer from the name service within {timeout:g} s")
        (answer,) = answers
        if isinstance(answer, Unresolved):
            if answer.error == "blocked_target":
                raise Blocked(answer.reason)
            raise NotConnected("dns", answer.reason)
        return answer

    def _open(self, address: str, target: TargetAddress, deadline: float, timeout: float) -> socket.socket:
        """The last place before packets leave: the address is judged again, and the peer compared."""
        reason = judge(address, target.port, self._policy)
        if reason is not None:
            raise Blocked(reason)
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            opened.settimeout(min(left, CONNECT_LIMIT))
            opened.connect((address, target.port))
            if opened.getpeername()[:2] != (address, target.port):
                raise Blocked("the connection leads to an address that was not checked")
            opened.settimeout(timeout)
        except BaseException:
            opened.close()
            raise
        return opened


def _not_connected(target: TargetAddress, failure: OSError) -> NotConnected:
    place = f"{target.host}:{target.port}"
    if isinstance(failure, TimeoutError):
        return NotConnected("timeout", f"{place} took no connection in time")
    return NotConnected(
        "connect", f"{place} takes no connection: {failure.strerror or type(failure).__name__}"
    )
