"""Intake: acknowledged means journalled; one event sent twice is one event; answers name subscribers."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hookwright.engine.delivery import BatchPlan
from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.intake.answer import Answer
from hookwright.engine.intake.door import PLAIN
from hookwright.engine.intake.event_id import EventIds
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.known import Known, KnownEvents
from hookwright.engine.intake.offering import Fresh, Offering
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.rejected import Rejected
from hookwright.engine.journal.room import Room
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.expression import Expression
from hookwright.rules.model import (
    Action,
    Batch,
    Dedupe,
    EntityType,
    Model,
    Schedule,
    Subscriber,
    Target,
    endpoint_name,
)
from hookwright.schemas.problem import Place


def subscriber(
    identifier,
    events=("t",),
    *,
    kind=EntityType.WEBHOOK,
    paths=("",),
    delay=0,
    match=None,
    batch=None,
    condition=True,
    order_by=None,
    dedupe=None,
    skip_outside=None,
    **target,
):
    actions = tuple(
        Action(
            endpoint_name(kind, identifier, path), path, Target(**{"url": "http://127.0.0.1:1/", **target})
        )
        for path in paths
    )
    place = Place("a.yaml", 3, 5)
    return Subscriber(
        kind,
        identifier,
        events,
        actions,
        place,
        delay=delay,
        match=match,
        condition=condition,
        batch=batch,
        order_by=order_by,
        dedupe=dedupe,
        skip_outside=skip_outside,
    )


def table(*subscribers, schemas=None):
    types = frozenset({"t", "Lead_Post_Create"})
    return compile_table(
        Model("b", "leadsquared", "sha256:r", subscribers, types, event_schemas=schemas or {})
    )


class Node:
    """An intake over lists: what was journalled, what was offered, what the index knows."""

    def __init__(self, *subscribers, limit=100):
        self.table = table(*subscribers)
        self.journalled = []
        self.offered = []
        self.index = {}
        self.index_fails = False
        self.now = 0.0
        self.journal_fails = False
        self.free = 10**9  # bytes
        self.ledger_fails = False
        self.seconds = itertools.count(1_700_000_000)
        self.offering = Offering(self._offer, limit=limit, clock=lambda: 0.0)
        self.intake = Intake(
            node="nod_x",
            table=lambda: self.table,
            placing=Placing("nod_x", load_plugins(allow=()).encoders),
            record=self._record,
            known=KnownEvents(self._find, lambda: self.now),
            offering=self.offering,
            clock=lambda: 1_700_000_000.25,
            monotonic=lambda: 0.0,
            room=Room(Path("/x"), free=lambda _: self.free),
        )

    def _find(self, source, name):
        if self.index_fails:
            raise HistoryUnavailable("damaged")
        return self.index.get((source, name))

    async def _record(self, planned):
        await asyncio.sleep(0)
        if self.journal_fails:
            raise JournalError("disk full")
        self.journalled.extend(planned)

    def _offer(self, fresh):
        if self.ledger_fails:
            raise LedgerUnavailable("refused")
        self.offered.extend(fresh)

    async def post(self, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.intake.accept(json.dumps(body).encode(), PLAIN, named)


def run(coroutine):
    return asyncio.run(coroutine)


def test_an_event_is_journalled_and_offered_and_its_subscribers_are_named():
    node = Node(
        subscriber("b"), subscriber("a", delay=2000), subscriber("other", events=("Lead_Post_Create",))
    )
    said = run(node.post({"type": "t", "data": {"a": 1}}))
    node.offering.close()
    assert [(each.entityType, each.entityId, each.status) for each in said.deliveries] == [
        ("webhook", "a", "In Queue"),
        ("webhook", "b", "In Queue"),
    ]
    (plan,) = node.journalled
    assert [(each.entity_id, each.due, each.place) for each in plan.deliveries] == [
        ("a", 1_700_000_002_250, "a.yaml:3"),
        ("b", 1_700_000_000_250, "a.yaml:3"),
    ]
    assert [(one.delivery.id, one.body) for one in node.offered] == [
        (each.id, b'{"a": 1}') for each in said.deliveries
    ]


def test_every_action_of_a_rule_is_a_delivery_of_its_own():
    node = Node(subscriber("r", kind=EntityType.RULE, paths=("actions/0/post", "actions/1/post")))
    said = run(node.post({"type": "t"}))
    assert len({each.id for each in said.deliveries}) == 2
    assert [each.action for each in node.journalled[0].deliveries] == ["actions/0/post", "actions/1/post"]


def test_a_condition_is_asked_after_the_pattern_and_who_cannot_be_told_gets_a_failure():
    asked = Expression.parse("data.Score | number > 50")
    node = Node(
        subscriber("asked", condition=asked),
        subscriber("batched", condition=asked, batch=Batch(60_000, 10, 2048)),
        subscriber("matched", match={"Stage": ["Won"]}, condition=asked),
        subscriber("never", condition=False),
        subscriber("rule", kind=EntityType.RULE, paths=("actions/0/post", "actions/1/post"), condition=asked),
        subscriber("unasked"),
    )

    def routed(data):
        node.journalled.clear()
        run(node.post({"type": "t", "data": data}))
        return {(each.entity_id, each.action): each for each in node.journalled[0].deliveries}

    everybody = {("asked", ""), ("batched", ""), ("rule", "actions/0/post"), ("rule", "actions/1/post")}
    high = routed({"Score": "51"})
    assert set(high) == everybody | {("unasked", "")}
    assert {each.refusal for each in high.values()} == {None}
    assert high["batched", ""].batch is not None
    assert set(routed({"Score": "50", "Stage": "Won"})) == {("unasked", "")}
    untold = routed({"Stage": "Open", "score": 1})
    unasked = untold.pop(("unasked", ""))
    assert unasked.refusal is None
    assert set(untold) == everybody
    reason = 'if: there is no field "Score" (did you mean "score"?)'
    assert {each.refusal for each in untold.values()} == {("expression", reason)}
    assert untold["batched", ""].batch is None


def test_a_test_asks_for_no_condition():
    one = subscriber("a", condition=Expression.parse("data.Score > 50"))
    node = Node(one)
    said = run(node.intake.test(one, one.actions, "t", b"{}"))
    assert [each.entityId for each in said.deliveries] == ["a"]
    assert node.journalled[0].deliveries[0].refusal is None


def test_what_is_to_be_batched_is_journalled_with_its_data_and_never_offered():
    keyed = Batch(60_000, 10, 2048, Expression.parse("data.team"))
    node = Node(subscriber("alone"), subscriber("batched", delay=2000, batch=keyed))
    said = run(node.post({"type": "t", "data": {"team": "a", "n": 1.0}}))
    node.offering.close()
    assert {each.entityId: each.batched for each in said.deliveries} == {"alone": False, "batched": True}
    assert {each.status for each in said.deliveries} == {"In Queue"}
    alone, batched = node.journalled[0].deliveries
    assert batched.batch == BatchPlan(
        window=60_000,
        max_events=10,
        max_bytes=2048,
        encoder="json",
        content_type="application/json",
        key='"a"',
    )
    assert (alone.batch, batched.due - alone.due) == (None, 2000)
    assert node.journalled[0].bodies[batched.body] == b'{"team": "a", "n": 1.0}'
    assert [one.delivery.id for one in node.offered] == [alone.id]


def test_a_batch_without_a_key_takes_all():
    node = Node(subscriber("a", batch=Batch(1000)))
    run(node.post({"type": "t"}))
    (delivery,) = node.journalled[0].deliveries
    assert (delivery.batch.key, delivery.batch.max_events, delivery.batch.max_bytes) == ("", 1000, 1 << 20)


@pytest.mark.parametrize(
    ("key", "data", "reason"),
    [
        ("data.team", {}, "batch.key: there is no field"),
        ("data.team", {"team": "x" * 2000}, "batch.key: a key has at most 1,024 characters"),
        ("data.team | number", {"team": "n/a"}, "batch.key:"),
    ],
)
def test_a_key_that_cannot_be_computed_is_a_refusal_on_record_and_never_silence(key, data, reason):
    node = Node(subscriber("a", batch=Batch(1000, key=Expression.parse(key))), subscriber("b"))
    said = run(node.post({"type": "t", "data": data}))
    node.offering.close()
    assert [(each.entityId, each.batched) for each in said.deliveries] == [("a", False), ("b", False)]
    refused, fine = node.journalled[0].deliveries
    assert refused.batch is None
    assert refused.refusal[0] == "expression"
    assert refused.refusal[1].startswith(reason)
    assert fine.refusal is None
    assert [one.delivery for one in node.offered] == [refused, fine], (
        "it is offered, to be recorded as Failure"
    )


def test_what_is_to_stay_in_order_gets_a_place_that_grows_within_a_moment_too():
    node = Node(subscriber("a", order_by=Expression.parse("data.id")), subscriber("b"))
    for data in ({"id": 7}, {"id": 7}, {"id": "7"}):
        run(node.post({"type": "t", "data": data}))
    orders = [plan.deliveries[0].order for plan in node.journalled]
    assert orders[0].key == orders[1].key != orders[2].key
    assert orders[0].turn < orders[1].turn < orders[2].turn
    assert [plan.deliveries[1].order for plan in node.journalled] == [None] * 3


def test_what_repeats_is_told_by_a_digest_of_its_key():
    seen = Dedupe(Expression.parse("data.id ~ event.type"), 60_000)
    node = Node(subscriber("a", dedupe=seen))
    for data in ({"id": "x"}, {"id": "x"}, {"id": "y"}):
        run(node.post({"type": "t", "data": data}))
    first, again, other = (plan.deliveries[0].dedupe for plan in node.journalled)
    assert first == again
    assert (first.window, len(first.key)) == (60_000, 26)
    assert other.key != first.key


@pytest.mark.parametrize("how", [{"order_by": "data.id"}, {"dedupe": "data.id"}])
def test_an_order_or_a_key_that_cannot_be_computed_is_a_refusal_on_record(how):
    ((what, written),) = how.items()
    key = Expression.parse(written)
    node = Node(subscriber("a", **{what: key if what == "order_by" else Dedupe(key, 1000)}))
    run(node.post({"type": "t", "data": {}}))
    (delivery,) = node.journalled[0].deliveries
    name = "order_by" if what == "order_by" else "dedupe.key"
    assert delivery.refusal == ("expression", f'{name}: there is no field "id"')


def test_an_event_nobody_wants_is_still_accepted_and_journalled():
    node = Node()
    said = run(node.post({"type": "t"}))
    assert said.deliveries == ()
    assert len(node.journalled) == 1


@pytest.mark.fault(52)
def test_a_hundred_parallel_requests_with_one_id_are_one_event():
    node = Node(subscriber("a"))

    async def story():
        return await asyncio.gather(*(node.post({"type": "t", "id": "7"}) for _ in range(100)))

    answers = run(story())
    assert [each.duplicate for each in answers].count(False) == 1
    assert len({each.deliveries for each in answers}) == 1
    assert len(node.journalled) == 1


@pytest.mark.fault(52)
def test_other_content_under_a_known_id_is_a_conflict_and_stores_nothing():
    node = Node(subscriber("a"))

    async def story():
        await node.post({"type": "t", "id": "7", "data": 1})
        with pytest.raises(Rejected) as caught:
            await node.post([{"type": "t", "id": "8"}, {"type": "t", "id": "7", "data": 2}])
        first_again = await node.post({"type": "t", "id": "8"})
        return caught.value, first_again

    rejected, first_again = run(story())
    assert (rejected.status, rejected.pointer) == (409, "/1/id")
    assert not first_again.duplicate
    assert [plan.event.id for plan in node.journalled] == ["7", "8"]


def test_a_conflict_of_a_single_event_points_at_its_id():
    node = Node(subscriber("a"))

    async def story():
        await node.post({"type": "t", "id": "7", "data": 1})
        await node.post({"type": "t", "id": "7", "data": 2})

    with pytest.raises(Rejected) as caught:
        run(story())
    assert (caught.value.status, caught.value.pointer) == (409, "/id")


def test_an_event_the_index_knows_gets_its_first_answer():
    node = Node(subscriber("a"))

    async def story():
        first = await node.post({"type": "t", "id": "7"})
        plan = node.journalled[0]
        fresh = Node(subscriber("a"))
        fresh.index["/hookwright/nod_x", "7"] = Known(plan.fingerprint, first)
        return first, await fresh.post({"type": "t", "id": "7"}), fresh.journalled

    first, again, journalled = run(story())
    assert again.duplicate
    assert again.deliveries == first.deliveries
    assert journalled == []


def test_an_index_that_fails_after_an_event_was_journalled_costs_neither_its_answer_nor_what_is_known():
    node = Node(subscriber("a"))
    record = node.intake._record

    async def record_and_lose_the_index(planned):
        await record(planned)
        node.index_fails = True

    async def story():
        await node.post({"type": "t", "id": "old"})
        node.now = 60.0
        node.intake._record = record_and_lose_the_index
        said = await node.post({"type": "t", "id": "new"})
        return said, await node.post({"type": "t", "id": "old"}), await node.post({"type": "t", "id": "new"})

    said, old, new = run(story())
    node.offering.close()
    assert (said.duplicate, old.duplicate, new.duplicate) == (False, True, True)
    assert [one.delivery.event_id for one in node.offered] == ["old", "new"]


def test_an_idempotency_key_makes_a_repeated_batch_the_same_events():
    node = Node(subscriber("a"))

    async def story():
        first = await node.post([{"type": "t"}, {"type": "t"}], idempotency_key="k-1")
        return first, await node.post([{"type": "t"}, {"type": "t"}], idempotency_key="k-1")

    first, again = run(story())
    assert [each.id for each in first.events] == [each.id for each in again.events]
    assert [each.duplicate for each in again.events] == [True, True]
    assert len(node.journalled) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\r\nb", "clé"])
def test_a_bad_idempotency_key_is_refused(key):
    with pytest.raises(Rejected) as caught:
        run(Node().post({"type": "t"}, idempotency_key=key))
    assert (caught.value.status, caught.value.header) == (400, "idempotency-key")


def test_an_undeclared_type_is_refused_with_the_nearest_names():
    with pytest.raises(Rejected) as caught:
        run(Node().post([{"type": "t"}, {"type": "Lead_Post_Creat"}]))
    assert caught.value.status == 422
    assert caught.value.pointer == "/1/type"
    assert "did you mean Lead_Post_Create?" in caught.value.detail


def test_of_a_batch_with_one_event_that_does_not_fit_nothing_is_taken_and_all_may_be_sent_again():
    node = Node(subscriber("a"))
    node.table = table(subscriber("a"), schemas={"t": {"required": ["n"]}})
    good = {"type": "t", "id": "1", "data": {"n": 1}}

    async def story():
        with pytest.raises(Rejected) as caught:
            await node.post([good, {"type": "t", "id": "2", "data": {}}])
        assert (caught.value.status, caught.value.pointer) == (422, "/1/data")
        assert node.journalled == []
        return await node.post([good, {"type": "t", "id": "2", "data": {"n": 2}}])

    assert [each.duplicate for each in run(story()).events] == [False, False]


def test_an_event_that_could_not_be_journalled_is_not_accepted_and_may_be_sent_again():
    node = Node(subscriber("a"))

    async def story():
        node.journal_fails = True
        with pytest.raises(Rejected) as caught:
            await node.post({"type": "t", "id": "7"})
        node.journal_fails = False
        return caught.value, await node.post({"type": "t", "id": "7"})

    rejected, said = run(story())
    assert (rejected.status, rejected.retry_after) == (503, 5)
    assert not said.duplicate


@pytest.mark.fault(18)
def test_nothing_is_accepted_when_the_disk_has_no_room_for_what_is_under_way():
    node = Node(subscriber("plain"))
    node.free = 1
    with pytest.raises(Rejected) as refused:
        run(node.post({"type": "Lead_Post_Create"}))
    assert (refused.value.status, refused.value.retry_after) == (503, 5)
    assert (node.journalled, node.offered) == ([], [])


def test_events_are_accepted_while_the_ledger_is_away_until_the_spool_is_full():
    node = Node(subscriber("a"), limit=3)
    node.ledger_fails = True

    async def story():
        accepted = 0
        while accepted < 10:
            try:
                await node.post({"type": "t"})
            except Rejected as rejected:
                return accepted, rejected
            accepted += 1
        return accepted, None

    accepted, rejected = run(story())
    assert accepted == 3
    assert (rejected.status, rejected.retry_after) == (503, 5)
    node.offering.close()
    assert node.offering.full
    node.offering.ledger_takes_offers()
    assert not node.offering.full


@pytest.mark.fault(11)
def test_events_are_refused_while_the_ledger_is_crowded_and_taken_again_after():
    node = Node(subscriber("a"))
    node.offering.crowded = True
    with pytest.raises(Rejected) as caught:
        run(node.post({"type": "t"}))
    assert (caught.value.status, caught.value.retry_after) == (503, 5)
    assert node.journalled == []
    node.offering.crowded = False
    assert not run(node.post({"type": "t"})).duplicate


def test_an_outage_of_the_ledger_is_logged_once(until):
    outage = True

    def offer(_fresh):
        if outage:
            raise LedgerUnavailable("refused")

    offering = Offering(offer, limit=100, clock=lambda: 0.0)
    with capture_logs() as logged:
        for spooled in (1, 2, 3):
            offering.put([Fresh(None, b"", 0.0)])
            until(lambda spooled=spooled: offering.spooled == spooled)
        outage = False
        offering.put([Fresh(None, b"", 0.0)])
        until(lambda: offering.spooled == 0)
        outage = True
        offering.put([Fresh(None, b"", 0.0)])
        offering.close()
    assert [(each["event"], each["spooled"]) for each in logged] == [("ledger_unavailable", 1)] * 2


def test_more_than_a_thousand_deliveries_are_counted_not_listed():
    node = Node(*(subscriber(f"s{number}") for number in range(1001)), limit=5000)
    said = run(node.post({"type": "t"}))
    assert (said.count, said.link) == (1001, f"/v1/deliveries?event={said.id}")
    assert isinstance(said, Answer)


def test_generated_ids_are_uuids_of_version_7_in_time_order():
    made = EventIds(iter([1.0, 2.0]).__next__, lambda size: b"\xff" * size)
    first, second = uuid.UUID(made()[4:]), uuid.UUID(made()[4:])
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first < second


def test_generated_ids_are_all_different():
    made = EventIds(lambda: 1.0)
    assert len({made() for _ in range(1000)}) == 1000


FORM = {"encoder": "form", "content_type": "application/x-www-form-urlencoded"}


def planned(node, data):
    """Who got which body and headers, or the refusal."""
    run(node.post({"type": "t", "data": data}))
    node.offering.close()
    (plan,) = node.journalled
    assert [one.body for one in node.offered] == [plan.bodies[each.body] for each in plan.deliveries]
    return {
        each.entity_id: each.refusal or (plan.bodies[each.body], each.headers) for each in plan.deliveries
    }


def test_each_subscriber_gets_its_own_encoding():
    text = {"encoder": "text", "content_type": "text/plain"}
    node = Node(subscriber("j"), subscriber("f", **FORM), subscriber("t", **text))
    assert planned(node, {"a": [1, "x y"]}) == {
        "j": (b'{"a": [1, "x y"]}', ()),
        "f": (b"a=1&a=x+y", (("Content-Type", "application/x-www-form-urlencoded"),)),
        "t": (b'{"a": [1, "x y"]}', (("Content-Type", "text/plain; charset=utf-8"),)),
    }


def test_an_encoder_that_fails_costs_its_own_subscriber_only():
    node = Node(subscriber("f", **FORM), subscriber("gone", encoder="gone"), subscriber("j"))
    assert planned(node, "text") == {
        "f": ("plugin:form", 'a form has fields with names; "text" has none'),
        "gone": ("plugin:gone", "no plugin of this name is loaded"),
        "j": (b'"text"', ()),
    }


def test_data_that_is_too_long_for_a_url_is_refused_when_it_is_accepted():
    node = Node(subscriber("g", method="GET", **FORM), subscriber("f", **FORM))
    found = planned(node, {"a": "x" * 8000})
    assert found["g"] == (
        "plugin:form",
        "the URL has 8,064 characters; without a body, at most 8,000 are sent",
    )
    assert found["f"][0] == b"a=" + b"x" * 8000


def test_a_form_that_grows_beyond_the_journal_is_refused_and_the_event_accepted():
    node = Node(subscriber("f", **FORM), subscriber("j"))
    found = planned(node, {"\u00e9" * 1000: {str(each): "" for each in range(300)}})
    assert found["f"][0] == "plugin:form"
    assert "too large to be kept" in found["f"][1]
    assert found["j"][1] == ()


def ping(node, identifier):
    found = node.table.subscriber(identifier)
    said = run(node.intake.test(found, found.actions, "t", b'{"a": 1.0}'))
    node.offering.close()
    return said


def test_a_test_goes_to_one_subscriber_alone_at_once_and_marked():
    node = Node(subscriber("a", delay=60_000, match={"never": ["x"]}), subscriber("b"))
    said = ping(node, "a")
    (plan,) = node.journalled
    (delivery,) = plan.deliveries
    assert (plan.event.source, plan.event.type) == ("/hookwright/nod_x/ping", "t")
    assert (delivery.entity_id, delivery.test, delivery.lane) == ("a", True, "webhook/a?test")
    assert delivery.due == 1_700_000_000_250
    (offered,) = node.offered
    assert offered.body == b'{"a": 1.0}'
    assert [each.id for each in said.deliveries] == [delivery.id]


def test_a_test_of_who_takes_batches_is_a_list_of_one_that_waits_for_nobody():
    node = Node(subscriber("a", batch=Batch(60_000, 10, 2048, None)))
    said = ping(node, "a")
    (offered,) = node.offered
    assert (offered.body, offered.delivery.batch, offered.delivery.test) == (b'[{"a": 1.0}]', None, True)
    assert said.deliveries[0].batched is False


def test_every_test_is_an_event_of_its_own():
    node = Node(subscriber("a"))
    assert ping(node, "a").id != ping(node, "a").id


def test_a_test_is_refused_when_it_cannot_be_journalled():
    node = Node(subscriber("a"))
    node.journal_fails = True
    with pytest.raises(Rejected) as refused:
        ping(node, "a")
    assert refused.value.status == 503
    assert node.offered == []


def test_what_comes_while_its_schedule_is_closed_is_marked_as_skipped_and_waits_for_nobody():
    closed = Schedule("nights", "UTC", opens=2 * 60, closes=4 * 60)  # the node's clock says 22:13
    batch = Batch(window=1000)
    node = Node(
        subscriber("a", skip_outside=closed, batch=batch, delay=5000),
        subscriber("b", skip_outside=replace(closed, opens=22 * 60), order_by=Expression.parse("data.id")),
    )
    asyncio.run(node.post({"type": "t", "id": "e1", "data": {"id": 1}}))
    skipped, sent = node.journalled[0].deliveries
    assert skipped.refusal == ("skipped", "outside the schedule nights")
    assert (skipped.batch, skipped.due, node.journalled[0].bodies[skipped.body]) == (
        None,
        1_700_000_000_250,
        b'[{"id": 1}]',
    )
    assert sent.refusal is None
    assert sent.order is not None
