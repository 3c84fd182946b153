"""The API under a real uvicorn on a real socket, in front of a real intake."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookwright.engine.call.guard import Policy
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.history.history import History
from hookwright.engine.history.job_records import JobRecords
from hookwright.engine.intake.cancelling import Cancels
from hookwright.engine.intake.expunging import Expunges
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.jobs import Jobs
from hookwright.engine.intake.known import KnownEvents
from hookwright.engine.intake.offering import Offering
from hookwright.engine.intake.ping import Pinging
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.replaying import Replays
from hookwright.engine.journal.switch import Switch, Switches
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.work import Resting
from hookwright.engine.state import State
from hookwright.engine.subscribers import Subscribers
from hookwright.engine.worker.handshake import Handshake, Shaken
from hookwright.interfaces.addresses import Listen
from hookwright.interfaces.bundle import Bundle
from hookwright.interfaces.filters import read_parameters
from hookwright.interfaces.http.app import API
from hookwright.interfaces.http.gate import Gate
from hookwright.interfaces.http.parts import Check, Parts
from hookwright.interfaces.http.server import build_server
from hookwright.interfaces.live import Live, configure
from hookwright.interfaces.register import Register, Registered
from hookwright.interfaces.roles import Role
from hookwright.interfaces.tokens import digest_of
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.model import Action, EntityType, Model, Subscriber, Target, endpoint_name
from hookwright.rules.source import Source
from hookwright.rules.table import RoutingTable
from hookwright.schemas.problem import Place

TOKEN = "the-token-of-the-administrator"
TOKENS = {role: f"the-token-of-the-{role}" for role in Role if role is not Role.ADMIN} | {Role.ADMIN: TOKEN}
OTHERS = [
    Registered(f"the-{role}", role, "2026-11-23T00:00:00Z", "admin", digest_of(token).hex())
    for role, token in sorted(TOKENS.items())
    if role is not Role.ADMIN
]


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class SwitchMemory:
    """The ledger's side of switching, in memory; it can be away."""

    def __init__(self) -> None:
        self.away = False
        self.last = Switches()
        self.failures: dict[str, int] = {}
        self.resting: dict[str, Resting] = {}

    def switch(self, switches: Sequence[Switch]) -> int:
        self._reach()
        return sum(self.last.take(each) for each in switches)

    def switches(self, endpoints: Sequence[str]) -> tuple[tuple[Switch, ...], tuple[int, ...]]:
        self._reach()
        return self.last.all(), tuple(self.failures.get(each, 0) for each in endpoints)

    def rests(self) -> dict[str, Resting]:
        self._reach()
        return self.resting

    def _reach(self) -> None:
        if self.away:
            raise LedgerUnavailable("Connection refused")


@dataclass(slots=True)
class Running:
    """A running API: where it is, what it stored, and switches for what its parts say."""

    state: State
    port: int = 0
    journalled: list[Any] = field(default_factory=list)
    checks: list[Check] = field(default_factory=lambda: [Check("table", ok=True, detail="sha256:r")])
    depth: dict[str, int] = field(default_factory=dict)
    failure: BaseException | None = None
    offered: list[Any] = field(default_factory=list)
    switching: SwitchMemory = field(default_factory=SwitchMemory)

    def subscribers(self, stack: contextlib.ExitStack) -> Subscribers:
        writer = Writer(self.state.history, "intake", fsync=lambda _: None)
        stack.callback(writer.close)
        history = History(self.state.path)
        return Subscribers(lambda: TABLE, lambda _: "crm", history.switches, self.switching, writer)

    live: Live | None = None
    swapped: list[Source] = field(default_factory=list)
    ledger_away: bool = False

    @property
    def hooks(self) -> Path:
        """The bundle that stands in git, which need not be there."""
        return self.state.path / "hooks"

    def swap(self, source: Source) -> bool:
        if not self.ledger_away:
            self.swapped.append(source)
        return not self.ledger_away

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        token: str | None = None,
        host: str | None = None,
        **headers: str,
    ) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if host is not None:
            sent["Host"] = host
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, event: object, **headers: str) -> Response:
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.request("POST", "/v1/events", raw, **{"Content_Type": "application/json", **headers})

    def raw(self, request: bytes, *, timeout: float = 10) -> bytes:
        """Sends bytes as they are; returns all that comes back until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(request)
            got = b""
            with contextlib.suppress(ConnectionResetError):
                while block := connection.recv(65536):
                    got += block
            return got


def _table(identifier: str) -> RoutingTable:
    """One webhook on Lead_Post_Create, and a type of its own with a schema."""
    action = Action(endpoint_name(EntityType.WEBHOOK, identifier, ""), "", Target(url="http://127.0.0.1:1/"))
    place = Place("a.yaml", 3, 5)
    subscriber = Subscriber(EntityType.WEBHOOK, identifier, ("Lead_Post_Create",), (action,), place)
    types = frozenset({"Lead_Post_Create", "com.example.cold"})
    schemas = {"com.example.cold": {"properties": {"Score": {"type": "integer"}}, "required": ["Id"]}}
    return compile_table(Model("b", "leadsquared", "sha256:r", (subscriber,), types, event_schemas=schemas))


TABLE = _table("one")


def _replays(running: Running, writer: Writer, history: History) -> Replays:
    """Of deliveries to hook-2, which is all that is configured for them."""
    table = _table("hook-2")

    def record(entries: Any) -> None:
        if running.failure is not None:
            raise running.failure
        writer.append_many(entries).result()

    return Replays(
        node="nod_x",
        folder=running.state.history,
        history=history,
        table=lambda: table,
        record=record,
        offering=Offering(running.offered.extend, limit=1000, clock=time.monotonic),
    )


def _jobs(running: Running, writer: Writer, history: History, replays: Replays) -> Jobs:
    def record(entries: Any) -> None:
        if running.failure is not None:
            raise running.failure
        writer.append_many(entries).result()

    return Jobs(
        folder=running.state.history,
        history=history,
        records=JobRecords(running.state.index),
        replays=replays,
        record=record,
        read=lambda words: read_parameters(words, 0),
    )


def _intake(running: Running) -> Intake:
    async def record(plans: Any) -> None:
        await asyncio.sleep(0)
        if running.failure is not None:
            raise running.failure
        running.journalled += plans

    return Intake(
        node="nod_x",
        table=lambda: TABLE,
        placing=Placing("nod_x", load_plugins(allow=()).encoders),
        record=record,
        known=KnownEvents(lambda source, name: None, time.monotonic),
        offering=Offering(lambda fresh: None, limit=1000, clock=time.monotonic),
    )


def _shaken(subscribers: Subscribers, name: str) -> list[Shaken]:
    """The checks of the real thing, of a URL that may not be called."""
    subscriber, _ = subscribers.find(name)
    handshake = Handshake(Policy(), load_plugins(allow=()))
    try:
        return handshake.shake(TABLE, subscriber, subscriber.actions)
    finally:
        handshake.close()


Serve = Callable[..., Running]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts an API of its own on loopback."""
    with contextlib.ExitStack() as stack:

        def start(state: State | None = None, **options: Any) -> Running:
            state = state or State(tmp_path / "state")
            state.prepare()
            return stack.enter_context(serving(Running(state), Listen(), options))

        yield start


