"""The index mirrors the journal: whatever happens to it, reading the journal again gives the same answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.engine.book.book import Book, IndexUnavailable
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.history import History
from hookwright.engine.history.index import Index
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer


@pytest.fixture
def write(node: Any) -> Iterator[Callable[..., None]]:
    """Write a result's lines as the bookkeeper would."""
    writers: list[Writer] = []

    def write(*results: Any, attempts: int = 0) -> None:
        if not writers:
            writers.append(Writer(node.history, "book", clock=node.clock))
        for each in results:
            writers[0].append_many(entries(each, attempts)).result(10)

    yield write
    for writer in writers:
        writer.close()


def rows(node: Any) -> list[Any]:
    with History(node.state) as history:
        return history.list(limit=1000)


@pytest.fixture
def lived(node: Any, kit: Any, write: Callable[..., None]) -> list[Any]:
    """Seven deliveries in different states."""
    found = [delivery for i in range(7) for delivery in node.accept(f"e{i}", delay=1000 * i)]
    write(kit.result(found[0]))
    write(kit.result(found[1], 1, "retry", 500), kit.result(found[1], 2, "failure", 503))
    write(kit.result(found[2], 1, "retry", 500))
    write(kit.result(found[3], 1, "held", error="not_ready", reason="secret missing"))
    write(kit.result(found[4], 1, "lost", reason="the worker's lease ended"))
    write(kit.result(found[5], 1, "cancelled", reason="subscriber removed"))
    return found


def test_every_state_is_read_back(node: Any, lived: list[Any]) -> None:
    found = {row.id: (row.status, row.state, row.attempts, row.code) for row in rows(node)}
    assert [found[delivery.id] for delivery in lived] == [
        ("Success", "success", 1, 200),
        ("Failure", "failure", 2, 503),
        ("In Queue", "retrying", 1, 500),
        ("In Queue", "held", 0, None),
        ("In Queue", "ready", 0, None),
        ("Cancelled", "cancelled", 0, None),
        ("In Queue", "waiting", 0, None),
    ]


@pytest.mark.parametrize(
    "mishap", ["missing", "garbage", "truncated", "another version", "no tables", "empty"]
)
def test_a_broken_index_is_rebuilt(mishap: str, node: Any, lived: list[Any]) -> None:
    before = rows(node)
    path = node.state / "index.sqlite"
    if mishap == "missing":
        path.unlink()
    elif mishap == "garbage":
        path.write_bytes(b"this is no database" * 1000)
    elif mishap == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif mishap == "empty":
        path.write_bytes(b"")
    else:
        with sqlite3.connect(path) as database:
            database.execute(
                "PRAGMA user_version = 999" if mishap == "another version" else "DROP TABLE damage"
            )
        database.close()

    assert rows(node) == before


def test_a_journal_of_many_reads_is_entered_in_its_order(
    node: Any, kit: Any, write: Callable[..., None], monkeypatch: Any
) -> None:
    """Or the end of a delivery would be met before its beginning, be passed over, and the call made again."""
    monkeypatch.setattr("hookwright.engine.journal.reader.CHUNK", 8_000)
    found = [node.accept(f"e{i}", raw=b'{"a":"%s"}' % (b"x" * 3_000))[0] for i in range(20)]
    for delivery in found:
        write(kit.result(delivery, 1, "retry", 500), kit.result(delivery, 2, "success"))
    book = Book(node.state, kit.NODE)
    assert book.count() == (0, 0)
    book.close()
    assert {(row.status, row.attempts) for row in rows(node)} == {("Success", 2)}


def test_reading_goes_on_where_it_stopped(node: Any, kit: Any, write: Callable[..., None]) -> None:
    (first,) = node.accept("e1")
    assert len(rows(node)) == 1
    (second,) = node.accept("e2")
    write(kit.result(first))
    found = rows(node)
    assert [(row.id, row.status) for row in found] == [(second.id, "In Queue"), (first.id, "Success")]


def test_an_index_that_knows_more_than_the_journal_is_rebuilt(node: Any) -> None:
    node.accept("e1")
    size = next(node.history.glob("*/intake-1.jsonl")).stat().st_size
    node.accept("e2")
    assert len(rows(node)) == 2
    node.intake.close()
    path = next(node.history.glob("*/intake-1.jsonl"))
    path.write_bytes(path.read_bytes()[:size])  # a power cut took lines the index had seen

    assert [row.event_id for row in rows(node)] == ["e1"]


def test_the_same_delivery_accepted_twice_is_one(node: Any, kit: Any, write: Callable[..., None]) -> None:
    (delivery,) = node.accept("e1")
    write(kit.result(delivery))
    rows(node)
    node.accept("e1", "plain", "another")

    found = {row.entity_id: row.status for row in rows(node)}
    assert found == {"plain": "Success", "another": "In Queue"}
    with History(node.state) as history:
        answer = history.find_event("/src", "e1")
    assert answer is not None
    assert [placed[2] for placed in answer.deliveries] == ["plain"]


