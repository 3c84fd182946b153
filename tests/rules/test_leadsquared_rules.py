"""What LeadSquared's rules can ask for can be asked for here: each condition, on samples of the catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.load import load
from hookwright.schemas.catalogue import load_catalogue

EXAMPLE = Path(__file__).resolve().parents[2] / "webhooks.example.yaml"
OTHERS = """version: 1
rules:
  - id: owner-to-anybody
    event: Lead_Owner_Change
    if: data.After.OwnerId != data.Before.OwnerId
    actions: [{post: {url: "https://a.example.com"}}]
  - id: phone-changed
    event: Lead_Post_Update
    if: data.After.Phone != data.Before.Phone
    actions: [{post: {url: "https://b.example.com"}}]
  - id: calls
    event: LeadActivity_Post_Create
    match: {ActivityEvent: ["21", "22"], Data: {Status: [Completed]}}
    actions: [{post: {url: "https://c.example.com"}}]
"""


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "others.yaml"
    path.write_text(OTHERS)
    models = [load(each).model for each in (EXAMPLE, path)]
    tables = [compile_table(model) for model in models if model is not None]
    assert len(tables) == 2

    def selected(event_type, **changes):
        """The rules that such an event goes to: the sample of the catalogue with these changes of it."""
        data = load_catalogue().by_type[event_type].sample
        for way, value in changes.items():
            *above, last = way.split("__")
            here = data
            for name in above:
                here = here[name]
            here[last] = value
        event = Event("e", "/crm", event_type, data, json.dumps(data).encode())
        found = [each for table in tables for each in table.select(event)]
        assert [each.fault for each in found] == [None] * len(found)
        return {each.subscriber.id for each in found if each.subscriber.entity_type == "rule"}

    return selected


def test_a_score_that_exceeds_a_number_is_told_once(selected):
    score = "Lead_Score_Change"
    assert "score-over-80" in selected(score, Before__Score="62", After__Score="81")
    assert "score-over-80" not in selected(score, Before__Score="62", After__Score="80")
    assert "score-over-80" not in selected(score, Before__Score="81", After__Score="90")


def test_an_owner_that_changes_to_anybody_and_to_one(selected):
    owner, other = "Lead_Owner_Change", {"After__OwnerId": "2", "Before__OwnerId": "1"}
    assert selected(owner, **other) == {"owner-to-anybody"}
    ada = {"After__OwnerIdEmailAddress": "ada@example.com"}
    assert selected(owner, **other, **ada) == {"owner-to-anybody", "lead-for-ada"}
    assert selected(owner, After__OwnerId="1", Before__OwnerId="1", **ada) == set()


def test_a_stage_that_changes_from_one_to_another(selected):
    stage = "Lead_Post_Stage_Change"
    assert selected(stage, Before__ProspectStage="Qualified", After__ProspectStage="Customer") == {
        "qualified-to-won"
    }
    assert selected(stage, Before__ProspectStage="New", After__ProspectStage="Customer") == set()


def test_a_field_that_changes(selected):
    update = "Lead_Post_Update"
    assert selected(update, Before__Phone="1", After__Phone="2") == {"phone-changed"}
    assert selected(update, Before__Phone=None, After__Phone="2") == {"phone-changed"}
    assert selected(update, Before__Phone="1", After__Phone="1") == set()


def test_a_type_of_activity_and_a_field_within_it(selected):
    activity = "LeadActivity_Post_Create"
    assert selected(activity, ActivityEvent="21") == {"calls"}
    assert selected(activity, ActivityEvent="203") == set()
    assert selected(activity, Data__Status="Open") == set()
