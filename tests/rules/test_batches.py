from __future__ import annotations

import pytest

from hookwright.rules.batches import batch
from hookwright.rules.expression import Expression
from hookwright.rules.merge import merge
from hookwright.rules.model import Batch

PRESET = Batch(60_000, 1000, 1 << 20)
HOOK = """
webhooks:
  - id: a
    event: {event}
    url: https://example.com/
    batch: {batch}
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"window": "1m"}, Batch(60_000, 1000, 1 << 20)),
        ({"window": "1h30m", "max_events": 2.0, "max_bytes": "4MiB"}, Batch(5_400_000, 2, 4 << 20)),
        ({"window": "1ms", "key": "data.Owner"}, Batch(1, key=Expression.parse("data.Owner"))),
        ({"window": "1m", "on_too_large": "split"}, Batch(60_000, split=True)),
        ({"window": "1m", "on_too_large": "fail"}, Batch(60_000)),
        (False, None),
        (None, None),
    ],
)
def test_settings_become_a_batch_or_none(written, read):
    assert batch({"batch": written}) == read


def test_without_the_setting_nothing_is_collected():
    assert batch({}) is None


def test_maps_merge_deep_and_false_switches_off():
    family = {"batch": {"window": "1m", "max_events": 1000}}
    assert batch(merge(family, {"batch": {"max_events": 5}})) == Batch(60_000, 5)
    assert batch(merge(family, {"batch": False})) is None
    assert batch(merge(family, {"batch": False}, {"batch": {"window": "2s"}})) == Batch(2_000)


def test_activities_are_collected_by_the_preset_and_nothing_else_is(model):
    found = model("""
webhooks:
  - {id: activity, event: "*Activity_Post_*", url: "https://example.com/"}
  - {id: mixed, event: [LeadActivity_Post_Create, Lead_Post_Create], url: "https://example.com/"}
  - {id: lead, event: Lead_Post_Create, url: "https://example.com/"}
rules:
  - {id: rule, event: LeadActivity_Post_Create, actions: [{post: {url: "https://example.com/"}}]}
""")
    assert {each.id: each.batch for each in found.subscribers} == {
        "activity": PRESET,
        "mixed": None,
        "lead": None,
        "rule": PRESET,
    }


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ("{max_events: 5}", "{max_bytes: 2KiB}", Batch(60_000, 5, 2048)),
        ("{window: 5s}", "{window: 6s}", Batch(6_000)),
        ("false", "{window: 6s}", Batch(6_000)),
        ("{window: 5s}", "false", None),
    ],
)
def test_defaults_stand_between_the_preset_and_the_subscriber(model, defaults, own, expected):
    text = f"defaults: {{batch: {defaults}}}" + HOOK.format(event="LeadActivity_Post_Create", batch=own)
    (found,) = model(text).subscribers
    assert found.batch == expected


def test_a_batch_is_part_of_the_revision(bundle):
    revisions = {
        bundle(HOOK.format(event="Task_Create", batch=written)).source.revision
        for written in ("false", "{window: 1m}", "{window: 2m}", "{window: 1m, key: data.a}")
    }
    assert len(revisions) == 4
