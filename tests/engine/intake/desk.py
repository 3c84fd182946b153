"""A node's replays, for tests: on a real journal and index, offering to a list."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.history import History
from hookwright.engine.intake.offering import Fresh, Offering
from hookwright.engine.intake.replaying import Replays
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer
from hookwright.rules.compile import compile_table
from hookwright.rules.model import Action, EntityType, Model, Subscriber, Target, endpoint_name
from hookwright.schemas.problem import Place


class Desk:
    """A node's replays, and all that they offered."""

    def __init__(self, node: Any, kit: Any) -> None:
        self.node = node
        self.kit = kit
        self.configured = ["plain"]
        self.offered: list[Fresh] = []
        self.arrived = threading.Condition()
        self.ledger_away = False
        self.failure: Exception | None = None
        self.book = Writer(node.history, "book", clock=node.clock)
        self.history = History(node.state)
        self.offering = Offering(self._offer, limit=5, clock=lambda: 0.0)
        self.replays = self.restarted()

    def _offer(self, fresh: Any) -> None:
        with self.arrived:
            if self.ledger_away:
                raise LedgerUnavailable("Connection refused")
            self.offered.extend(fresh)
            self.arrived.notify_all()

    def restarted(self) -> Replays:
        """A new process's replays on the same folder; nothing of the one before is remembered."""
        return Replays(
            node=self.kit.NODE,
            folder=self.node.history,
            history=self.history,
            table=self._table,
            record=self.record,
            offering=self.offering,
            clock=self.node.clock,
            monotonic=lambda: 0.0,
        )

    def _table(self) -> Any:
        subscribers = tuple(_subscriber(name) for name in self.configured)
        return compile_table(
            Model("b", "leadsquared", self.kit.REVISION, subscribers, frozenset({"Lead_Post_Create"}))
        )

    def record(self, lines: Any) -> None:
        if self.failure:
            raise self.failure
        self.node.intake.append_many(lines).result(10)

    def ended(self, event_id: str = "e1", **options: Any) -> Any:
        """A delivery that has succeeded."""
        (delivery,) = self.node.accept(event_id, **options)
        self.settle(delivery)
        return delivery

    def settle(self, delivery: Any, /, **changes: Any) -> None:
        settled = msgspec.structs.replace(self.kit.result(delivery), **changes)
        self.book.append_many(entries(settled, 0)).result(10)
        catch_up(self.node.state)

    def wait_for_offers(self, number: int) -> list[Fresh]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.offered) >= number, 10)
        return self.offered

    def close(self) -> None:
        self.offering.close()
        self.book.close()
        self.history.close()


def _subscriber(name: str) -> Subscriber:
    action = Action(endpoint_name(EntityType.WEBHOOK, name, ""), "", Target(url="https://example.com/"))
    return Subscriber(EntityType.WEBHOOK, name, ("Lead_Post_Create",), (action,), Place("a.yaml", 3, 5))
