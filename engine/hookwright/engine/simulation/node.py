"""A node without processes: door, bookkeeper and runner are the engine's own, and take turns on one clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hookwright.plugins.registry import Plugins
from hookwright.rules.event import Event
from hookwright.rules.source import Source
from hookwright.rules.table import RoutingTable

from ..book.book import Book
from ..book.booking import Booking
from ..delivery import Delivery
from ..history.history import History
from ..intake.answer import Answer
from ..intake.door import STRUCTURED
from ..intake.first_answers import FirstAnswers
from ..intake.intake import Intake
from ..intake.journalling import plan_entries
from ..intake.known import KnownEvents
from ..intake.placing import Placing
from ..journal.lineage import BOOK, RUNS
from ..journal.room import Room
from ..journal.sealing import vault_of
from ..journal.writer import Writer
from ..kept_revisions import KeptRevisions
from ..ledger.ledger import Ledger
from ..ledger.work import Offer
from ..runner.conduct import Conduct, House
from ..state import State
from .agenda import Agenda

if TYPE_CHECKING:
    from ..intake.offering import Offerable, Offering

TIDY = 3_600_000  # ms between looks for what is too old, while something is switched off


class _AtOnce:
    """Offers what was journalled, without a thread."""

    crowded = full = False

    def __init__(self, offer: Callable[[Sequence[tuple[Delivery, bytes]]], None]) -> None:
        self._offer = offer

    def put(self, fresh: Sequence[Offerable]) -> None:
        self._offer([(each.delivery, each.body) for each in fresh])


class Node:
    """Used within `opened`. What it writes need not outlive a crash, so nothing is fsynced."""

    def __init__(
        self,
        folder: Path,
        source: Source,
        table: RoutingTable,
        plugins: Plugins,
        ledger: Ledger,
        agenda: Agenda,
    ) -> None:
        self._agenda = agenda
        self._ledger = ledger
        state = State(folder)
        self.name = state.prepare()
        self.history = state.history
        kept = KeptRevisions(state.revisions, self._clock)
        kept.keep(source)
        kept.set_live(source.revision)
        self._closing = ExitStack()
        self._loop = self._closing.enter_context(closing(asyncio.new_event_loop()))
        writers = [self._writer(name) for name in ("intake", BOOK, RUNS)]
        self._book = self._closing.enter_context(
            closing(Book(folder, self.name, self._clock, index_every=0.0))
        )
        room = Room(folder, 0)
        self._booking = Booking(
            self._book, writers[1], ledger, self.name,
            encoders=plugins.encoders, clock=self._clock, monotonic=self._clock, room=room,
        )  # fmt: skip
        house = House(
            folder, self.history, self.name, kept, ledger.expunging, self._offer, plugins.encoders, room,
            take=lambda _, times: times,
            intake=lambda writer, asked: self._opened_intake(state, asked, plugins, writer),
            clock=self._clock, monotonic=self._clock,
        )  # fmt: skip
        self._conduct = self._closing.enter_context(closing(Conduct(house, writers[2])))
        self._intake = self._opened_intake(state, lambda: table, plugins, writers[0])
        while self._conduct.catch_up():
            pass

    def close(self) -> None:
        self._closing.close()

    def accept(self, event: Event) -> Answer:
        """As the door does with a request of one event. Raises `Rejected`."""
        given = {"id": event.id, "source": event.source, "type": event.type, "subject": event.subject}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        body = json.dumps({"specversion": "1.0", **said}).encode()[:-1] + b',"data":' + event.raw + b"}"
        answer = self._loop.run_until_complete(self._intake.accept(body, STRUCTURED, {}))
        assert isinstance(answer, Answer), "one event has one answer"
        return answer

    def turn(self) -> bool:
        """Book, close batches, tell and offer what is due, take runs on; whether anything was done."""
        lines = self._booking.turn(0)
        self._book.follow()
        return self._conduct.turn() or bool(lines)

    @property
    def next_at(self) -> int | None:
        """When something is due next that no call leads to (Unix milliseconds)."""
        now = self._agenda.now
        wait = self._book.open.waiting.wait(now)
        looks = [now + TIDY] if self._book.switches.all() and len(self._book.open) else []
        batch = [] if wait is None else [now + wait]
        known = (self._conduct.next_at, self._book.digest.next_at)
        return min([*looks, *batch, *(each for each in known if each is not None)], default=None)

    def _clock(self) -> float:
        return self._agenda.now / 1000

    def _writer(self, name: str) -> Writer:
        made = Writer(self.history, name, clock=self._clock, fsync=lambda _: None)
        return self._closing.enter_context(closing(made))

    def _offer(self, fresh: Sequence[tuple[Delivery, bytes]]) -> None:
        now = self._agenda.now
        self._ledger.offer([Offer(each, body, wait=max(each.due - now, 0)) for each, body in fresh])

    def _opened_intake(
        self, state: State, table: Callable[[], RoutingTable], plugins: Plugins, writer: Writer
    ) -> Intake:
        vault = vault_of(state.history)
        history = self._closing.enter_context(closing(History(state.path, refresh=False)))

        async def record(plans: Sequence[Any]) -> None:
            writer.append_many([line for plan in plans for line in plan_entries(plan, vault)]).result()

        return Intake(
            node=self.name,
            table=table,
            placing=Placing(self.name, plugins.encoders, vault.keyed),
            record=record,
            known=KnownEvents(FirstAnswers(history), self._clock, vault.matches),
            offering=cast("Offering", _AtOnce(self._offer)),
            clock=self._clock,
            monotonic=self._clock,
        )


@contextmanager
def opened(node: Node) -> Iterator[Node]:
    """The node, and what it holds given back afterwards."""
    try:
        yield node
    finally:
        node.close()
