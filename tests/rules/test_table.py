from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.expression import Expression
from hookwright.rules.model import (
    Action,
    Batch,
    EntityType,
    FailureLimit,
    Model,
    NotifierSettings,
    Subscriber,
    Target,
    endpoint_name,
)
from hookwright.rules.table import RoutingTable
from hookwright.schemas.problem import Place

TYPES = frozenset({"Lead_Post_Create", "Lead_Post_Update", "Task_Create"})


def subscriber(identifier: str, *events: str, kind: EntityType = EntityType.WEBHOOK, **fields) -> Subscriber:
    paths = fields.pop("paths", ("",))
    target = fields.pop("target", Target("https://example.com/hook"))
    actions = tuple(Action(endpoint_name(kind, identifier, path), path, target) for path in paths)
    return Subscriber(kind, identifier, tuple(sorted(events)), actions, Place("hooks.yaml", 3, 5), **fields)


def table(*subscribers: Subscriber, allow_undeclared_events: bool = False) -> RoutingTable:
    model = Model("crm", "leadsquared", "sha256:00", subscribers, TYPES, allow_undeclared_events)
    return compile_table(model)


def event(event_type: str, data: object = None, source: str = "/tests") -> Event:
    return Event(id="1", source=source, type=event_type, data={} if data is None else data, raw=b"{}")


def ids(found: tuple[Subscriber, ...]) -> list[str]:
    return [each.id for each in found]


def test_an_event_goes_to_the_subscribers_of_its_type_only():
    routing = table(subscriber("a", "Lead_Post_Create"), subscriber("b", "Task_Create"))
    assert ids(routing.match(event("Lead_Post_Create"))) == ["a"]
    assert ids(routing.match(event("Task_Create"))) == ["b"]
    assert ids(routing.match(event("Lead_Post_Update"))) == []


def test_the_answer_is_ordered_by_id_whatever_the_order_of_the_files():
    many = [subscriber(name, "Task_Create", "Lead_Post_Create") for name in ("c", "a")]
    routing = table(*many, subscriber("b", "Task_Create", match={"X": ["1"]}))
    assert ids(routing.match(event("Task_Create", {"X": "1"}))) == ["a", "b", "c"]
    assert ids(routing.subscribers) == ["a", "b", "c"]


def test_a_pattern_decides_over_the_data():
    routing = table(subscriber("hot", "Lead_Post_Create", match={"ProspectStage": ["Hot"]}))
    assert ids(routing.match(event("Lead_Post_Create", {"ProspectStage": "Hot"}))) == ["hot"]
    assert ids(routing.match(event("Lead_Post_Create", {"ProspectStage": "Cold"}))) == []


def test_the_same_pattern_under_another_type_stays_apart():
    routing = table(
        subscriber("lead", "Lead_Post_Create", match={"X": ["1"]}),
        subscriber("task", "Task_Create", match={"X": ["1"]}),
        subscriber("both", "Task_Create", "Lead_Post_Create", match={"X": ["1"]}),
    )
    assert ids(routing.match(event("Task_Create", {"X": "1"}))) == ["both", "task"]


def test_a_source_is_matched_exactly_or_by_glob():
    routing = table(
        subscriber("exact", "Task_Create", sources=("/crm/eu",)),
        subscriber("glob", "Task_Create", sources=("/erp", "/crm/*")),
        subscriber("any", "Task_Create"),
    )
    assert ids(routing.match(event("Task_Create", source="/crm/eu"))) == ["any", "exact", "glob"]
    assert ids(routing.match(event("Task_Create", source="/crm/us"))) == ["any", "glob"]
    assert ids(routing.match(event("Task_Create", source="/crm/eu/2"))) == ["any", "glob"]
    assert ids(routing.match(event("Task_Create", source="/CRM/eu"))) == ["any"]


def test_subscribers_are_settled_where_nothing_but_the_type_decides():
    plain = subscriber("b", "Task_Create"), subscriber("a", "Task_Create")
    assert ids(table(*plain).settled("Task_Create") or ()) == ["a", "b"]
    assert table(*plain).settled("Lead_Post_Create") == ()
    for also in (
        {"match": {"X": ["1"]}},
        {"sources": ("/crm",)},
        {"condition": Expression.parse("data.a")},
        {"condition": False},
    ):
        routing = table(*plain, subscriber("c", "Task_Create", **also))
        assert routing.settled("Task_Create") is None
        assert routing.settled("Lead_Post_Create") == ()


def test_who_selects_by_a_glob_is_settled_too():
    routing = table(
        subscriber("glob", "Task_Create", globs=("Task_*",)),
        subscriber("all", globs=("*",), match={"X": ["1"]}),
        allow_undeclared_events=True,
    )
    assert routing.settled("Task_Rebuild") is None
    routing = table(subscriber("glob", "Task_Create", globs=("Task_*",)), allow_undeclared_events=True)
    assert ids(routing.settled("Task_Rebuild") or ()) == ["glob"]


def test_an_undeclared_type_reaches_globs_only_where_it_is_let_in():
    every = subscriber("every", *TYPES, globs=("*",))
    named = subscriber("named", "com.example.a", globs=("com.*",))
    closed = table(every)
    opened = table(every, named, allow_undeclared_events=True)
    assert not closed.knows("com.example.a")
    assert ids(closed.match(event("com.example.a"))) == []
    assert opened.knows("com.example.a")
    assert ids(opened.match(event("com.example.a"))) == ["every", "named"]
    assert ids(opened.match(event("org.example.a"))) == ["every"]
    assert ids(opened.match(event("Task_Create"))) == ["every"]


