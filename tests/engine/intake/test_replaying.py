"""Replays: rounds that nobody gets twice, the bytes of the original, and what cannot be sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.engine.book.book import Book
from hookwright.engine.delivery import BatchPlan
from hookwright.engine.errors import JournalError
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.identifiers import batch_message_id, delivery_id
from hookwright.engine.instant import timestamp
from hookwright.engine.intake.replaying import NotReplayable, OfferingFull
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.line import LINE_LIMIT
from hookwright.engine.journal.opened import Batched, Noticed, opened_entries
from hookwright.rules.event import Event

from .desk import Desk

PLAN = BatchPlan(
    window=60_000, max_events=10, max_bytes=1000, encoder="json", content_type="application/json"
)


@pytest.mark.parametrize("body", [b'{"a": 1.0}', b"caf\xe9\x00", b"", b"x" * (LINE_LIMIT // 2)])
def test_a_replay_is_journalled_and_offered_with_the_message_and_bytes_of_the_first(
    desk: Desk, body: bytes
) -> None:
    delivery = desk.ended(body=body)
    replayed = desk.replays.replay(delivery.id, "ada", "mended")
    assert replayed is not None
    assert (replayed.id, replayed.round) == (delivery_id(delivery.message, 1), 1)
    (fresh,) = desk.wait_for_offers(1)
    assert fresh.body == body
    assert fresh.delivery == msgspec.structs.replace(delivery, id=replayed.id, due=desk.node.now)
    (line,) = desk.node.lines("replay")
    assert (line["of"], line["round"], line["by"], line["why"]) == (delivery.id, 1, "ada", "mended")
    catch_up(desk.node.state)
    detail = desk.history.show(replayed.id)
    assert detail is not None
    assert (detail.row.kind, detail.row.round, detail.row.status) == ("replay", 1, "In Queue")
    assert detail.document()["origin"] == {"of": delivery.id, "round": 1, "by": "ada", "why": "mended"}
    assert [each["id"] for each in detail.document()["rounds"]] == [delivery.id]
    first = desk.history.show(delivery.id)
    assert first is not None
    assert first.document()["rounds"] == [{"id": replayed.id, "round": 1, "status": "In Queue"}]


def test_what_the_encoder_said_of_the_body_is_sent_again(desk: Desk, kit: Any) -> None:
    event = Event(id="e1", source="/src", type="Lead_Post_Create", data=None, raw=b"{}")
    (plain,) = kit.deliveries_for(event, ["plain"], kit.NOW, b"a=1")
    delivery = msgspec.structs.replace(plain, headers=(("X-Encoded", "form"),), test=True)
    bodies = {hashlib.sha256(b"a=1").hexdigest(): b"a=1"}
    desk.node.intake.append_many(accepted_entries(event, "r", [delivery], bodies)).result(10)
    desk.settle(delivery)
    desk.replays.replay(delivery.id, "ada")
    (fresh,) = desk.wait_for_offers(1)
    assert (fresh.delivery.headers, fresh.delivery.test, fresh.body) == (delivery.headers, True, b"a=1")


def test_replays_at_once_get_rounds_of_their_own(desk: Desk) -> None:
    delivery = desk.ended()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk.replays.replay(delivery.id, "ada"), range(8)))
    assert sorted(each.round for each in found if each) == list(range(1, 9))
    assert len({fresh.delivery.id for fresh in desk.wait_for_offers(8)}) == 8


def test_rounds_go_on_after_a_restart_even_when_the_index_lags(desk: Desk) -> None:
    delivery = desk.ended()
    assert [desk.replays.replay(delivery.id, "ada").round for _ in range(2)] == [1, 2]  # type: ignore[union-attr]
    assert desk.history.find(delivery_id(delivery.message, 1)) == [], "the index has not read these lines"
    assert desk.restarted().replay(delivery.id, "ada").round == 3  # type: ignore[union-attr]
    catch_up(desk.node.state)
    assert desk.restarted().replay(delivery.id, "ada").round == 4  # type: ignore[union-attr]


def test_a_replay_can_be_replayed_and_counts_on(desk: Desk) -> None:
    delivery = desk.ended()
    first = desk.replays.replay(delivery.id, "ada")
    assert first is not None
    desk.settle(delivery, delivery=first.id)
    second = desk.replays.replay(first.id, "ada")
    assert second is not None
    assert (second.of, second.round, second.message) == (first.id, 2, delivery.message)


def test_a_round_that_could_not_be_written_is_never_used_again(desk: Desk) -> None:
    delivery = desk.ended()
    desk.failure = JournalError("the disk is full")
    with pytest.raises(JournalError):
        desk.replays.replay(delivery.id, "ada")
    desk.failure = None
    assert desk.replays.replay(delivery.id, "ada").round == 2  # type: ignore[union-attr]
    assert [fresh.delivery.id for fresh in desk.wait_for_offers(1)] == [delivery_id(delivery.message, 2)]


def test_a_batch_is_replayed_whole_and_its_members_name_it(desk: Desk, kit: Any) -> None:
    first = desk.node.accept("e1", batch=PLAN)[0]
    second = desk.node.accept("e2", batch=PLAN)[0]
    message = batch_message_id(first, "")
    names = ("entity_type", "entity_id", "action", "event_id", "event_source", "event_type", "place")
    opened = Batched(
        **{name: getattr(first, name) for name in names},
        id=delivery_id(message),
        message=message,
        due=timestamp(kit.NOW),
        revision="r",
        members=(first.id, second.id),
        opened=timestamp(kit.NOW),
        closed="window",
    )
    desk.book.append_many(opened_entries(opened, b"[1,2]")).result(10)
    catch_up(desk.node.state)
    desk.settle(first, delivery=opened.id)
    with pytest.raises(NotReplayable, match=f"went out in the batch {opened.id}"):
        desk.replays.replay(first.id, "ada")
    replayed = desk.replays.replay(opened.id, "ada")
    assert replayed is not None
    (fresh,) = desk.wait_for_offers(1)
    assert (fresh.body, fresh.delivery.message) == (b"[1,2]", message)
    detail = desk.history.show(opened.id)
    assert detail is not None
    assert [each["id"] for each in detail.document()["includes"]] == [first.id, second.id]
    assert detail.document()["origin"] == {"opened": timestamp(kit.NOW), "closed": "window"}


def _open(desk: Desk) -> Any:
    return desk.node.accept("e1")[0]


def _removed(desk: Desk) -> Any:
    desk.configured = ["another"]
    return desk.ended()


def _unbatched(desk: Desk) -> Any:
    (delivery,) = desk.node.accept("e1", batch=PLAN)
    desk.settle(delivery, outcome="cancelled", request=None, response=None)
    return delivery


def _notice(desk: Desk) -> Any:
    delivery = desk.ended()
    names = ("message", "entity_type", "entity_id", "event_id", "event_source", "event_type")
    notice = Noticed(
        **{name: getattr(delivery, name) for name in names},
        id="dlv_" + "n" * 26,
        action="notify/admins",
        notifier="admins",
        due=timestamp(desk.node.now),
        revision="r",
    )
    desk.book.append_many(opened_entries(notice, b"{}")).result(10)
    catch_up(desk.node.state)
    return msgspec.structs.replace(delivery, id=notice.id)


@pytest.mark.parametrize(
    ("make", "state", "message"),
    [
        (_open, "ready", "has not ended, it is ready"),
        (_removed, "success", "webhook/plain is no longer configured"),
        (_unbatched, "cancelled", "ended before it went into a batch"),
        (_notice, "ready", "is a notice"),
    ],
)
def test_what_cannot_be_sent_again_says_why(
    desk: Desk, make: Callable[[Desk], Any], state: str, message: str
) -> None:
    delivery = make(desk)
    catch_up(desk.node.state)
    with pytest.raises(NotReplayable, match=message) as refused:
        desk.replays.replay(delivery.id, "ada")
    assert refused.value.state == state
    assert desk.node.lines("replay") == []


def test_an_unknown_delivery_is_none_and_an_index_being_built_cannot_tell(desk: Desk) -> None:
    desk.ended()
    assert desk.replays.replay("dlv_" + "a" * 26, "ada") is None
    (desk.node.state / "index.sqlite").unlink()
    with pytest.raises(HistoryUnavailable):
        desk.replays.replay("dlv_" + "a" * 26, "ada")


def test_a_ledger_that_is_away_costs_nothing_until_the_spool_is_full(desk: Desk, kit: Any) -> None:
    delivery = desk.ended()
    desk.ledger_away = True
    for _ in range(5):
        assert desk.replays.replay(delivery.id, "ada") is not None
    kit.until(lambda: desk.offering.spooled == 5)
    with pytest.raises(OfferingFull):
        desk.replays.replay(delivery.id, "ada")
    book = Book(desk.node.state, kit.NODE, lambda: desk.node.now / 1000)
    try:  # what was journalled and not offered is the bookkeeper's
        found = [each.delivery.id for each in book.open.next_offers(100, desk.node.now)]
        assert sorted(found) == sorted(delivery_id(delivery.message, number) for number in range(1, 6))
    finally:
        book.close()


def test_the_bookkeeper_leaves_the_first_offer_of_a_replay_to_intake(desk: Desk, kit: Any) -> None:
    delivery = desk.ended()
    book = Book(desk.node.state, kit.NODE, lambda: desk.node.now / 1000)
    try:
        desk.replays.replay(delivery.id, "ada")
        book.follow(thorough=True)
        assert book.open.next_offers(100, desk.node.now) == []
        desk.node.now += 2_000
        (offer,) = book.open.next_offers(100, desk.node.now)
        assert offer.delivery.id == delivery_id(delivery.message, 1)
    finally:
        book.close()


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.sampled_from(["replay", "again", "fail", "restart", "index", "settle"]), max_size=14),
)
def test_whatever_happens_in_between_no_round_is_given_out_twice(
    kit: Any, tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    node = kit.Node(tmp_path_factory.mktemp("node") / "state", fsync=lambda _: None)
    desk = Desk(node, kit)
    try:
        ended = [desk.ended()]
        given_out: list[Any] = []
        for step in steps:
            if step in {"replay", "again", "fail"}:
                desk.failure = JournalError("the disk is full") if step == "fail" else None
                try:
                    given_out.append(desk.replays.replay(ended[0 if step == "replay" else -1].id, "ada"))
                except JournalError:
                    assert step == "fail"
            elif step == "restart":
                desk.replays = desk.restarted()
            elif step == "index":
                catch_up(node.state)
            elif given_out:
                desk.settle(ended[0], delivery=given_out[-1].id)
                ended.append(msgspec.structs.replace(ended[0], id=given_out[-1].id))
        rounds = [each.round for each in given_out]
        assert rounds == sorted(set(rounds))
        assert [line["round"] for line in node.lines("replay")] == rounds
    finally:
        desk.close()
        node.intake.close()
