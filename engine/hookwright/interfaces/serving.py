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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog
import uvicorn

from hookwright.plugins.registry import Plugins
from hookwright.rules.source import Source

from .addresses import Listen
from .bundle import Bundle
from .health import Idleness, depth, readiness
from .http.app import API
from .http.gate import Gate
from .http.parts import Parts
from .http.server import build_server
from .node import Node, NodeSettings, open_node
from .reload import Reload
from .tokens import Keyring

LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


class AddressInUse(Exception):
    """The address to listen on cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Serving:
    """All a server needs to know.

    `exit_when_idle` is the seconds of idleness after which it leaves. With `stop_at_eof` the end of standard
    input is a stop: the process that started the server is gone.
    """

    settings: NodeSettings
    listen: Listen
    bundle: Bundle
    plugins: Plugins
    exit_when_idle: float | None = None
    stop_at_eof: bool = False


def serve_until_stopped(serving: Serving, source: Source) -> None:
    """Run until SIGTERM or SIGINT (or idleness). Raises `AddressInUse`, `StateError`, `EngineError`."""
    with ExitStack() as stack:
        listening = stack.enter_context(_bound(serving.listen))
        listen = replace(serving.listen, port=listening.getsockname()[1])
        node = stack.enter_context(open_node(_settings(serving.settings, listening), serving.plugins, source))
        keyring = Keyring.of(node.state.admin_token())
        parts = Parts(
            accept=node.intake.accept,
            history=node.history,
            readiness=lambda: readiness(node),
            depth=lambda: depth(node),
        )
        server = build_server(API(parts, Gate(listen, keyring)), listen)
        asyncio.run(_serve(server, listening, node, serving, listen))


def _settings(settings: NodeSettings, listening: socket.socket) -> NodeSettings:
    """The workers are told where we listen: a webhook may not call the server it came from."""
    host, port = listening.getsockname()[:2]
    own = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return replace(settings, worker_arguments=(*settings.worker_arguments, "--stop-at-eof", "--own", own))


async def _serve(
    server: uvicorn.Server, listening: socket.socket, node: Node, serving: Serving, listen: Listen
) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    node.state.announce(listen.url)
    log.info("serving", url=listen.url, revision=node.revisions.table.revision, state=str(node.state.path))
    ending = threading.Event()
    later = partial(loop.call_soon_threadsafe, stop)
    if serving.stop_at_eof:
        threading.Thread(target=_at_eof, args=(later,), name="parent", daemon=True).start()
    looking = asyncio.create_task(asyncio.to_thread(_look_around, node, serving, ending, later))
    try:
        await server.serve(sockets=[listening])
    finally:
        ending.set()
        await looking
    log.info("stopping")


def _look_around(node: Node, serving: Serving, ending: threading.Event, idle: Callable[[], object]) -> None:
    """Apply a changed bundle, and notice that nothing is left to do, until the end."""
    reload = Reload(serving.bundle.path, partial(_apply, serving.bundle, node))
    idleness = Idleness(serving.exit_when_idle, time.monotonic)
    while not ending.wait(LOOK_SECONDS):
        reload.look()
        if idleness.over(node):
            idle()


def _apply(bundle: Bundle, node: Node) -> bool:
    """Put the changed bundle into force. A bad one is reported, and the last good one keeps running."""
    loaded = bundle.load()
    for problem in loaded.problems:
        log.warning("bundle_problem", problem=str(problem))
    if loaded.source is None:
        log.error("bundle_refused", bundle=str(bundle.path), live=node.revisions.table.revision)
        return True
    if loaded.source.revision == node.revisions.table.revision:
        return True
    return node.swap(loaded.source)


def _at_eof(stop: Callable[[], object]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop()


@contextmanager
def _bound(listen: Listen) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((listen.host, listen.port))
        except OSError as error:
            raise AddressInUse(f"cannot listen on {listen.host}:{listen.port}: {error.strerror}") from None
        yield made