def test_with_and_without_a_pattern_types_and_globs_select_alike():
    pattern = {"X": ["1"]}
    routing = table(
        subscriber("plain", "Task_Create", globs=("com.*", "com.example.*")),
        subscriber("asks", "Task_Create", globs=("com.*",), match=pattern),
        subscriber("plain-other", "Lead_Post_Create"),
        subscriber("asks-other", "Lead_Post_Update", globs=("org.*",), match=pattern),
        allow_undeclared_events=True,
    )
    assert ids(routing.match(event("Task_Create", {"X": "1"}))) == ["asks", "plain"]
    assert ids(routing.match(event("com.example.a", {"X": "1"}))) == ["asks", "plain"]
    assert ids(routing.match(event("com.example.a", {"X": "2"}))) == ["plain"]
    assert ids(routing.match(event("org.example.a", {"X": "1"}))) == ["asks-other"]
    assert ids(routing.match(event("Lead_Post_Create", {"X": "1"}))) == ["plain-other"]


class Unreadable(dict):
    def __iter__(self):
        raise AssertionError("the data was read")


def test_data_is_read_only_where_a_pattern_asks_about_events_of_the_type():
    routing = table(
        subscriber("asks", "Task_Create", match={"X": ["1"], "Y": ["2"]}),
        subscriber("plain", "Lead_Post_Create"),
    )
    assert ids(routing.match(event("Lead_Post_Create", Unreadable(X="1")))) == ["plain"]
    with pytest.raises(AssertionError, match="was read"):
        routing.match(event("Task_Create", Unreadable(X="1")))


def test_every_action_is_an_endpoint_with_its_cap():
    slow = Target("https://example.com/slow", concurrency=1)
    rule = subscriber(
        "big", "Task_Create", kind=EntityType.RULE, paths=("actions/0/post", "actions/1/post"), target=slow
    )
    routing = table(rule, subscriber("plain", "Task_Create"))
    assert dict(routing.endpoints) == {
        "rule/big/actions/0/post": 1,
        "rule/big/actions/1/post": 1,
        "webhook/plain": 4,
    }
    assert routing.endpoint("rule/big/actions/1/post") == (rule, rule.actions[1])
    assert routing.endpoint("rule/big") is None
    assert routing.subscriber("big") is rule
    assert routing.subscriber("gone") is None


def test_a_table_cannot_be_changed():
    routing = table(subscriber("a", "Task_Create"))
    with pytest.raises(FrozenInstanceError):
        routing.revision = "sha256:11"
    with pytest.raises((FrozenInstanceError, TypeError)):
        routing.anything = 1
    with pytest.raises(TypeError):
        routing.endpoints["webhook/a"] = 9


def test_unknown_types_are_answered_with_the_nearest_known_ones():
    routing = table()
    assert not routing.knows("Lead_Post_Craete")
    assert routing.knows("Lead_Post_Create")
    assert routing.nearest("Lead_Post_Craete")[0] == "Lead_Post_Create"
    assert routing.nearest("lead_post_create")[0] == "Lead_Post_Create"
    assert routing.nearest("Lead_Create")[0] == "Lead_Post_Create"
    assert routing.nearest("zzzz") == ()


def test_five_thousand_webhooks_match_as_one_by_one():
    types = sorted(TYPES)
    many = [
        subscriber(f"w{n:04}", types[n % 3], match={"Owner": [f"user{n % 50}"]} if n % 2 else None)
        for n in range(5_000)
    ]
    routing = table(*many)
    expected = [one.id for n, one in enumerate(many) if n % 3 == 0 and (n % 2 == 0 or n % 50 == 9)]
    assert ids(routing.match(event(types[0], {"Owner": "user9"}))) == expected


def test_whoever_is_to_be_told_of_failures_is_told_of_a_switch_off_and_else_the_default_notifiers():
    found = (
        subscriber("named", disable_after=3, notify=("sales",), paths=("actions/0/post", "actions/1/post")),
        subscriber("plain", disable_after=10),
        subscriber("gone", disable_when=FailureLimit(statuses=(410,))),
        subscriber("never"),
    )
    notifiers = (
        NotifierSettings("admins", "log", default=True, config={}),
        NotifierSettings("sales", "log", default=False, config={}),
    )
    routing = compile_table(Model("crm", "leadsquared", "sha256:00", found, TYPES, notifiers=notifiers))
    assert routing.limits == {
        "webhook/named/actions/0/post": FailureLimit(3, ("sales",)),
        "webhook/named/actions/1/post": FailureLimit(3, ("sales",)),
        "webhook/plain": FailureLimit(10, ("admins",)),
        "webhook/gone": FailureLimit(None, ("admins",), statuses=(410,)),
    }


def test_subscribers_with_lists_of_types_of_their_own_are_told_apart():
    kinds = [f"Kind_{number}" for number in range(12)]
    many = [
        subscriber(
            f"s{first}-{second}", kinds[first], kinds[second], match={"X": [1, 2]} if second % 2 else None
        )
        for first in range(12)
        for second in range(first + 1, 12)
    ]
    routing = table(*many)
    for number, kind in enumerate(kinds):
        of_kind = [each for each in many if kind in each.events]
        assert len(of_kind) == 11
        assert ids(routing.match(event(kind, {"X": 2}))) == sorted(each.id for each in of_kind)
        free = sorted(each.id for each in of_kind if each.match is None)
        assert ids(routing.match(event(kind, {"X": number + 3}))) == free


def test_expressions_are_compiled_with_the_table_and_not_by_the_first_event():
    condition, key = Expression.parse("data.Score > 51"), Expression.parse("data.Owner ~ 51")
    one = subscriber("a", "Task_Create", condition=condition, batch=Batch(1000, key=key))
    assert condition._made == key._made == []
    table(one)
    assert len(condition._made) == len(key._made) == 1
