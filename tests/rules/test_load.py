from __future__ import annotations

import os
from pathlib import Path

import pytest

from hookwright.rules.load import load
from hookwright.rules.model import Auth, EntityType, SecretReference
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.problem import Place

HOOK = "webhooks: [{id: a, event: Lead_Post_Create, url: 'https://example.com/'}]\n"


def test_the_smallest_webhook_has_every_default_of_the_preset(model):
    (webhook,) = model(HOOK).subscribers
    (action,) = webhook.actions
    assert webhook.entity_type is EntityType.WEBHOOK
    assert webhook.events == ("Lead_Post_Create",)
    assert (webhook.match, webhook.sources, webhook.delay) == (None, (), 0)
    assert (action.endpoint, action.path) == ("webhook/a", "")
    target = action.target
    assert (target.url, target.method) == ("https://example.com/", "POST")
    assert (target.encoder, target.content_type) == ("json", "application/json")
    assert target.timeout == 15_000
    assert target.success == frozenset({200})
    assert target.retry.waits == (10_000, 30_000)
    assert target.concurrency == 4
    assert target.entity_params is True
    assert (target.headers, target.query, target.auth) == ((), (), None)


def test_everything_a_webhook_says_arrives(model):
    (webhook,) = model("""\
webhooks:
  - id: leads-to-erp
    description: New leads
    event: [Lead_Post_Create, "Task_*"]
    source: [/crm/us, /crm/eu]
    match: {Stage: [Hot]}
    delay: 1m30s
    owner: growth
    labels: {team: growth}
    url: https://erp.example.com/leads/add?team=7#x
    query: {b: "2", a: {env: A}}
    content_type: application/json
    headers: {X-Team: growth, X-Key: {file: key}}
    auth: {type: bearer, token: {file: erp-token}}
    timeout: 3s
    success: [2xx, 304]
    retry: {schedule: [1s, 1m]}
    concurrency: 9
    entity_params: false
""").subscribers
    assert webhook.description == "New leads"
    assert webhook.events[0] == "Lead_Post_Create"
    assert "Task_Create" in webhook.events
    assert webhook.globs == ("Task_*",)
    assert webhook.sources == ("/crm/eu", "/crm/us")
    assert webhook.match == {"Stage": ["Hot"]}
    assert webhook.delay == 90_000
    assert (webhook.owner, dict(webhook.labels)) == ("growth", {"team": "growth"})
    assert webhook.place == Place("hooks/hooks.yaml", 3, 5)
    target = webhook.actions[0].target
    assert target.url == "https://erp.example.com/leads/add?team=7#x"
    assert target.query == (("a", SecretReference("env", "A")), ("b", "2"))
    assert target.headers == (("X-Key", SecretReference("file", "key")), ("X-Team", "growth"))
    assert target.auth == Auth("bearer", {"token": {"file": "erp-token"}})
    assert target.auth.config == {"token": {"file": "erp-token"}}
    assert target.timeout == 3_000
    assert target.success == frozenset(range(200, 300)) | {304}
    assert target.retry.waits == (1_000, 60_000)
    assert target.concurrency == 9
    assert target.entity_params is False


def test_a_rule_has_an_endpoint_for_each_of_its_actions(model):
    (rule,) = model("""\
defaults: {timeout: 5s, delay: 2s}
rules:
  - id: big-deal
    event: Opportunity Update
    match: {After: {Status: [Won]}}
    actions:
      - post: {url: "https://example.com/1"}
      - post: {url: "https://example.com/2", timeout: 1s}
""").subscribers
    assert rule.entity_type is EntityType.RULE
    assert rule.delay == 2_000
    assert [(each.endpoint, each.path, each.target.timeout) for each in rule.actions] == [
        ("rule/big-deal/actions/0/post", "actions/0/post", 5_000),
        ("rule/big-deal/actions/1/post", "actions/1/post", 1_000),
    ]


