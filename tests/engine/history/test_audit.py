"""The audit of a journal: what it adds up, and everything it must find."""

from __future__ import annotations

import pytest

from hookwright.engine.delivery import Status
from hookwright.engine.history.audit import Request, audit, read_account
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer

BODY = b'{"a":1}'


@pytest.fixture
def book(node):
    writer = Writer(node.history, "book", clock=node.clock)
    yield writer
    writer.close()


@pytest.fixture
def settle(kit, book):
    def write(delivery, attempt=1, outcome="success", **fields):
        book.append_many(entries(kit.result(delivery, attempt, outcome, **fields), attempt - 1)).result(10)

    return write


def judged(node, **options):
    return audit(read_account(node.history), **options)


def kinds(found):
    return {finding.kind: finding.named for finding in found.findings}


def test_deliveries_are_counted_by_how_they_stand(node, settle):
    one, two = node.accept("e1", "one", "two")
    (three,) = node.accept("e2", "three")
    settle(one, 1, "retry")
    settle(one, 2)
    settle(two, 1, "failure")
    found = judged(node)
    assert (found.events, found.deliveries, found.attempts) == (2, 3, 3)
    assert found.statuses == {Status.SUCCESS: 1, Status.FAILURE: 1, Status.IN_QUEUE: 1}
    assert (found.requests, found.findings) == (None, ())
    assert three.id


def test_requests_as_recorded_leave_nothing_to_find(node, settle):
    (one,) = node.accept("e1")
    settle(one, 1, "retry")
    settle(one, 2)
    found = judged(node, requests=[Request(one.message, BODY)] * 2, acknowledged=["e1"])
    assert (found.requests, found.repeated, found.findings) == (2, 0, ())


def test_requests_beyond_the_attempts_are_repeated(node, settle):
    (one,) = node.accept("e1")
    settle(one)
    found = judged(node, requests=[Request(one.message, BODY)] * 3)
    assert (found.repeated, found.findings) == (2, ())


def test_an_event_that_was_acknowledged_and_is_not_there_is_lost(node):
    node.accept("e1")
    assert kinds(judged(node, acknowledged=["e1", "e2"])) == {"lost events": ("e2",)}


def test_a_success_that_never_arrived_is_lost(node, settle):
    one, two = node.accept("e1", "one", "two")
    settle(one)
    settle(two, 1, "cancelled", request=None)
    assert kinds(judged(node, requests=[])) == {"lost requests": (one.id,)}


def test_a_second_end_is_found(node, settle):
    (one,) = node.accept("e1")
    settle(one)
    settle(one, 2)
    assert kinds(judged(node)) == {"ended twice": (one.id,)}


def test_a_request_nobody_planned_is_unexplained(node):
    found = judged(node, requests=[Request("msg_forged", BODY), Request(None, BODY)])
    assert kinds(found) == {"unexplained requests": ("msg_forged", "(no webhook-id)")}


def test_a_message_with_two_contents_is_found(node, settle):
    (one,) = node.accept("e1")
    settle(one, 1, "retry")
    settle(one, 2)
    found = judged(node, requests=[Request(one.message, BODY), Request(one.message, b"{}")])
    assert kinds(found) == {"altered bodies": (one.message,)}


def test_an_end_of_a_delivery_nobody_accepted_is_found(node, kit, settle):
    (one,) = kit.deliveries_for(_event(), ["plain"], 0, BODY)
    settle(one)
    assert kinds(judged(node)) == {"unknown deliveries": (one.id,)}


def test_a_damaged_line_is_told_with_its_place(node):
    node.accept("e1")
    node.accept("e2")
    (path,) = node.history.glob("*/intake-*.jsonl")
    raw = bytearray(path.read_bytes())
    raw[20] ^= 1
    path.write_bytes(raw)
    ((kind, named),) = kinds(judged(node)).items()
    assert kind == "damaged lines"
    assert f"{path.parent.name}/{path.name}, byte 0" in named[0]


def _event():
    from hookwright.rules.event import Event

    return Event(id="e9", source="/src", type="T", data=None, raw=BODY)