def test_nothing_changes_a_settled_delivery(node: Any, kit: Any, write: Callable[..., None]) -> None:
    (delivery,) = node.accept("e1")
    write(kit.result(delivery))
    write(kit.result(delivery, 2, "failure", 500), kit.result(delivery, 3, "retry", 500))

    (row,) = rows(node)
    assert (row.status, row.attempts, row.code) == ("Success", 1, 200)


def test_reading_lines_twice_changes_nothing(node: Any, lived: list[Any]) -> None:
    before = rows(node)
    with sqlite3.connect(node.state / "index.sqlite") as database:
        database.execute("UPDATE segments SET offset = 0, finished = 0")
    database.close()

    assert rows(node) == before


def test_damage_is_kept_with_its_place_and_the_rest_is_read(node: Any) -> None:
    for i in range(3):
        node.accept(f"e{i}")
    node.intake.close()
    path = next(node.history.glob("*/intake-1.jsonl"))
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(b"plain", b"plane") + third)

    with History(node.state) as history:
        assert [row.event_id for row in history.list()] == ["e2", "e0"]
        assert history.damage() == [
            ("2026-11-23/intake-1.jsonl", len(first), len(second), "the checksum does not fit")
        ]


def test_lines_about_an_unknown_delivery_are_passed_over(
    node: Any, kit: Any, write: Callable[..., None]
) -> None:
    (known,) = node.accept("e1")
    unknown = kit.deliveries_for(type("E", (), {"id": "x", "source": "y", "type": "T"}), ["z"], 0, b"")[0]
    write(kit.result(unknown), kit.result(known))

    assert [(row.id, row.status) for row in rows(node)] == [(known.id, "Success")]


def test_a_failed_entry_changes_nothing_and_is_made_up_for(
    node: Any, lived: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(node.state, "nod_test")
    count = len(book.open)
    node.accept("e8")
    node.accept("e9")
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(self: Index, batch: Any) -> None:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(Index, "apply", fail)
        for _ in range(3):
            with pytest.raises(IndexUnavailable, match="full"):
                book.follow()
    assert len(book.open) == count

    book.follow()
    assert len(book.open) == count + 2
    book.close()


def test_an_index_deleted_under_a_running_book_is_rebuilt(node: Any, lived: list[Any]) -> None:
    book = Book(node.state, "nod_test")
    count = len(book.open)
    for path in node.state.glob("index.sqlite*"):
        path.unlink()
    node.accept("e8")
    book.follow()
    assert len(book.open) == count + 1
    with History(node.state) as history:
        assert len(history.list()) == len(lived) + 1
    book.close()


def test_an_index_damaged_under_a_running_book_is_rebuilt(node: Any, lived: list[Any]) -> None:
    book = Book(node.state, "nod_test")
    count = len(book.open)
    with sqlite3.connect(node.state / "index.sqlite") as database:
        database.execute("DROP TABLE events")
    database.close()
    node.accept("e8")
    book.follow()
    assert len(book.open) == count + 1
    assert book.whole
    book.close()


def test_a_segment_in_the_place_of_one_taken_away_is_read_from_its_beginning(node: Any, kit: Any) -> None:
    (gone,) = node.accept("e1")
    assert len(rows(node)) == 1
    node.intake.close()
    next(node.history.glob("*/intake-1.jsonl")).unlink()
    assert [row.id for row in rows(node)] == [gone.id]

    again = kit.Node(node.state)
    (new,) = again.accept("a-longer-name-than-before", "and-another-hook", raw=b'{"fill":"0123456789"}')
    again.intake.close()
    assert [row.id for row in rows(node)] == [new.id, gone.id]
    with History(node.state) as history:
        assert history.show(gone.id).document()["event"] is None
        assert history.show(new.id).document()["body"] == '{"fill":"0123456789"}'


def test_a_segment_deleted_while_it_is_followed_is_reported_and_the_next_one_read(node: Any) -> None:
    (first,) = node.accept("e1")
    book = Book(node.state, "nod_test")
    next(node.history.glob("*/intake-1.jsonl")).unlink()
    (second,) = node.accept("e2")
    book.follow(thorough=True)
    book.follow(thorough=True)
    book.close()

    with History(node.state, refresh=False) as history:
        assert [row.id for row in history.list()] == [second.id, first.id]
        assert [damage[3] for damage in history.damage()] == ["the segment is gone"]


def test_only_the_owner_may_read_the_index(node: Any) -> None:
    node.accept("e1")
    rows(node)
    assert {oct(path.stat().st_mode & 0o777) for path in node.state.glob("index.sqlite*")} == {"0o600"}


def test_catching_up_beside_a_bookkeeper_leaves_the_index_to_it(node: Any, tmp_path: Path) -> None:
    from hookwright.engine.history.catching_up import book_lock

    node.accept("e1")
    with book_lock(node.state) as got:
        assert got
        catch_up(node.state)
        assert not (node.state / "index.sqlite").exists()
    catch_up(node.state)
    assert (node.state / "index.sqlite").exists()
