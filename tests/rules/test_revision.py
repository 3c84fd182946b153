"""The revision is what a bundle means: how it is written does not change it, what it says does."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.load import load
from hookwright.rules.source import from_json

EVENTS = ["Lead_Post_Create", "Task_*", "Lead Update", "com.example.own"]
NAMES = st.sampled_from(["X-Team", "X-Region", "A1", "b2"])
WORDS = st.sampled_from(["growth", "eu", "a: b # c", "ß", "{}", "- x", "'", ""])
TIMES = st.sampled_from(["1s", "1m30s", "30m", "250ms"])

TARGETS = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://example.com/a?x=1", "http://127.0.0.1:8080/#f"])},
    optional={
        "timeout": TIMES,
        "headers": st.dictionaries(NAMES, WORDS, max_size=3),
        "query": st.dictionaries(WORDS.filter(bool), WORDS, max_size=2),
        "retry": st.sampled_from(
            [{"attempts": 2}, {"schedule": ["1s", "2s"]}, {"initial": "5s", "max": "1m"}]
        ),
        "success": st.sampled_from([[200, 204], "2xx", 201]),
        "entity_params": st.booleans(),
        "auth": st.just({"type": "bearer", "token": {"env": "T"}}),
    },
)
WHO = {
    "event": st.one_of(st.sampled_from(EVENTS), st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3)),
}
MAYBE = {
    "delay": TIMES,
    "labels": st.dictionaries(st.sampled_from(["team", "tier"]), WORDS, max_size=2),
    "match": st.sampled_from([{"Stage": ["Hot", {"prefix": "Q"}]}, {"N": [1, 2.5, None, True]}]),
    "source": st.sampled_from(["/crm", ["/crm/*", "/erp"]]),
    "enabled": st.booleans(),
    "if": st.sampled_from([True, False, "data.N > 1", "'a' in data.Tags"]),
}


@st.composite
def bundles(draw):
    identifiers = draw(st.lists(st.sampled_from([f"s{n}" for n in range(9)]), unique=True, max_size=5))
    subscribers = {"webhooks": [], "rules": []}
    for identifier in identifiers:
        who = draw(st.fixed_dictionaries(WHO, optional=MAYBE))
        if draw(st.booleans()):
            subscribers["webhooks"].append({"id": identifier, **who, **draw(TARGETS)})
        else:
            actions = [{"post": target} for target in draw(st.lists(TARGETS, min_size=1, max_size=2))]
            subscribers["rules"].append({"id": identifier, **who, "actions": actions})
    defaults = draw(st.sampled_from([{}, {"timeout": "3s"}, {"headers": {"x-team": "d"}, "delay": "1s"}]))
    own = {"type": "com.example.own", **draw(st.sampled_from([{}, {"schema": {"required": ["a", "b"]}}]))}
    return {"defaults": defaults, "events": [own], **subscribers}


def shuffled(value, draw):
    """The same value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@st.composite
def writings(draw, content):
    """Files that say `content`: split, in any order and style, with comments."""
    files = [{"version": 1} for _ in range(draw(st.integers(1, 3)))]
    if content["defaults"]:
        draw(st.sampled_from(files))["defaults"] = content["defaults"]
    for key in ("events", "webhooks", "rules"):
        for item in draw(st.permutations(content[key])):
            draw(st.sampled_from(files)).setdefault(key, []).append(item)
    return [styled(shuffled(file, draw), draw) for file in files]


def styled(value, draw):
    if draw(st.booleans()):
        return "# as JSON\n" + json.dumps(
            value, ensure_ascii=draw(st.booleans()), indent=draw(st.integers(0, 3))
        )
    flow = draw(st.sampled_from([True, False, None]))
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=40)
    return f"# as YAML\n{text}\n# end\n"


def loaded(texts):
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"{number}.yaml").write_text(text, encoding="utf-8")
        found = load(Path(folder))
    assert found.errors == (), "\n".join(map(str, found.problems))
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_how_a_bundle_is_written_changes_neither_its_revision_nor_its_model(data):
    content = data.draw(bundles())
    first = loaded(data.draw(writings(content)))
    second = loaded(data.draw(writings(content)))
    assert first.source.revision == second.source.revision
    assert first.model.subscribers == second.model.subscribers


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_worker_builds_the_very_same_model_from_the_published_source(data):
    found = loaded(data.draw(writings(data.draw(bundles()))))
    again = build(from_json(found.source.to_json()))
    assert again == found.model
    assert [each.place for each in again.subscribers] == [each.place for each in found.model.subscribers]
    assert compile_table(again).endpoints == compile_table(found.model).endpoints


BASE = {
    "version": 1,
    "bundle": "crm",
    "defaults": {"timeout": "3s"},
    "events": [{"type": "com.example.own", "schema": {"maximum": 7}}],
    "webhooks": [
        {"id": "a", "event": ["Lead_Post_Create"], "url": "https://example.com/", "match": {"N": [1]}}
    ],
    "rules": [
        {
            "id": "b",
            "event": "Task_Create",
            "actions": [
                {"post": {"url": "https://example.com/1"}},
                {"post": {"url": "https://example.com/2"}},
            ],
        }
    ],
}


def change_bundle(content):
    content["bundle"] = "erp"


def change_defaults(content):
    content["defaults"]["timeout"] = "4s"


def change_declared_events(content):
    content["events"].append({"type": "com.example.more"})


def change_schema(content):
    content["events"][0]["schema"]["maximum"] = 5


def change_id(content):
    content["webhooks"][0]["id"] = "c"


def change_pattern(content):
    content["webhooks"][0]["match"]["N"] = ["1"]


def add_condition(content):
    content["webhooks"][0]["if"] = "data.N > 1"


def disable_subscriber(content):
    content["webhooks"][0]["enabled"] = False


def change_order_of_actions(content):
    content["rules"][0]["actions"].reverse()


def remove_subscriber(content):
    content["rules"] = []


@pytest.mark.parametrize(
    "change",
    [
        change_bundle,
        change_defaults,
        change_declared_events,
        change_schema,
        change_id,
        change_pattern,
        add_condition,
        disable_subscriber,
        change_order_of_actions,
        remove_subscriber,
    ],
)
def test_a_change_of_meaning_is_another_revision(change):
    changed = copy.deepcopy(BASE)
    change(changed)
    before, after = loaded([json.dumps(BASE)]), loaded([json.dumps(changed)])
    assert before.source.revision != after.source.revision


def test_naming_the_default_preset_and_empty_sections_mean_nothing():
    plain = {key: value for key, value in BASE.items() if key != "bundle"}
    wordy = {**plain, "preset": "leadsquared"}
    assert loaded([json.dumps(plain)]).source.revision == loaded([json.dumps(wordy)]).source.revision
    empty = {"version": 1, "webhooks": [], "defaults": {}}
    assert loaded(['{"version": 1}']).source.revision == loaded([json.dumps(empty)]).source.revision