def test_defaults_stand_between_the_preset_and_the_subscriber(model):
    subscribers = model("""\
defaults:
  retry: {attempts: 4, initial: 1s}
  headers: {X-Team: growth, X-Region: eu}
  success: [200, 204]
webhooks:
  - {id: a, event: Task_Create, url: "https://example.com/"}
  - {id: b, event: Task_Create, url: "https://example.com/", retry: {initial: 2s, multiplier: 1},
     headers: {x-team: b}}
  - {id: c, event: Task_Create, url: "https://example.com/", retry: {schedule: [7s]}, success: 2xx}
""").subscribers
    first, second, third = (each.actions[0].target for each in subscribers)
    assert first.retry.waits == (1_000, 3_000, 9_000)
    assert first.headers == (("X-Region", "eu"), ("X-Team", "growth"))
    assert first.success == frozenset({200, 204})
    assert second.retry.waits == (2_000, 2_000, 2_000)
    assert second.headers == (("X-Region", "eu"), ("x-team", "b"))
    assert third.retry.waits == (7_000,)
    assert third.success == frozenset(range(200, 300))


def test_a_disabled_subscriber_is_not_in_the_model(model):
    found = model("""\
webhooks:
  - {id: a, event: Task_Create, url: "https://example.com/", enabled: false}
  - {id: b, event: Task_Create, url: "https://example.com/", enabled: true}
""")
    assert [each.id for each in found.subscribers] == ["b"]


def test_every_event_of_the_catalogue_has_a_name_and_a_label(model):
    catalogue = load_catalogue()
    assert len(catalogue.types) == 39
    hooks = "".join(
        f"  - {{id: t{n}, event: {entry.type}, url: 'https://example.com/'}}\n"
        f"  - {{id: l{n}, event: '{entry.label}', url: 'https://example.com/'}}\n"
        for n, entry in enumerate(catalogue.by_type.values())
    )
    found = {each.id: each.events for each in model(f"webhooks:\n{hooks}").subscribers}
    for number, entry in enumerate(catalogue.by_type.values()):
        assert found[f"t{number}"] == found[f"l{number}"] == (entry.type,)


def test_a_star_selects_every_event_declared_or_in_the_catalogue(model):
    found = model("""\
events: [{type: com.example.lead.cold}]
webhooks: [{id: a, event: "*", url: "https://example.com/"}]
""")
    assert len(found.event_types) == 40
    assert set(found.subscribers[0].events) == found.event_types


def test_globs_care_about_case_and_know_no_character_classes(bundle):
    loaded = bundle("""\
events: [{type: "a[b]c"}, {type: abc}]
webhooks:
  - {id: brackets, event: "a[b]*", url: "https://example.com/"}
  - {id: lower, event: "lead_*", url: "https://example.com/"}
""")
    assert [each.events for each in loaded.model.subscribers] == [("a[b]c",), ()]
    assert [each.code for each in loaded.problems] == ["HW105"]


def test_undeclared_events_may_be_let_in(bundle):
    text = """\
webhooks:
  - {id: a, event: [com.example.new, "org.*"], url: "https://example.com/"}
  - {id: b, event: Lead_Post_Craete, url: "https://example.com/"}
"""
    assert [each.code for each in bundle(text).errors] == ["HW102", "HW102"]
    loaded = bundle(text, allow_undeclared_events=True)
    assert loaded.model.subscribers[0].events == ("com.example.new",)
    assert loaded.model.subscribers[0].globs == ("org.*",)
    assert [(each.severity, each.hint) for each in loaded.problems] == [
        ("warning", 'did you mean "Lead_Post_Create"?')
    ]


def test_an_encoder_is_found_by_its_content_type(bundle):
    two = {"json": ["application/json"], "strict": ["application/json"]}
    (problem,) = bundle(HOOK, encoders=two).problems
    assert (problem.code, problem.message) == ("HW108", 'more than one encoder makes "application/json"')
    assert problem.hint == "choose one with `encoder:`; there are: json, strict"
    (problem,) = bundle(HOOK, encoders={}).problems
    assert problem.message == 'no encoder makes "application/json"'
    named = HOOK.replace("}]", ", encoder: strict}]")
    assert bundle(named, encoders=two).model.subscribers[0].actions[0].target.encoder == "strict"


