"""Wiring: what the parts of a node are to each other, as the callables that one hands to the next."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.history.history import History
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.job_records import JobRecords
from hookwright.engine.intake.answer import Answer
from hookwright.engine.intake.expunging import Expunges
from hookwright.engine.intake.first_answers import FirstAnswers
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.jobs import Jobs
from hookwright.engine.intake.journalling import plan_entries
from hookwright.engine.intake.known import KnownEvents
from hookwright.engine.intake.offering import Offerable, Offering
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.plan import Plan
from hookwright.engine.intake.recording import Recording
from hookwright.engine.intake.replaying import Replays
from hookwright.engine.intake.stencil import Drawn
from hookwright.engine.journal.room import Room
from hookwright.engine.journal.sealing import Vault, vault_of
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.switch import Switches
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.ledger.work import Offer
from hookwright.engine.revisions import Revisions
from hookwright.engine.state import State
from hookwright.engine.subscribers import Subscribers
from hookwright.plugins.hookspecs import Encoder
from hookwright.plugins.registry import Plugins
from hookwright.rules.source import Source
from hookwright.rules.table import RoutingTable

from .filters import read_parameters

log = structlog.get_logger(__name__)


def tell_switches(state: State, history: History, ledger: Ledger, said: Switches) -> bool:
    """What is off is off before anything can be claimed. False while neither the ledger nor the index says
    what is: both were lost.
    """
    booked = None
    with contextlib.suppress(HistoryUnavailable):
        booked = history.all_switches()
    if booked is None and ledger.live() is None and list_segments(state.history):
        return False
    switches = Switches([*(booked.all() if booked else ()), *said.all()]).all()
    if switches:
        ledger.switch(switches)
    return True


def offer_to(ledger: RingingLedger, subscribers: Subscribers) -> Callable[[Sequence[Offerable]], None]:
    """Offers fresh deliveries to the ledger, after the switches it has not heard of."""

    def offer(fresh: Sequence[Offerable]) -> None:
        subscribers.tell()
        now = int(time.time() * 1000)
        made = [(one.delivery, one.body) for one in fresh]
        ledger.offer([Offer(delivery, body, wait=max(delivery.due - now, 0)) for delivery, body in made])

    return offer


def subscribers_of(
    revisions: Revisions, history: History, ledger: Ledger, writer: Writer, said: Switches, broker: Broker
) -> Subscribers:
    """The subscribers of the live table; `said` remembers what was switched since the start."""
    return Subscribers(
        lambda: revisions.table,
        revisions.bundle_of,
        history.switches,
        ledger,
        writer,
        said=said,
        wake=broker.ring,
    )


def known_in(state: State, history: History) -> KnownEvents[Answer]:
    """The events that were accepted before."""
    return KnownEvents(FirstAnswers(history), time.monotonic, vault_of(state.history).matches)


def intake_of(
    name: str,
    state: State,
    plugins: Plugins,
    revisions: Revisions,
    known: KnownEvents[Answer],
    writer: Writer,
    offering: Offering,
    room: Room,
) -> Intake:
    """What accepts events on the node `name`."""
    vault = vault_of(state.history)
    return Intake(
        node=name,
        table=lambda: revisions.table,
        placing=Placing(name, plugins.encoders, vault.keyed),
        record=_record_in(writer, vault),
        known=known,
        offering=offering,
        room=room,
    )


def emitting_intake(
    name: str,
    state: State,
    encoders: Mapping[str, Encoder],
    table: Callable[[], RoutingTable],
    writer: Writer,
    offering: Offering,
    room: Room,
) -> Intake:
    """What accepts the events that the node `name` emits."""
    vault = vault_of(state.history)
    history = History(state.path, refresh=False)
    return Intake(
        node=name,
        table=table,
        placing=Placing(name, encoders, vault.keyed),
        record=_record_in(writer, vault),
        known=known_in(state, history),
        offering=offering,
        room=room,
    )


def replays_of(
    name: str, state: State, revisions: Revisions, history: History, writer: Writer, offering: Offering
) -> Replays:
    """What sends deliveries once more on the node `name`."""
    return Replays(
        node=name,
        folder=state.history,
        history=history,
        table=lambda: revisions.table,
        record=lambda entries: writer.append_many(entries).result(),
        offering=offering,
    )


@contextmanager
def jobs_of(state: State, history: History, writer: Writer, replays: Replays) -> Iterator[Jobs]:
    """What sends many deliveries once more, by `replays`; it works until it is left."""
    jobs = Jobs(
        folder=state.history,
        history=history,
        records=JobRecords(state.index),
        replays=replays,
        record=lambda entries: writer.append_many(entries).result(),
        read=lambda words: read_parameters(words, 0),
    )
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()


def expunges_of(history: History, writer: Writer, replays: Replays, known: KnownEvents[Answer]) -> Expunges:
    """What orders that events be expunged."""
    return Expunges(
        history=history,
        rotate=writer.rotate,
        record=lambda entries: writer.append_many(entries).result(),
        held=replays.held,
        tell=known.expunged,
    )


def _record_in(writer: Writer, vault: Vault) -> Callable[[Sequence[Plan | Drawn]], Awaitable[None]]:
    recording = Recording(writer.append_many)

    async def record(plans: Sequence[Plan | Drawn]) -> None:
        await recording.record([entry for plan in plans for entry in plan_entries(plan, vault)])

    return record


def swap_in(revisions: Revisions, writer: Writer) -> Callable[[Source], bool]:
    """Puts a revision into force and journals it."""

    def swap(source: Source) -> bool:
        """Put a revision into force; False, and the one before stays, when that cannot be done just now."""
        before = revisions.source
        try:
            revisions.swap(source)
            writer.append("revision", {"revision": source.revision, "bundle": source.bundle}).result()
        except (LedgerUnavailable, JournalError) as error:
            log.warning("revision_waits", revision=source.revision, reason=str(error))
            if revisions.source is source:
                revisions.revert(before)
                with contextlib.suppress(LedgerUnavailable):
                    revisions.keep()
            return False
        log.info("revision_live", revision=source.revision, bundle=source.bundle)
        return True

    return swap
