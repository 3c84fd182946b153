"""Placing: what decides when a delivery goes out is computed once, and says nothing that is redacted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hookwright.engine.intake.placing import Placing
from hookwright.plugins.loader import load_plugins
from hookwright.rules.event import Event
from hookwright.rules.load import load

BUNDLE = """
version: 1
webhooks:
  - {id: plain, event: Lead_Post_Create, url: "https://a.example/", order_by: data.Email, dedupe: {key: data.Email, window: 1h}}
  - {id: quiet, event: Lead_Post_Create, url: "https://a.example/", order_by: data.Email, dedupe: {key: data.Email, window: 1h}, redact: [data.Email]}
"""  # noqa: E501
EVENT = Event(
    id="e1", source="/s", type="Lead_Post_Create", data={"Email": "a@b.c"}, raw=b'{"Email": "a@b.c"}'
)


@pytest.fixture
def subscribers(tmp_path):
    path = tmp_path / "webhooks.yaml"
    path.write_text(BUNDLE)
    loaded = load(path)
    assert loaded.model is not None, loaded.problems
    return {one.id: one for one in loaded.model.subscribers}


def keys(placing, subscriber):
    _, delivery = placing.placed(EVENT, subscriber, subscriber.actions[0], 0)
    return {delivery.order.key, delivery.dedupe.key}


def test_a_key_of_what_is_redacted_cannot_be_found_by_trying_values(subscribers):
    encoders = load_plugins(allow=()).encoders
    one, other = (Placing("n", encoders, secret.__add__) for secret in ("first", "second"))
    quiet = subscribers["quiet"]
    assert keys(one, quiet) != keys(other, quiet)
    assert keys(one, quiet) != keys(one, replace(quiet, redact=()))
    assert len(keys(one, quiet)) == 1, "the same value, the same digest"


def test_other_keys_are_the_same_on_every_node(subscribers):
    encoders = load_plugins(allow=()).encoders
    one, other = (Placing("n", encoders, secret.__add__) for secret in ("first", "second"))
    assert keys(one, subscribers["plain"]) == keys(other, subscribers["plain"])