@contextlib.contextmanager
def serving(running: Running, listen: Listen, options: dict[str, Any]) -> Iterator[Running]:
    kept = {"version": 1, "tokens": [msgspec.to_builtins(each) for each in OTHERS]}
    running.state.tokens.write_text(json.dumps(kept))
    register = Register(running.state.tokens, admin=TOKEN)
    stack = contextlib.ExitStack()
    intake = _intake(running)
    history = History(running.state.path)
    writer = Writer(running.state.history, "intake")
    stack.callback(writer.close)
    bundle = Bundle(running.hooks, load_plugins(allow=()), optional=True)
    configuration, problems = configure(bundle, running.state.api_webhooks)
    assert configuration is not None, problems
    running.live = Live(bundle, running.state.api_webhooks, configuration, running.swap)
    replays = _replays(running, writer, history)
    jobs = _jobs(running, writer, history, replays)
    jobs.start()
    stack.callback(jobs.close)
    parts = Parts(
        accept=intake.accept,
        history=history,
        readiness=lambda: running.checks,
        depth=lambda: running.depth,
        resting=lambda: {"breaker": 2},
        tokens=register,
        subscribers=(subscribers := running.subscribers(stack)),
        replay=replays.replay,
        jobs=jobs,
        expunges=Expunges(
            history=history,
            rotate=writer.rotate,
            record=lambda entries: writer.append_many(entries).result(),
            held=replays.held,
            tell=lambda source, name: None,
        ),
        cancels=Cancels(history.runs, lambda entries: writer.append_many(entries).result()),
        live=running.live,
        ping=Pinging(intake, subscribers).ping,
        handshake=lambda name: _shaken(subscribers, name),
    )
    server = build_server(API(parts, Gate(listen, lambda: register.keyring), **options), listen)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running.port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.should_exit = True
            thread.join(20)
            stack.close()
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """One server on loopback and one that says it listens beyond, for all tests of a file."""
    beyond = Listen("0.0.0.0", 8420, frozenset({"hooks.example.com"}))
    with contextlib.ExitStack() as stack:
        running = {}
        for name, listen in (("api", Listen()), ("public", beyond)):
            state = State(tmp_path_factory.mktemp("state"))
            state.prepare()
            running[name] = stack.enter_context(serving(Running(state), listen, {}))
        yield running


@pytest.fixture
def api(_servers: dict[str, Running]) -> Running:
    """An API that listens on loopback."""
    return _fresh(_servers["api"])


@pytest.fixture
def public(_servers: dict[str, Running]) -> Running:
    """An API that says it listens beyond loopback."""
    return _fresh(_servers["public"])


def _fresh(running: Running) -> Running:
    running.journalled.clear()
    running.checks[:] = [Check("table", ok=True, detail="sha256:r")]
    running.depth.clear()
    running.failure = None
    running.switching.away = False
    running.swapped.clear()
    running.ledger_away = False
    return running
