from __future__ import annotations

import pytest

from hookwright.rules import known
from hookwright.rules.build import build
from hookwright.rules.errors import SourceError
from hookwright.rules.model import FailureLimit
from hookwright.rules.source import Source
from hookwright.schemas.schema import NOT_YET, load_schema

HOOK = {"id": "a", "event": "Lead_Post_Create", "url": "https://example.com/"}
ENCODERS = {"json": ("application/json",)}


def source(content, **changes) -> Source:
    fields = {"bundle": "crm", "preset": "leadsquared", "preset_version": 1, "encoders": ENCODERS}
    return Source(content=content, **{**fields, **changes})


def supported(name: str) -> set[str]:
    """The keys of a part of the language that are supported in this version."""
    properties = load_schema("config")["$defs"][name]["properties"]
    return {key for key, part in properties.items() if part.get(NOT_YET) is not True}


def test_every_key_the_schema_takes_is_read():
    schema = load_schema("config")
    roots = {key for key, part in schema["properties"].items() if part.get(NOT_YET) is not True}
    retry = schema["$defs"]["target"]["properties"]["retry"]["properties"]
    batch = schema["$defs"]["subscriber"]["properties"]["batch"]["properties"]
    assert supported("target") == known.TARGET
    assert supported("subscriber") == known.SUBSCRIBER
    shared = {*schema["$defs"]["target"]["properties"], *schema["$defs"]["subscriber"]["properties"]}
    assert supported("webhook") - shared == known.WEBHOOK - known.TARGET - known.SUBSCRIBER
    assert supported("rule") - shared == known.RULE - known.SUBSCRIBER
    assert supported("automation") - shared == known.OF_RUNS
    assert supported("step") == known.STEP
    step = schema["$defs"]["step"]["properties"]
    assert set(step["wait_for"]["properties"]) == known.WAIT_FOR
    assert set(step["choose"]["items"]["properties"]) == known.CHOICE
    assert set(step["for_each"]["properties"]) == known.FOR_EACH
    assert supported("event") == known.EVENT
    assert supported("action") == known.ACTION
    assert set(schema["$defs"]["defaults"]["properties"]) <= shared
    assert {key for key, part in retry.items() if part.get(NOT_YET) is not True} == known.RETRY
    assert {key for key, part in batch.items() if part.get(NOT_YET) is not True} == known.BATCH
    limit = schema["$defs"]["subscriber"]["properties"]["disable_after"]["properties"]
    assert {key for key, part in limit.items() if part.get(NOT_YET) is not True} == known.DISABLE_AFTER
    assert roots - {"version", "preset"} == known.ROOT


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"sources": []}, "sources"),
        ({"automations": [{"id": "a", "until": 1}]}, "automations/0/until"),
        ({"automations": [{"steps": [{"wait": "1h"}, {"sleep": 1}]}]}, "automations/0/steps/1/sleep"),
        ({"automations": [{"cron": {"in": 1}}]}, "automations/0/cron/in"),
        ({"automations": [{"on_failure": [{"emit": {"at": 1}}]}]}, "automations/0/on_failure/0/emit/at"),
        (
            {"automations": [{"steps": [{"then": [{"emit": {"at": 1}}]}]}]},
            "automations/0/steps/0/then/0/emit/at",
        ),
        ({"automations": [{"steps": [{"choose": [{"if": 1}]}]}]}, "automations/0/steps/0/choose/0/if"),
        (
            {"automations": [{"steps": [{"for_each": {"do": [{"x": 1}]}}]}]},
            "automations/0/steps/0/for_each/do/0/x",
        ),
        ({"automations": [{"steps": ["wait"]}]}, "the value of automations/0/steps/0"),
        ({"defaults": {"sealing": {}}}, "defaults/sealing"),
        ({"webhooks": [HOOK, {**HOOK, "sealing": {}}]}, "webhooks/1/sealing"),
        ({"webhooks": [{**HOOK, "retry": {"jitter": 1}}]}, "webhooks/0/retry/jitter"),
        ({"webhooks": [{**HOOK, "batch": {"split": True}}]}, "webhooks/0/batch/split"),
        ({"rules": [{"id": "b", "batch": {"split": True}}]}, "rules/0/batch/split"),
        ({"webhooks": [{**HOOK, "disable_after": {"rate": 0.5}}]}, "webhooks/0/disable_after/rate"),
        ({"rules": [{"id": "b", "unless": "x"}]}, "rules/0/unless"),
        ({"rules": [{"id": "b", "disable_after": {"rate": 9}}]}, "rules/0/disable_after/rate"),
        ({"rules": [{"id": "b", "actions": [{"mail": {}}]}]}, "rules/0/actions/0/mail"),
        (
            {"rules": [{"id": "b", "actions": [{"notify": {"to": [], "sound": 1}}]}]},
            "rules/0/actions/0/notify/sound",
        ),
        (
            {"rules": [{"id": "b", "actions": [{"post": {"tls": 1}}]}]},
            "the value of rules/0/actions/0/post/tls",
        ),
        ({"webhooks": [{**HOOK, "tls": {"pins": []}}]}, "webhooks/0/tls/pins"),
        ({"events": [{"type": "a", "encoding": "x"}]}, "events/0/encoding"),
        ({"webhooks": [{**HOOK, "type": "queue"}]}, "the value of webhooks/0/type"),
        ({"webhooks": [{**HOOK, "match": "Stage = 'Won'"}]}, "the value of webhooks/0/match"),
        ({"webhooks": [{**HOOK, "batch": "1m"}]}, "the value of webhooks/0/batch"),
        ({"webhooks": [{**HOOK, "if": {"all": []}}]}, "the value of webhooks/0/if"),
        ({"defaults": {"disable_after": "5d"}}, "the value of defaults/disable_after"),
        ({"defaults": "strict"}, "the value of defaults"),
        ({"webhooks": [HOOK, "other"]}, "the value of webhooks/1"),
        ({"rules": [{"id": "b", "actions": ["stop"]}]}, "the value of rules/0/actions/0"),
        ({"rules": [{"id": "b", "actions": [{"post": "https://e"}]}]}, "the value of rules/0/actions/0/post"),
        ({"notifiers": ["a"]}, "the value of notifiers/0"),
        ({"webhooks": [{**HOOK, "type": "fax"}]}, "the value of webhooks/0/type"),
        ({"webhooks": [{**HOOK, "type": "lapp", "lapp": ["score"]}]}, "the value of webhooks/0/lapp"),
        ({"webhooks": [{**HOOK, "lapp": {"name": "score", "memory": "1GiB"}}]}, "webhooks/0/lapp/memory"),
        ({"rules": [{"id": "b", "actions": [{"lapp": 5}]}]}, "the value of rules/0/actions/0/lapp"),
        ({"rules": [{"id": "b", "actions": [{"lapp": {"at": 5}}]}]}, "rules/0/actions/0/lapp/at"),
    ],
)
def test_what_a_newer_version_published_is_refused_not_half_obeyed(content, key):
    with pytest.raises(SourceError, match=f"this version cannot carry out {key}$"):
        build(source(content))


