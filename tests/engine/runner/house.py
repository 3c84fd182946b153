"""A node's runner, step by step: events are accepted, calls answered and the process killed between turns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import yaml

from hookwright.engine.delivery import Delivery, Received, Result, Sent
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.intake.beginning import planned_run
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.journalling import plan_entries
from hookwright.engine.intake.known import KnownEvents
from hookwright.engine.intake.offering import Offering
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.recording import Recording
from hookwright.engine.intake.redacting import redact
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.expunge import Expunge
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.room import Room
from hookwright.engine.journal.sealing import SealedEvent, Secret, vault_of
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.writer import Entry, Writer
from hookwright.engine.kept_revisions import NoRevision
from hookwright.engine.runner.conduct import Conduct, House
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.doing import Doer
from hookwright.rules.event import Event
from hookwright.rules.model import EntityType, Model, Subscriber
from hookwright.rules.references import Encoders, EventNames
from hookwright.rules.running import Director
from hookwright.rules.table import RoutingTable
from hookwright.rules.targets import target
from hookwright.schemas.problem import Place

NOW = 1_795_435_200_000  # 2026-11-23T12:00:00Z
JSON_ONLY = Encoders.of({"json": ("application/json",)})
ENCODERS = load_plugins(allow=()).encoders


class Killed(BaseException):
    """The process ended here."""


class Kept:
    """The configurations that were live, in memory."""

    def __init__(self) -> None:
        self.tables: dict[str, RoutingTable] = {}
        self.name: str | None = None

    def live(self) -> str | None:
        return self.name

    def table(self, revision: str) -> RoutingTable:
        if revision not in self.tables:
            raise NoRevision(f"{revision} is not kept any more")
        return self.tables[revision]

    def drop(self, needed: Collection[str]) -> int:
        """As what was replaced lately, all are kept here."""
        return len(needed)


def table_of(text: str) -> RoutingTable:
    """The table of these automations, written in YAML."""
    revision = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    subscribers = tuple(map(_subscriber, yaml.safe_load(text)))
    return compile_table(
        Model("b", "standard", revision, subscribers, frozenset(), allow_undeclared_events=True)
    )


def _subscriber(written: dict[str, Any]) -> Subscriber:
    identifier, place = written["id"], Place("a.yaml", 1)
    doer = Doer(EntityType.AUTOMATION, identifier, dict, lambda merged: target(merged, JSON_ONLY, {}))
    names = EventNames(frozenset({"Lead", "Reply"}), {})
    automation = Director(written, doer, names, {identifier: place}).automation()
    return Subscriber(
        EntityType.AUTOMATION,
        identifier,
        (written["event"],) if "event" in written else (),
        tuple(automation.actions()),
        place,
        redact=tuple(tuple(each.split(".")[1:]) for each in written.get("redact", ())),
        automation=automation,
    )


class World:
    """One node on a folder. Times are Unix milliseconds. `kill_at` ends the process at the nth checkpoint."""

    def __init__(self, state: Path, text: str) -> None:
        self.state = state
        self.history = state / "history"
        self.history.mkdir(parents=True)
        self.now = NOW
        self.free = 10**12
        self.offered: list[tuple[Delivery, bytes]] = []
        self.open: dict[str, Delivery] = {}
        self.asked_to_cancel: set[str] = set()
        self.results: dict[str, Result] = {}
        self.kill_at = -1
        self.ledger_away = False
        self.offering = Offering(self._offer_accepted, limit=1000, clock=lambda: 0.0)
        self.taken: set[tuple[str, int]] = set()  # by other nodes
        self.passed = 0
        self.kept = Kept()
        self.intake = Writer(self.history, "intake", clock=self.clock)
        self.book = Writer(self.history, "book", clock=self.clock)
        self.configure(text)
        self.vault = vault_of(self.history)
        self._start()

    def clock(self) -> float:
        return self.now / 1000

    def configure(self, text: str) -> None:
        self.table = table_of(text)
        self.kept.tables[self.table.revision] = self.table
        self.kept.name = self.table.revision

    def _start(self) -> None:
        self.writer = Writer(self.history, "runs", clock=self.clock)
        house = House(
            state=self.state,
            history=self.history,
            node="nod_x",
            kept=self.kept,
            ledger=self,
            offer=self._offer,
            take=self._take,
            intake=self._intake,
            encoders=ENCODERS,
            room=Room(self.state, free=lambda _: self.free, clock=self._ticking()),
            clock=self.clock,
            monotonic=self._ticking(),
            checkpoint=self._checkpoint,
        )
        self.conduct = Conduct(house, self.writer)
        while self.conduct.catch_up():
            pass

    def _ticking(self) -> Callable[[], float]:
        """A clock on which everything that is done now and then is done each time."""
        seconds = [0.0]

        def tick() -> float:
            seconds[0] += 100.0
            return seconds[0]

        return tick

    def _offer(self, fresh: Sequence[tuple[Delivery, bytes]]) -> None:
        self.offered += fresh

    def _intake(self, writer: Writer, table: Callable[[], RoutingTable]) -> Intake:
        recording = Recording(writer.append_many)

        async def record(plans: Sequence[Any]) -> None:
            await recording.record([line for plan in plans for line in plan_entries(plan, self.vault)])

        return Intake(
            node="nod_x",
            table=table,
            placing=Placing("nod_x", ENCODERS),
            record=record,
            known=KnownEvents(lambda *_: None, self.clock),
            offering=self.offering,
            clock=self.clock,
        )

    def _offer_accepted(self, fresh: Sequence[Any]) -> None:
        self._offer([(each.delivery, each.body) for each in fresh])

    def _take(self, automation: str, times: Sequence[int]) -> Sequence[int]:
        if self.ledger_away:
            raise LedgerUnavailable("refused")
        return [time for time in times if (automation, time) not in self.taken]

    def cancel(self, node: str, results: Sequence[Result]) -> int:
        self.asked_to_cancel |= {each.delivery for each in results if each.outcome == "cancelled"}
        self.results |= {each.delivery: each for each in results}
        return len(results)

    def book_results(self) -> World:
        """The bookkeeper writes what it was told."""
        written = {line["delivery"] for line in self.lines("settled")}
        for result in self.results.values():
            if result.delivery not in written:
                self.book.append_many(entries(result, 0)).result(10)
        return self.go()

    def _checkpoint(self, _name: str) -> None:
        self.passed += 1
        if self.passed == self.kill_at:
            raise Killed

    def restart(self) -> None:
        """The process is killed, and another one started."""
        self.conduct.close()
        self.writer.close()
        self._start()

    def go(self, until: int | None = None) -> World:
        """Turn after turn, as long as there is something to do; a kill is followed by another start."""
        if until is not None:
            self.now = max(self.now, until)
        while True:
            try:
                if not self.conduct.turn():
                    return self
            except Killed:
                self.restart()

    def accept(self, identifier: str, event_type: str = "Lead", **data: Any) -> World:
        raw = json.dumps(data).encode()
        event = Event(id=identifier, source="/crm", type=event_type, data=data, raw=raw)
        selected = self.table.select(event)
        runs = tuple(planned_run(event, each, self.now) for each in selected)
        redaction = redact(event, {path for each in selected for path in each.subscriber.redact})
        sealed = None
        if redaction is not None:
            secret = self.vault.seal(Secret(raw, (), redaction.hidden))
            sealed = SealedEvent(redaction.shown, secret, {})
        lines = accepted_entries(event, self.table.revision, [], {}, "f", sealed, runs)
        self.intake.append_many(lines).result(10)
        return self.go()

    def answer(self, step: str, outcome: str = "success", status: int = 200, body: str = "") -> World:
        """The call of a step comes to its end."""
        line = self.action(step)
        known = next((one for one, _ in self.offered if one.id == line["id"]), None)
        assert known is None or known.endpoint.startswith("automation/")
        result = Result(
            delivery=line["id"], node="nod_x", attempt=1, outcome=outcome, at=self.now, worker="w",
            request=Sent(method="POST", url="https://a.example/", headers=()),
            response=Received(status=status, headers=(("Content-Type", "application/json"),), body=body),
            error=None if outcome == "success" else "status",
            reason="" if outcome == "success" else "said no",
        )  # fmt: skip
        self.book.append_many(entries(result, 0)).result(10)
        return self.go()

    def expunge(self, identifier: str) -> World:
        said = Expunge(id=identifier, source="/crm", by="ada")
        self.intake.append_many([Entry("expunge", said)]).result(10)
        return self.go()

    def action(self, step: str, nth: int = -1) -> dict[str, Any]:
        return [line for line in self.lines("action") if line["step"] == step][nth]

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        raw = (
            line
            for segment in list_segments(self.history)
            for line in (self.history / segment.name).read_bytes().split(b"\n")[:-1]
        )
        found = [msgspec.json.decode(line) for line in raw]
        return [line for line in found if line["kind"] in kinds]

    def runs(self) -> list[tuple[str, str, str]]:
        """The event, status and reason of each run, as its last line says."""
        last = {line["run"]: line for line in self.lines("run")}
        return [(line["trigger"]["id"], line["status"], line.get("reason", "")) for line in last.values()]

    def trace(self) -> list[tuple[Any, ...]]:
        """What became of each run and of each of its steps, however often it was written, without times."""
        steps: dict[tuple[str, str], Any] = {}
        for line in self.lines("step"):
            if steps.get((line["run"], line["path"]), {}).get("state") not in {"ended", "failed"}:
                steps[line["run"], line["path"]] = line
        found = [
            (run, path, line["state"], json.dumps(line.get("output"), sort_keys=True), line.get("delivery"))
            for (run, path), line in steps.items()
        ]
        ended = [(line["run"], line["status"], line.get("reason", "")) for line in self.lines("run")]
        return sorted(found) + sorted({each for each in ended if each[1] != "In Queue"})

    def close(self) -> None:
        self.conduct.close()
        self.offering.close()
        for writer in (self.writer, self.intake, self.book):
            with closing(writer):
                pass
