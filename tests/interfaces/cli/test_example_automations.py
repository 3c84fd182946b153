"""The automations of `examples/`: each is played with its timeline, and ends as its comment says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples" / "automations"


@pytest.fixture
def told(inside):
    def told_(name: str) -> list[tuple[str, str, str]]:
        timeline, bundle = EXAMPLES / f"{name}.timeline.yaml", EXAMPLES
        done = inside("simulate", str(timeline), str(bundle), "-o", "json")
        assert done.code == 0, done.err
        happenings = json.loads(done.out)["happenings"]
        return [(one["kind"], one["subject"].removeprefix("automation/"), one["text"]) for one in happenings]

    return told_


def test_the_examples_have_no_warning(inside):
    done = inside("validate", str(EXAMPLES))
    assert (done.code, "0 warnings" in done.out + done.err) == (0, True)


def test_a_welcome_ends_with_the_answer_or_tells_that_none_came(told):
    happened = told("welcome")
    assert [text for kind, _, text in happened if kind == "run"][-2:] == ["Success: answered", "Success"]
    assert [text for _, subject, text in happened if subject == "notify/sales"] == ["1: told: Success"]


def test_an_escalation_waits_for_business_hours(told):
    happened = told("sla")
    assert [text for kind, _, text in happened if kind == "run"][-2:] == ["Success: done in time", "Success"]
    (held,) = [text for kind, _, text in happened if kind == "held"]
    assert "opens on Mon 2026-11-23 08:00" in held


def test_owners_are_asked_until_one_takes_the_lead_and_about_one_change_at_a_time(told):
    happened = told("reassign")
    assert [subject for _, subject, text in happened if text == "started"] == [
        "reassign/steps/0",
        "reassign/steps/offer@0",
        "reassign/steps/offer@1",
    ]
    (skipped,) = [text for kind, _, text in happened if kind == "run" and text.startswith("Skipped")]
    assert skipped.endswith("with this key is going on: mode single")