def unsupported(name: str) -> list[str]:
    return sorted({*load_schema("config")["$defs"][name]["properties"]} - supported(name))


@pytest.mark.parametrize("key", [*unsupported("target"), *unsupported("subscriber")])
def test_no_key_that_is_not_supported_yet_is_built(key):
    for content in ({"webhooks": [{**HOOK, key: False}]}, {"defaults": {key: False}}):
        with pytest.raises(SourceError, match=f"{key}$"):
            build(source(content))


def test_no_list_that_is_not_supported_yet_is_built():
    properties = load_schema("config")["properties"]
    lists = [key for key, part in properties.items() if part.get(NOT_YET) is True]
    assert lists
    for key in lists:
        with pytest.raises(SourceError, match=f"{key}$"):
            build(source({key: [{"id": "a"}]}))


def test_a_preset_this_version_does_not_have_is_refused():
    with pytest.raises(SourceError, match="this version has no preset unheard-of"):
        build(source({}, preset="unheard-of"))
    with pytest.raises(SourceError, match="has 1 in place of version 9 of the preset leadsquared"):
        build(source({}, preset_version=9))


def test_a_type_of_a_later_catalogue_stands_for_itself():
    """The accepting node and its workers may be of different versions for a while."""
    (webhook,) = build(source({"webhooks": [{**HOOK, "event": "Lead_Post_Teleport"}]})).subscribers
    assert webhook.events == ("Lead_Post_Teleport",)


def test_settings_of_a_family_hold_when_all_events_are_of_that_family(monkeypatch):
    from dataclasses import replace

    from hookwright.rules import build as module
    from hookwright.schemas.preset import load_preset

    preset = replace(load_preset("leadsquared"), families={"activity": {"delay": "1m", "timeout": "9s"}})
    monkeypatch.setattr(module, "load_preset", lambda name: preset)
    hooks = [
        {**HOOK, "id": "activity", "event": "*Activity_Post_*"},
        {**HOOK, "id": "mixed", "event": ["LeadActivity_Post_Create", "Lead_Post_Create"]},
        {**HOOK, "id": "own", "event": "LeadActivity_Post_Create", "delay": "1s"},
        {**HOOK, "id": "other"},
    ]
    found = {one.id: one for one in build(source({"webhooks": hooks})).subscribers}
    assert {name: one.delay for name, one in found.items()} == {
        "activity": 60_000,
        "mixed": 0,
        "own": 1_000,
        "other": 0,
    }
    assert found["activity"].actions[0].target.timeout == 9_000
    assert found["mixed"].actions[0].target.timeout == 15_000


@pytest.mark.parametrize(
    ("defaults", "written", "allowed"),
    [
        ({}, {}, 10),
        ({}, {"disable_after": {"failures": 3.0}}, 3),
        ({"disable_after": {"failures": 5}}, {}, 5),
        ({"disable_after": False}, {}, None),
        ({}, {"disable_after": False}, None),
        ({"disable_after": False}, {"disable_after": {"failures": 1}}, 1),
        ({"disable_after": False}, {"disable_after": {"status": [410]}}, None),
    ],
)
def test_the_nearest_level_says_how_many_failures_switch_a_subscriber_off(defaults, written, allowed):
    model = build(source({"defaults": defaults, "webhooks": [{**HOOK, **written}]}))
    assert [each.disable_after for each in model.subscribers] == [allowed]


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ({}, None),
        ({"failures": 3}, None),
        (False, None),
        ({"status": [418, 410.0]}, FailureLimit(statuses=(410, 418))),
        ({"for": "5d", "tries": 20.0}, FailureLimit(lasting=5 * 86_400_000, tries=20)),
        ({"for": "1h"}, FailureLimit(lasting=3_600_000, tries=1)),
    ],
)
def test_what_else_switches_a_subscriber_off_is_read_beside_it(written, limit):
    model = build(source({"webhooks": [{**HOOK, "disable_after": written}]}))
    assert [each.disable_when for each in model.subscribers] == [limit]
