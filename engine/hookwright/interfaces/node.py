"""A node: the parts of one accepting server, put together, watched, and taken apart in order."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from hookwright.engine.errors import EngineError, LedgerUnavailable
from hookwright.engine.heir import refuse_adopted, refuse_adopting
from hookwright.engine.history.history import History
from hookwright.engine.intake.cancelling import Cancels
from hookwright.engine.intake.expunging import Expunges
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.jobs import Jobs
from hookwright.engine.intake.offering import Offering
from hookwright.engine.intake.replaying import Replays
from hookwright.engine.journal.room import Room
from hookwright.engine.journal.switch import Switches
from hookwright.engine.journal.writer import Writer
from hookwright.engine.kept_revisions import KeptRevisions
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.memory import Memory
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.revisions import Revisions
from hookwright.engine.state import State
from hookwright.engine.subscribers import Subscribers
from hookwright.engine.valkey.embedded import EmbeddedServer
from hookwright.engine.valkey.redischeck import check_server
from hookwright.plugins.registry import Plugins
from hookwright.rules.source import Source

from .children import Child
from .presence import Presence, present
from .resting import rests
from .runner_child import RunnerChild
from .staff import NodeSettings, end_bookkeeper, end_workers, running_runs, start_children
from .wiring import (
    expunges_of,
    intake_of,
    jobs_of,
    known_in,
    offer_to,
    replays_of,
    subscribers_of,
    swap_in,
    tell_switches,
)

WATCH_SECONDS = 0.25
CROWDED = 0.9  # of Redis's `maxmemory`: from here on events are refused
LAST_LOOK = 1.0  # seconds the ledger has to answer the last look at it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Node:
    """The running parts. `reachable` says whether the ledger answered at the last look."""

    state: State
    intake: Intake
    history: History
    revisions: Revisions
    ledger: Ledger
    memory: Memory
    subscribers: Subscribers
    offering: Offering
    children: tuple[Child, ...]
    reachable: threading.Event
    swap: Callable[[Source], bool]
    replays: Replays
    jobs: Jobs
    expunges: Expunges
    cancels: Cancels
    room: Room
    runner: RunnerChild


@contextmanager
def open_node(settings: NodeSettings, plugins: Plugins, source: Source) -> Iterator[Node]:
    """Start everything but the HTTP side; on leaving, end it in order, losing nothing.

    The order of the end: workers finish what is in flight, intake's journal closes, the runner ends, the
    bookkeeper books what is left, the private server stops last. Raises `StateError`, `EngineError`.
    """
    state = State(settings.state)
    name = state.prepare()
    with ExitStack() as stack:
        stack.enter_context(_owned(state))
        url = _given_server(settings.redis_url) if settings.redis_url else _private_server(state, stack)
        ledger = Ledger(url)
        presence = stack.enter_context(present(ledger, name, state))
        history = History(state.path, catching_up=False, rests=lambda: rests(ledger))
        said = Switches()
        revisions = _revisions(ledger, source, partial(tell_switches, state, history, ledger, said), state)
        reachable = threading.Event()
        bookkeeper, *workers = children = start_children(settings, url)
        stack.callback(end_bookkeeper, bookkeeper, reachable)
        runner = stack.enter_context(running_runs(settings, url, lambda: revisions.table))
        writer = stack.enter_context(_writing(state, source))
        broker = Broker(url)
        subscribers = subscribers_of(revisions, history, ledger, writer, said, broker)
        offering = stack.enter_context(_offering(settings, url, broker, subscribers))
        stack.callback(end_workers, workers, reachable)
        room = Room(state.history, settings.disk_reserve)
        known = known_in(state, history)
        intake = intake_of(name, state, plugins, revisions, known, writer, offering, room)
        replays = replays_of(name, state, revisions, history, writer, offering)
        node = Node(
            state=state,
            intake=intake,
            history=history,
            revisions=revisions,
            ledger=ledger,
            memory=Memory(url),
            subscribers=subscribers,
            offering=offering,
            children=tuple(children),
            reachable=reachable,
            swap=swap_in(revisions, writer),
            room=room,
            replays=replays,
            jobs=stack.enter_context(jobs_of(state, history, writer, replays)),
            expunges=expunges_of(history, writer, replays, known),
            cancels=Cancels(history.runs, lambda entries: writer.append_many(entries).result()),
            runner=runner,
        )
        stack.enter_context(_watched(node, presence))
        yield node


@contextmanager
def _writing(state: State, source: Source) -> Iterator[Writer]:
    """Intake's writer; its first line says what is in force."""
    with closing(Writer(state.history, "intake")) as writer:
        writer.append("revision", {"revision": source.revision, "bundle": source.bundle}).result()
        yield writer


