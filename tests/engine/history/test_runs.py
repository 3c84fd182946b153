"""Runs in the index: what the journal says of them, in whatever order its segments are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.delivery import Status
from hookwright.engine.history.audit import read_account
from hookwright.engine.history.expunging import Ordered
from hookwright.engine.history.history import History
from hookwright.engine.identifiers import delivery_id, message_id, run_id
from hookwright.engine.journal.expunge import Expunge
from hookwright.engine.journal.opened import Acted, opened_entries
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.runs import Began, PlannedRun, RunLine, StepLine
from hookwright.engine.journal.writer import Entry, Writer

DUE = "2026-11-23T12:00:00.000Z"
RUN = run_id("welcome", "/src", "e1")
PLANNED = PlannedRun(id=RUN, entity_id="welcome", due=DUE, place="a.yaml:3")


def told(kit: Any, status: str = "In Queue", **fields: Any) -> Entry:
    began = Began(source="/src", id="e1", type="Lead_Post_Create")
    line = RunLine(
        run=RUN, entity_id="welcome", status=Status(status), revision=kit.REVISION, trigger=began, due=DUE,
        **fields,
    )  # fmt: skip
    return Entry("run", line)


def step(state: str, **fields: Any) -> Entry:
    return Entry("step", StepLine(run=RUN, path="steps/hello", state=state, step_at=DUE, **fields))


def action(kit: Any) -> Acted:
    message = message_id("/src", "e1", "automation", "welcome", "steps/hello")
    return Acted(
        id=delivery_id(message), message=message, entity_type="automation", entity_id="welcome",
        action="steps/hello", event_id="e1", event_source="/src", event_type="Lead_Post_Create", due=DUE,
        revision=kit.REVISION, run=RUN, step="steps/hello",
    )  # fmt: skip


@pytest.fixture
def runs(node: Any) -> Iterator[Writer]:
    with closing(Writer(node.history, "runs", clock=node.clock)) as writer:
        yield writer


def rows(book: Book) -> list[Any]:
    sql = "SELECT id, status, reason, begun, key FROM runs ORDER BY number"
    return book._index._database.execute(sql).fetchall()


def test_a_repeated_event_is_answered_with_its_runs(node: Any) -> None:
    node.accept("e1", runs=(PLANNED,))
    with History(node.state) as history:
        found = history.find_event("/src", "e1")
    assert found is not None
    assert found.runs == ((RUN, "welcome"),)


def test_a_run_stands_as_its_last_line_says_also_when_all_is_read_anew(
    node: Any, kit: Any, runs: Writer
) -> None:
    node.accept("e1", runs=(PLANNED,))
    lines = [
        told(kit, begun=True, key="4711"),
        step("started"),
        step("ended"),
        told(kit, "Success", key="4711"),
    ]
    with closing(Book(node.state, kit.NODE)) as book:
        assert rows(book) == [(RUN, "In Queue", "", 0, "")]
        runs.append_many(lines).result(10)
        book.follow()
        assert rows(book) == [(RUN, "Success", "", 0, "4711")]
        runs.append_many([told(kit, "Cancelled", reason="too late"), step("failed")]).result(10)
        book.follow()
        assert rows(book) == [(RUN, "Success", "", 0, "4711")], "terminal is final"
    (node.state / "index.sqlite").unlink()
    with closing(Book(node.state, kit.NODE)) as book:
        assert rows(book) == [(RUN, "Success", "", 0, "4711")]


def test_an_open_run_needs_the_segment_of_its_event_until_it_ends(node: Any, kit: Any, runs: Writer) -> None:
    (plain,) = node.accept("e1", runs=(PLANNED,))
    with closing(Writer(node.history, "book", clock=node.clock)) as writer:
        writer.append_many(entries(kit.result(plain), 0)).result(10)
    segment = f"{DUE[:10]}/intake-1.jsonl"
    with closing(Book(node.state, kit.NODE)) as book:
        assert book.needs(segment)
        runs.append_many([told(kit, begun=True), told(kit, "Success")]).result(10)
        book.follow()
        assert not book.needs(segment)
        book.forget(segment)
        assert rows(book) == []


def test_what_a_run_asks_for_is_a_delivery_with_the_event_that_began_it(
    node: Any, kit: Any, runs: Writer
) -> None:
    node.accept("e1", runs=(PLANNED,), raw=b'{"Name":"Ada"}')
    opened = action(kit)
    runs.append_many([told(kit, begun=True), *opened_entries(opened, b"{}")]).result(10)
    with closing(Book(node.state, kit.NODE)) as book:
        ((offer),) = (each for each in book.open.next_offers(10, node.now) if each.delivery.id == opened.id)
        assert offer.delivery.endpoint == "automation/welcome/steps/hello"
    with History(node.state) as history:
        detail = history.show(opened.id)
    assert detail is not None
    assert detail.event is not None
    assert bytes(detail.event.data) == b'{"Name":"Ada"}'
    assert detail.document()["origin"] == {"run": RUN, "step": "steps/hello"}


def test_an_audit_knows_what_runs_asked_for(node: Any, kit: Any, runs: Writer) -> None:
    node.accept("e1", runs=(PLANNED,))
    runs.append_many([told(kit, begun=True), step("started"), *opened_entries(action(kit), b"{}")]).result(10)
    account = read_account(node.history)
    assert account.damage == []
    assert account.message_of[action(kit).id] == action(kit).message


def test_an_expunged_event_concerns_the_runs_it_began_and_those_that_heard_it(
    node: Any, kit: Any, runs: Writer
) -> None:
    node.accept("e1", runs=(PLANNED,))
    node.accept("e2")
    lines = [told(kit, begun=True), step("ended", seen=("/src", "e2")), *opened_entries(action(kit), b"{}")]
    runs.append_many(lines).result(10)
    said = [Entry("expunge", Expunge(id=name, source="/src", by="ada")) for name in ("e2", "e1")]
    with closing(Book(node.state, kit.NODE)) as book:
        for name, entry in zip(("e2", "e1"), said, strict=True):
            ordered = Ordered("/src", name, 0)
            assert book.runs_concerned(ordered) is None, "it is open"
            node.intake.append_many([entry]).result(10)
            node.now += 1000
        book.follow()
        found = book.expunging()
        assert found is not None
        assert action(kit).id in {each.id for each in found[1]}
        assert book._index.expunging.include(action(kit).id)
        runs.append_many([told(kit, "Cancelled", reason="expunged", key="4711")]).result(10)
        book.follow()
        for name in ("e1", "e2"):
            assert book.runs_concerned(Ordered("/src", name, 0)) == {RUN}
        book.scrub(Ordered("/src", "e1", 0), [])
        assert rows(book) == [(RUN, "Cancelled", "expunged", 0, "")]
