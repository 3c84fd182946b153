"""Serving: a node behind its API, from the first check to the last line booked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType

import structlog
import uvicorn

from hookwright.engine.call.guard import Allowed
from hookwright.engine.call.transport import Kind
from hookwright.engine.intake.ping import Pinging, actions_of
from hookwright.engine.state import State, StateError
from hookwright.engine.stopping import stop_signals
from hookwright.engine.worker.handshake import Handshake, Shaken
from hookwright.plugins.registry import Plugins

from .addresses import Listen
from .bundle import Bundle
from .collector import spare_the_collector
from .health import Idleness, depth, readiness
from .http.app import API
from .http.gate import Gate
from .http.parts import Parts
from .http.server import build_server
from .live import Configuration, Live
from .node import Node, open_node
from .policy import policy_of
from .register import Register, read_register
from .reload import Reload
from .resting import resting
from .staff import NodeSettings
from .tokens import TokenError, read_token

LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


class AddressInUse(Exception):
    """The address to listen on cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Serving:
    """All a server needs to know.

    `exit_when_idle` is the seconds of idleness after which it leaves. With `stop_at_eof` the end of standard
    input is a stop: the process that started the server is gone. `allowed` are the addresses that may be
    called beside public ones, `transport` is what calls; workers get theirs by `settings`.
    """

    settings: NodeSettings
    listen: Listen
    bundle: Bundle
    plugins: Plugins
    exit_when_idle: float | None = None
    stop_at_eof: bool = False
    allowed: tuple[Allowed, ...] = ()
    transport: Kind = "auto"


class _Stopped(BaseException):
    """A signal told us to stop while things were still starting."""


class _Signals:
    """What stop signals mean, from the first step of a start to the last one of an end.

    While things start, the first one breaks off: what has been started is then ended in order. Once `stop`
    was said to be the way, each calls it; it must not mind being called again while things end.
    """

    def __init__(self) -> None:
        self._stop = self._break_off
        for sign in stop_signals():
            signal.signal(sign, self._handle)

    def call(self, stop: Callable[[], None]) -> None:
        self._stop = stop

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._stop()

    def _break_off(self) -> None:
        self._stop = _nothing
        raise _Stopped


def _nothing() -> None:
    """The end has begun already."""


def serve_until_stopped(serving: Serving, configuration: Configuration) -> None:
    """Run until a stop signal (or idleness). Raises `AddressInUse`, `StateError`, `EngineError`.

    Call it in the main thread. Further signals do not break off the end: nothing we started outlives us.
    """
    signals = _Signals()
    _check_tokens(State(serving.settings.state))
    with suppress(_Stopped), ExitStack() as stack:
        listening = stack.enter_context(_bound(serving.listen))
        listen = replace(serving.listen, port=listening.getsockname()[1])
        node = stack.enter_context(
            open_node(_settings(serving.settings, listening), serving.plugins, configuration.source)
        )
        tokens = Register(node.state.tokens, admin=node.state.admin_token())
        live = Live(serving.bundle, node.state.api_webhooks, configuration, node.swap)
        handshake = stack.enter_context(_handshake(serving, node, listening))
        parts = Parts(
            accept=node.intake.accept,
            history=node.history,
            readiness=lambda: readiness(node),
            depth=lambda: depth(node),
            resting=lambda: resting(node.ledger),
            replay=node.replays.replay,
            jobs=node.jobs,
            expunges=node.expunges,
            cancels=node.cancels,
            tokens=tokens,
            subscribers=node.subscribers,
            live=live,
            ping=Pinging(node.intake, node.subscribers).ping,
            handshake=handshake,
        )
        server = build_server(API(parts, Gate(listen, lambda: tokens.keyring)), listen)

        def stop() -> None:
            server.should_exit = True

        signals.call(stop)
        spare_the_collector()
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, listening, node, live, serving, listen, stop))


def _check_tokens(state: State) -> None:
    """Raises `StateError` for damaged tokens, before anything is started: an empty one would let all in."""
    read_register(state.tokens)
    if state.token.exists():
        try:
            read_token(state.token)
        except TokenError as error:
            raise StateError(f"{error}; remove it, and the next start makes another") from None


@contextmanager
def _handshake(
    serving: Serving, node: Node, listening: socket.socket
) -> Iterator[Callable[[str], list[Shaken]]]:
    """Calls from this process are judged as those of the workers are."""
    policy = policy_of(serving.settings.redis_url, serving.allowed, [_own(listening)])
    made = Handshake(policy, serving.plugins, transport=serving.transport)

    def shake(name: str) -> list[Shaken]:
        table = node.revisions.table
        subscriber, target = node.subscribers.find(name)
        return made.shake(table, subscriber, actions_of(subscriber, target))

    try:
        yield shake
    finally:
        made.close()


def _settings(settings: NodeSettings, listening: socket.socket) -> NodeSettings:
    """The workers are told where we listen: a webhook may not call the server it came from."""
    arguments = (*settings.worker_arguments, "--stop-at-eof", "--own", _own(listening))
    return replace(settings, worker_arguments=arguments)


def _own(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _serve(
    server: uvicorn.Server,
    listening: socket.socket,
    node: Node,
    live: Live,
    serving: Serving,
    listen: Listen,
    stop: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    node.state.announce(listen.url)
    log.info("serving", url=listen.url, revision=node.revisions.table.revision, state=str(node.state.path))
    ending = threading.Event()
    later = partial(loop.call_soon_threadsafe, stop)
    if serving.stop_at_eof:
        threading.Thread(target=_at_eof, args=(later,), name="parent", daemon=True).start()
    looking = asyncio.create_task(asyncio.to_thread(_look_around, node, live, serving, ending, later))
    try:
        await server.serve(sockets=[listening])
    finally:
        ending.set()
        await looking
    log.info("stopping")


def _look_around(
    node: Node, live: Live, serving: Serving, ending: threading.Event, idle: Callable[[], object]
) -> None:
    """Apply a changed bundle, and notice that nothing is left to do, until the end."""
    reload = Reload(serving.bundle.path, live.reload, lambda: live.files)
    idleness = Idleness(serving.exit_when_idle, time.monotonic)
    while not ending.wait(LOOK_SECONDS):
        try:
            reload.look()
        except Exception:  # a fault of ours must not end the looking: the next change may be fine
            log.exception("reload_failed", bundle=str(serving.bundle.path))
        if idleness.over(node):
            idle()


def _at_eof(stop: Callable[[], object]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop()


@contextmanager
def _bound(listen: Listen) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # Said outright: asyncio does not set TCP_NODELAY on connections whose protocol it cannot see.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((listen.host, listen.port))
        except OSError as error:
            raise AddressInUse(f"cannot listen on {listen.host}:{listen.port}: {error.strerror}") from None
        yield made