def _revisions(ledger: Ledger, source: Source, told: Callable[[], bool], state: State) -> Revisions:
    kept = KeptRevisions(state.revisions)
    return Revisions(ledger, source, before=told, server=ledger.grounds.server, keeper=kept)


@contextmanager
def _offering(
    settings: NodeSettings, url: str, broker: Broker, subscribers: Subscribers
) -> Iterator[Offering]:
    with closing(RingingLedger(url, broker.bell)) as ledger:
        offers = offer_to(ledger, subscribers)
        with closing(Offering(offers, limit=settings.spool_limit, clock=time.monotonic)) as offering:
            yield offering


@contextmanager
def _owned(state: State) -> Iterator[None]:
    """The state folder is ours, and nobody else's since it was adopted, or half ours since it adopts."""
    with state.owned():
        refuse_adopted(state)
        refuse_adopting(state)
        yield


def _given_server(url: str) -> str:
    """A server of the operator's own, looked at before anything is entrusted to it."""
    findings = check_server(url)
    for finding in findings:
        log.warning("redis_check", finding=str(finding))
    wrong = [str(finding) for finding in findings if finding.severity == "error"]
    if wrong:
        raise LedgerUnavailable("; ".join(wrong))
    return url


def _private_server(state: State, stack: ExitStack) -> str:
    server = EmbeddedServer(state.path)
    try:
        url = server.start()
        stack.callback(server.stop)
    except EngineError:  # one that only takes long to load its data goes on loading, for the next start
        raise
    except BaseException:  # told to stop meanwhile
        server.stop()
        raise
    server.watch()
    return url


@contextmanager
def _watched(node: Node, presence: Presence) -> Iterator[None]:
    """Look after children and ledger a few times a second until the end."""
    ending = threading.Event()

    def watch() -> None:
        while not ending.wait(WATCH_SECONDS):
            for child in node.children:
                child.watch()
            node.runner.watch()
            look_at_ledger(node)
            with contextlib.suppress(LedgerUnavailable):  # the look has said so
                presence.renew()
        look_at_ledger(node)  # how long the parts get to end depends on it

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    look_at_ledger(node)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(LAST_LOOK)
        if thread.is_alive():
            node.reachable.clear()


def look_at_ledger(node: Node) -> None:
    """Note whether the ledger answers, and give it the live revision again if it lost it."""
    try:
        if node.revisions.keep():
            log.warning("revision_published_again", revision=node.revisions.table.revision)
    except LedgerUnavailable:
        node.reachable.clear()
        return
    node.reachable.set()
    _note_fullness(node)
    if node.offering.spooled:
        _probe(node)


def _note_fullness(node: Node) -> None:
    """Refuse events before Redis refuses deliveries: what it holds then can still be worked off."""
    with contextlib.suppress(LedgerUnavailable):
        crowded = node.memory.fullness() >= CROWDED
        if crowded != node.offering.crowded:
            log.warning("queue_memory", nearly_full=crowded)
        node.offering.crowded = crowded


def _probe(node: Node) -> None:
    """End the spooling once the ledger takes offers again: a Redis without memory answers, but takes none."""
    with contextlib.suppress(LedgerUnavailable):
        node.ledger.offer(())
        node.offering.ledger_takes_offers()
