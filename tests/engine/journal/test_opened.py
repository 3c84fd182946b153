"""Lines that open a delivery by themselves: written, read back, offered, and shown as rows."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.book.book import Book
from hookwright.engine.delivery import BatchPlan
from hookwright.engine.errors import JournalError
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter
from hookwright.engine.identifiers import batch_message_id, delivery_id
from hookwright.engine.instant import timestamp
from hookwright.engine.journal.line import LINE_LIMIT, encode
from hookwright.engine.journal.opened import Batched, Noticed, Opened, Replayed, opened_entries, read_opened
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.segment import Position
from hookwright.engine.journal.writer import Writer
from hookwright.rules.event import Event

PLAN = BatchPlan(
    window=60_000, max_events=10, max_bytes=1000, encoder="json", content_type="application/json"
)


def common(kit: Any, delivery: Any) -> dict[str, Any]:
    names = (
        "message",
        "entity_type",
        "entity_id",
        "action",
        "event_id",
        "event_source",
        "event_type",
        "place",
    )
    fields = {name: getattr(delivery, name) for name in names}
    return fields | {"due": timestamp(kit.NOW), "revision": kit.REVISION}


def single(kit: Any) -> list[Any]:
    event = Event(id="e1", source="/src", type="Lead_Post_Create", data=None, raw=b"{}")
    return kit.deliveries_for(event, ["plain"], kit.NOW, b"{}")


def batch(kit: Any, *members: Any) -> Batched:
    message = batch_message_id(members[0], "")
    fields = common(kit, members[0]) | {"id": delivery_id(message), "message": message}
    ids = tuple(each.id for each in members)
    return Batched(**fields, members=ids, opened=timestamp(kit.NOW), closed="window")


def replay(kit: Any, delivery: Any, number: int = 1) -> Replayed:
    again = delivery_id(delivery.message, number)
    return Replayed(**common(kit, delivery), id=again, of=delivery.id, round=number, by="ada")


def notice(kit: Any, delivery: Any) -> Noticed:
    fields = common(kit, delivery) | {"id": "dlv_" + "n" * 26, "action": "notify/admins"}
    return Noticed(**fields, notifier="admins", about=(delivery.id,))


@pytest.fixture
def write(node: Any) -> Iterator[Callable[..., None]]:
    writer = Writer(node.history, "book", clock=node.clock)

    def write(opened: Opened, body: bytes) -> None:
        writer.append_many(opened_entries(opened, body)).result(10)

    yield write
    writer.close()


@pytest.fixture
def book(kit: Any, node: Any) -> Iterator[Book]:
    found = Book(node.state, kit.NODE, lambda: node.now / 1000)
    yield found
    found.close()


def offers(book: Book, node: Any) -> dict[str, Any]:
    book.follow(thorough=True)
    node.now += 10_000
    return {each.delivery.id: each for each in book.open.next_offers(100, node.now)}


@given(body=st.binary(max_size=2000), times=st.sampled_from([0, 1, 700]))
def test_any_body_is_read_back_whole(kit: Any, tmp_path_factory: Any, body: bytes, times: int) -> None:
    folder = tmp_path_factory.mktemp("history")
    (member,) = single(kit)
    opened = batch(kit, member)
    writer = Writer(folder, "book")
    position = writer.append_many(opened_entries(opened, body * times)).result(10).positions[0]
    writer.append("repair", {}).result(10)
    writer.close()
    found = read_opened(folder, position)
    assert found is not None
    assert found[1] == body * times
    assert found[0].id == opened.id
    assert read_opened(folder, Position(position.segment, 1)) is None


def test_a_body_larger_than_a_line_is_continued_and_every_line_keeps_the_limit(kit: Any) -> None:
    (member,) = single(kit)
    lines = opened_entries(batch(kit, member), b"\x01" * (2 * LINE_LIMIT))
    assert [line.kind for line in lines] == ["batch", *["batch+"] * (len(lines) - 1)]
    assert max(len(encode(1, 1, line.kind, msgspec.json.encode(line.fields))) for line in lines) < LINE_LIMIT


def test_what_does_not_fit_beside_the_body_is_refused(kit: Any) -> None:
    (member,) = single(kit)
    with pytest.raises(JournalError, match="too large for the journal"):
        opened_entries(batch(kit, *[member] * 40_000), b"[]")


def test_a_group_cut_short_opens_nothing(kit: Any, node: Any, write: Any) -> None:
    (member,) = node.accept("e1", batch=PLAN)
    write(batch(kit, member), b"x" * (2 * LINE_LIMIT))
    (segment,) = node.history.rglob("book-*")
    os.truncate(segment, segment.stat().st_size - 100)
    assert read_opened(node.history, Position(f"{segment.parent.name}/{segment.name}", 0)) is None


def test_a_batch_is_offered_in_place_of_its_members_also_after_a_restart(
    kit: Any, node: Any, write: Any, book: Book
) -> None:
    first, second, alone = [
        node.accept("e1", batch=PLAN)[0], node.accept("e2", batch=PLAN)[0], node.accept("e3")[0],
    ]  # fmt: skip
    assert list(offers(book, node)) == [alone.id], "members are never offered by themselves"
    opened = batch(kit, first, second)
    write(opened, b"[1,2]")
    found = offers(book, node)
    assert found[opened.id].body == b"[1,2]"
    assert set(found) == {alone.id, opened.id}
    book.close()
    again = Book(node.state, kit.NODE, lambda: node.now / 1000)
    try:
        assert set(offers(again, node)) == {alone.id, opened.id}
    finally:
        again.close()


def test_members_follow_their_batch_and_are_listed_only_when_asked_for(
    kit: Any, node: Any, write: Any, book: Book
) -> None:
    first, second = node.accept("e1", batch=PLAN)[0], node.accept("e2", batch=PLAN)[0]
    opened = batch(kit, first, second)
    book.follow(thorough=True)
    with History(node.state) as history:
        assert [row.state for row in history.list()] == ["batching", "batching"]
        write(opened, b"[1,2]")
        book.follow(thorough=True)
        assert [(row.id, row.kind, row.members, row.closed) for row in history.list()] == [
            (opened.id, "batch", 2, "window")
        ]
        writer = Writer(node.history, "book", clock=node.clock)
        sent = msgspec.structs.replace(kit.result(first), delivery=opened.id)
        writer.append_many(entries(sent, 0)).result(10)
        writer.close()
        book.follow(thorough=True)
        members = history.list(Filter(batch=opened.id))
        assert {(row.id, row.status, row.attempts, row.batch) for row in members} == {
            (each.id, "Success", 1, opened.id) for each in (first, second)
        }
        assert history.list(Filter(event_id="e2"))[0].status == "Success"
        assert history.counts()["Success"] == 1


def test_a_replay_and_a_notice_are_offered_and_a_notice_is_listed_only_when_asked_for(
    kit: Any, node: Any, write: Any, book: Book
) -> None:
    (delivery,) = node.accept("e1")
    write(replay(kit, delivery), b"again")
    write(notice(kit, delivery), b"{}")
    found = offers(book, node)
    again = found[delivery_id(delivery.message, 1)]
    assert (again.delivery.message, again.body) == (delivery.message, b"again")
    assert found["dlv_" + "n" * 26].delivery.notifier == "admins"
    with History(node.state) as history:
        assert {(row.kind, row.round) for row in history.list()} == {("event", 0), ("replay", 1)}
        assert [row.kind for row in history.list(Filter(kind="notice"))] == ["notice"]
        detail = history.show(again.delivery.id)
        assert detail is not None
        assert (detail.body, detail.event and detail.event.id) == ("again", "e1")


def test_changes_of_notices_and_of_what_is_in_a_batch_are_followed_only_when_asked_for(
    kit: Any, node: Any, write: Any, book: Book
) -> None:
    first, second = node.accept("e1", batch=PLAN)[0], node.accept("e2", batch=PLAN)[0]
    (alone,) = node.accept("e3")
    opened = batch(kit, first, second)
    book.follow(thorough=True)
    write(opened, b"[1,2]")
    write(notice(kit, alone), b"{}")
    write(replay(kit, alone), b"{}")
    book.follow(thorough=True)
    stop = threading.Event()
    stop.set()
    with History(node.state) as history:

        def followed(**wanted: Any) -> set[tuple[str, str]]:
            found = history.follow(stop, Filter(**wanted), everything=True)
            return {(row.kind, row.id) for row in found}

        shown = {("event", alone.id), ("batch", opened.id), ("replay", delivery_id(alone.message, 1))}
        assert followed() == shown
        assert followed(notices=True) == shown | {("notice", "dlv_" + "n" * 26)}
        assert followed(kind="notice") == {("notice", "dlv_" + "n" * 26)}
        assert followed(batch=opened.id) == {("event", first.id), ("event", second.id)}
        assert followed(kind="replay") == {("replay", delivery_id(alone.message, 1))}
        assert history.stats("status").total.count == 3