@pytest.mark.parametrize(
    ("folder", "name"),
    [("CRM hooks (EU)", "crm-hooks-eu"), ("--", "default"), ("x" * 80, "x" * 63), ("Größe", "gr-e")],
)
def test_a_bundle_is_named_by_its_folder_unless_it_says_otherwise(tmp_path, folder, name):
    (tmp_path / folder).mkdir()
    file = tmp_path / folder / "a.yaml"
    file.write_text("version: 1\n" + HOOK)
    assert load(tmp_path / folder).model.bundle == name
    assert load(file).model.bundle == "default"
    file.write_text("version: 1\nbundle: crm\n" + HOOK)
    assert load(tmp_path / folder).model.bundle == load(file).model.bundle == "crm"


def test_nothing_is_loaded_from_a_folder_that_is_not_there(tmp_path):
    loaded = load(tmp_path / "gone")
    assert loaded.model is None
    assert [each.code for each in loaded.problems] == ["HW110"]


def test_files_that_cannot_be_read_are_never_taken_for_absent(bundle, tmp_path):
    bundle(HOOK)
    os.mkfifo(tmp_path / "hooks" / "pipe.yaml")
    (tmp_path / "hooks" / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    loaded = load(Path("hooks"))
    assert loaded.model is None
    assert [(each.code, each.place.file) for each in loaded.problems] == [
        ("HW002", "hooks/binary.yaml"),
        ("HW110", "hooks/pipe.yaml"),
    ]


def test_one_mistake_behind_an_alias_is_told_once(bundle):
    loaded = bundle("""\
webhooks:
  - {id: a, event: &event Lead_Post_Craete, url: "https://example.com/"}
  - {id: b, event: *event, url: "https://example.com/"}
""")
    assert [(each.code, each.place.line) for each in loaded.problems] == [("HW102", 3)]


def test_wrong_types_everywhere_are_told_by_the_schema_and_stop_nothing_else(bundle):
    loaded = bundle("""\
bundle: [crm]
preset: {name: leadsquared}
defaults: [1]
webhooks:
  - 5
  - {id: 7, event: {a: b}, url: [x], headers: [y], match: z, retry: 3, auth: none, delay: [1]}
  - id: leads
    event: [Lead_Post_Craete, 5, null]
    url: https://erp.example.com/leads
    headers: {X-Team: 5}
    retry: {schedule: 1s}
rules: {id: a}
events: [text, {type: 5}]
""")
    lines = {each.place.line for each in loaded.problems}
    assert loaded.model is None
    assert lines == {2, 3, 4, 6, 7, 9, 11, 12, 13, 14}
    assert [each.message for each in loaded.problems if each.code == "HW102"] == [
        'unknown event "Lead_Post_Craete"'
    ]


@pytest.mark.parametrize("preset", ["../catalogues/leadsquared", "unheard-of", "Standard", "''", "5"])
def test_a_preset_that_is_not_there_hides_nothing_else(bundle, preset):
    loaded = bundle(f"preset: {preset}\n" + HOOK.replace("Create", "Craete"))
    assert [each.place.line for each in loaded.problems] == [2, 3]
    assert loaded.problems[1].code == "HW102"


def test_a_content_type_chooses_the_encoder_that_claims_it(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("version: 1\n" + HOOK.replace("}", ", content_type: text/csv; header=present}"))
    loaded = load(path, encoders={"json": ("application/json",), "csv": ("text/csv",)})
    (action,) = loaded.model.subscribers[0].actions
    assert (action.target.encoder, action.target.content_type) == ("csv", "text/csv; header=present")
    assert [problem.code for problem in load(path).problems] == ["HW108"]


def test_a_link_to_nowhere_makes_no_events_unknown(tmp_path):
    (tmp_path / "a.yaml").write_text("version: 1\n" + HOOK.replace("Lead_Post_Create", "shop.order"))
    (tmp_path / "events.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert [problem.code for problem in load(tmp_path).problems] == ["HW110"]
