"""Sealed work: what is redacted goes out as it came, and a key that is lost ends it with a reason, alone."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from msgspec import structs
from tests.engine.book.test_retention import Keeper

from hookwright.engine.batch import Closed, Member
from hookwright.engine.book.book import Book
from hookwright.engine.book.closing import batch_entries
from hookwright.engine.book.gathering import Closing, Group
from hookwright.engine.book.half import Half
from hookwright.engine.book.retention import Keep
from hookwright.engine.delivery import BatchPlan
from hookwright.engine.instant import timestamp
from hookwright.engine.intake.journalling import plan_entries
from hookwright.engine.intake.plan import Plan
from hookwright.engine.intake.redacting import redact
from hookwright.engine.journal.opened import Batched, read_opened, read_sendable
from hookwright.engine.journal.origin import read_origin
from hookwright.engine.journal.sealing import KEY_FILE, vault_of
from hookwright.plugins.loader import load_plugins
from hookwright.rules.event import Event
from hookwright.schemas.schema import load_schema

RAW = b'{"Mail":  "ada@example.com"}'
PLAN = BatchPlan(window=1000, max_events=2, max_bytes=1000, encoder="json", content_type="application/json")


@pytest.fixture
def accept(node, kit):
    """Journals an event that hides its `Mail`; its deliveries as they were planned."""

    def accept(event_id, *, body=RAW, batch=None):
        event = Event(id=event_id, source="/src", type="t", data=json.loads(RAW), raw=RAW)
        redaction = redact(event, [("Mail",)])
        (planned,) = kit.deliveries_for(event, ["a"], node.now, body)
        planned = structs.replace(planned, batch=batch)
        delivery = redaction.delivery(planned, body)
        shown = {} if body == RAW else {delivery.id: b"Mail=[redacted]"}
        plan = Plan(event, "f1", "sha256:" + "0" * 64, (delivery,), {delivery.body: body}, redaction, shown)
        node.intake.append_many(plan_entries(plan, vault_of(node.history))).result(10)
        return delivery

    return accept


def said_openly(node) -> list[bytes]:
    """The forms of the hidden value that stand in the journal; what is sealed may hold "ada" by chance."""
    lines = b"".join(path.read_bytes() for path in node.history.rglob("*.jsonl"))
    return [form for form in (b"ada@", b"ada%40") if form in lines]


def test_it_is_offered_with_its_bytes_and_with_what_is_hidden(node, kit, accept):
    given = [accept("1"), accept("2", body=b"Mail=ada%40example.com")]
    book = Book(node.state, kit.NODE, node.clock)
    offers = book.open.next_offers(10, node.now)
    assert [offer.body for offer in offers] == [RAW, b"Mail=ada%40example.com"]
    assert [offer.delivery for offer in offers] == given
    assert not said_openly(node)
    book.close()


def test_it_stays_sealed_when_it_is_carried_forward(node, kit, ledger, accept):
    accept("1")
    accept("2", body=b"Mail=ada%40example.com")
    kept = Keeper(node, ledger, kit, Keep(days=1))
    kept.turn()
    before = list(ledger.server.offers.values())
    kept.pass_days(3)
    kept.tidy()
    assert {line["kind"] for line in node.lines("accepted", "carried")} == {"carried"}
    book = kept.rebuilt()
    assert book.open.next_offers(10, node.now) == before
    kept.end()
    assert not said_openly(node)


def test_without_its_key_it_ends_with_the_reason_and_other_work_goes_on(node, kit, accept):
    sealed = [accept("1"), accept("2", body=b"Mail=ada%40example.com")]
    (plain,) = node.accept("3")
    (node.state / KEY_FILE).unlink()
    vault_of.cache_clear()
    book = Book(node.state, kit.NODE, node.clock)
    offers = {offer.delivery.id: offer for offer in book.open.next_offers(10, node.now)}
    assert offers[plain.id].delivery.refusal is None
    for each in sealed:
        error, reason = offers[each.id].delivery.refusal
        assert error == "poison"
        assert "sealing-key" in reason
        assert offers[each.id].body == b""
    book.close()


def test_a_batch_of_redacted_events_is_sealed_as_a_whole(node, kit, accept):
    members = [accept(name, batch=PLAN) for name in "12"]
    book = Book(node.state, kit.NODE, node.clock)
    places = [book.open.get(each.id) for each in members]
    origins = [
        read_origin(node.history, place.event, place.line, each.id)
        for each, place in zip(members, places, strict=True)
    ]
    waiting = tuple(Member(node.now, number, each.id, 1) for number, each in enumerate(members))
    closed = Closed(members=waiting, opened=node.now, due=node.now, reason="window")
    closing = Closing(Group("webhook/a", "t", PLAN), closed)
    entries = batch_entries(closing, origins, load_plugins(allow=()).encoders, vault_of(node.history))
    position = node.intake.append_many(entries).result(10).positions[0]
    delivery, body = read_sendable(node.history, position, kit.NODE)
    assert body == b"[%b,%b]" % (RAW, RAW)
    assert delivery.hidden == ("ada@example.com",)
    assert json.loads(read_opened(node.history, position)[1]) == [{"Mail": "[redacted]"}] * 2
    book.close()


def test_half_of_a_batch_of_redacted_events_is_sealed_too(node, kit, accept):
    member = accept("1", batch=PLAN)
    book = Book(node.state, kit.NODE, node.clock)
    place = book.open.get(member.id)
    origin = read_origin(node.history, place.event, place.line, member.id)
    fields = dict.fromkeys(("entity_type", "entity_id", "event_id", "event_source", "event_type"), "a")
    fields |= {name: timestamp(node.now) for name in ("due", "opened")}
    whole = Batched(
        id="dlv_1", message="msg_1", members=(member.id, "dlv_2"), closed="window", revision="", **fields
    )
    encoders = load_plugins(allow=()).encoders
    entries = batch_entries(Half(whole, 0, PLAN), [origin], encoders, vault_of(node.history))
    position = node.intake.append_many(entries).result(10).positions[0]
    delivery, body = read_sendable(node.history, position, kit.NODE)
    assert (body, delivery.hidden, delivery.split) == (b"[%b]" % RAW, ("ada@example.com",), "alone")
    assert not said_openly(node)
    book.close()


def test_its_lines_are_as_the_schema_of_the_history_says(node, accept):
    accept("1")
    accept("2", body=b"Mail=ada%40example.com")
    validator = Draft202012Validator(load_schema("history"))
    for line in node.lines():
        assert list(validator.iter_errors(line)) == []
