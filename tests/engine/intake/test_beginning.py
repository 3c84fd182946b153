"""Beginning: an event begins a run of each automation it selects, once, and the answer names it."""

from __future__ import annotations

import dataclasses

import msgspec

from hookwright.engine.delivery import SKIPPED
from hookwright.engine.identifiers import run_id
from hookwright.engine.intake.answer import Begun
from hookwright.engine.intake.journalling import plan_entries
from hookwright.engine.journal.acceptance import Accepted
from hookwright.engine.journal.sealing import Vault
from hookwright.rules.expression import Expression
from hookwright.rules.model import EntityType, Schedule
from hookwright.rules.steps import Automation

from .test_intake import Node, run, subscriber


def automation(identifier, **options):
    one = subscriber(identifier, kind=EntityType.AUTOMATION, paths=("steps/0",), **options)
    return dataclasses.replace(one, automation=Automation(()))


def test_an_event_begins_a_run_and_makes_no_delivery_of_it():
    node = Node(automation("welcome", delay=2000), subscriber("plain"))
    said = run(node.post({"type": "t", "id": "e1", "source": "/crm"}))
    node.offering.close()
    identifier = run_id("welcome", "/crm", "e1")
    assert said.runs == (Begun(identifier, "welcome"),)
    assert msgspec.to_builtins(list(said.runs)) == [
        {"id": identifier, "entityType": "automation", "entityId": "welcome", "status": "In Queue"}
    ]
    assert [each.entityId for each in said.deliveries] == ["plain"]
    (plan,) = node.journalled
    assert [(each.id, each.due, each.place, each.refusal) for each in plan.runs] == [
        (identifier, "2023-11-14T22:13:22.250Z", "a.yaml:3", None)
    ]
    assert len(node.offered) == 1


def test_an_answer_without_runs_does_not_speak_of_them():
    node = Node(subscriber("plain"))
    assert b'"runs"' not in msgspec.json.encode(run(node.post({"type": "t"})))


def test_what_cannot_be_told_and_what_comes_outside_its_hours_begins_with_its_end():
    asked = Expression.parse("data.Score > 50")
    never = Schedule("office", "UTC", weekdays=(0,), opens=0, closes=1)
    node = Node(automation("asked", condition=asked), automation("closed", skip_outside=never, delay=9))
    run(node.post({"type": "t", "data": {}}))
    asked_run, closed = node.journalled[0].runs
    assert asked_run.refusal is not None
    assert asked_run.refusal[0] == "expression"
    assert (closed.refusal, closed.due) == (
        (SKIPPED, "outside the schedule office"),
        "2023-11-14T22:13:20.250Z",
    )


def test_what_an_automation_redacts_is_sealed_for_all(tmp_path):
    one = dataclasses.replace(automation("quiet"), redact=(("Email",),))
    node = Node(one, subscriber("plain"))
    run(node.post({"type": "t", "data": {"Email": "ada@example.com"}}))
    (plan,) = node.journalled
    assert plan.redaction is not None
    (entry,) = plan_entries(plan, Vault(tmp_path / "key"))
    assert isinstance(entry.fields, bytes)
    assert b"ada@" not in entry.fields
    line = msgspec.json.decode(b"{%b}" % entry.fields, type=Accepted)
    assert [each.entity_id for each in line.runs] == ["quiet"]
