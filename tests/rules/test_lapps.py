"""Lapps by name: those nobody publishes, those that need a configuration, and what a bundle makes of them."""

from __future__ import annotations

import pytest

from hookwright.rules.load import load
from hookwright.rules.model import RetryPolicy
from hookwright.rules.telling import LappCall

SCORE = {"type": "object", "properties": {"least": {"type": "integer"}}, "required": ["least"]}
LAPPS = {"lapp": {"acme-score": SCORE, "acme-tag": {}}}
WEBHOOK = "version: 1\nwebhooks:\n  - {id: a, event: Lead_Post_Create, type: lapp, lapp: %s}\n"
RULE = "version: 1\nrules:\n  - {id: a, event: Lead_Post_Create, actions: [{lapp: %s}]}\n"
NO_CONFIG = (
    '56: HW014 error: missing key "config": the Lapp "acme-score" needs least '
    "(it stands beside the name: `lapp: {name: acme-score, config: …}`)"
)


@pytest.fixture
def loaded(tmp_path):
    def load_text(text, fragments=LAPPS):
        path = tmp_path / "hooks.yaml"
        path.write_text(text)
        return load(path, fragments=fragments)

    return load_text


def told(loaded):
    return [str(problem).partition("hooks.yaml:")[2] for problem in loaded.problems]


@pytest.mark.parametrize(
    ("lapp", "problem"),
    [
        ("acme-scor", '56: HW180 error: unknown Lapp "acme-scor" (did you mean "acme-score"?)'),
        ("fax", '56: HW180 error: unknown Lapp "fax" (there are: acme-score, acme-tag)'),
        ("{name: fax}", '63: HW180 error: unknown Lapp "fax" (there are: acme-score, acme-tag)'),
        ("acme-score", NO_CONFIG),
        (
            "{name: acme-score, config: {least: x}}",
            '91: HW013 error: "least" must be a whole number, not the text "x"',
        ),
        ("{name: acme-tag, config: {a: 1}}", '82: HW012 error: unknown key "a" (known here: )'),
        ("{name: acme-tag, stage: prod}", '80: HW015 error: "stage" cannot be "prod" (one of: test, live)'),
    ],
)
def test_what_is_wrong_with_a_call_is_told(loaded, lapp, problem):
    assert told(loaded(WEBHOOK % lapp)) == [f"3:{problem}"]


def test_the_lapps_of_rules_are_looked_at_too(loaded):
    (problem,) = loaded(RULE % "fax").problems
    assert problem.code == "HW180"


def test_without_any_lapp_that_is_said(loaded):
    (problem,) = loaded(WEBHOOK % "fax", {}).problems
    assert problem.hint == "no plugin that is loaded here publishes one"


def test_while_no_plugins_are_known_any_name_is_taken(loaded):
    assert loaded(WEBHOOK % "fax", None).problems == ()


@pytest.mark.parametrize("lapp", ["acme-tag", "{name: acme-score, config: {least: 5}, stage: test}"])
def test_a_sound_call_has_no_problems(loaded, lapp):
    assert loaded(WEBHOOK % lapp).problems == loaded(RULE % lapp).problems == ()


def test_a_webhook_calls_a_lapp_with_its_tries_and_time(loaded):
    text = (WEBHOOK % "acme-tag").replace(
        "type: lapp", "type: lapp, timeout: 3s, retry: {attempts: 2, initial: 1s}"
    )
    (subscriber,) = loaded(
        f"{text}defaults: {{headers: {{A: b}}, content_type: text/plain}}\n"
    ).model.subscribers
    (action,) = subscriber.actions
    assert (action.path, action.lapp) == ("", LappCall("acme-tag"))
    assert (action.target.timeout, action.target.retry) == (3000, RetryPolicy((1000,)))
    assert (action.target.url, action.target.headers, action.target.encoder) == ("", (), "json")


def test_templates_in_a_configuration_are_read(loaded):
    assert loaded(WEBHOOK % '{name: acme-tag, config: {a: "{{ data. }}"}}').problems[0].code == "HW012"
    schema = {"lapp": {"acme-tag": {"additionalProperties": True}}}
    assert [
        each.code
        for each in loaded(WEBHOOK % '{name: acme-tag, config: {a: "{{ data. }}"}}', schema).problems
    ] == ["HW148"]
    assert loaded(WEBHOOK % '{name: acme-tag, config: {a: "{{ data.a }}"}}', schema).problems == ()


def test_a_batch_fills_in_no_configuration(loaded):
    schema = {"lapp": {"acme-tag": {"additionalProperties": True}}}
    text = (WEBHOOK % '{name: acme-tag, config: {a: "{{ data.a }}"}}').replace(
        "type: lapp", "type: lapp, batch: {window: 1m}"
    )
    (problem,) = loaded(text, schema).problems
    assert (problem.code, problem.place.column) == ("HW023", 102)
    assert loaded(text.replace("{{ data.a }}", "b"), schema).problems == ()


def test_two_lapps_are_not_the_same_call(loaded):
    both = (WEBHOOK % "acme-tag") + (WEBHOOK % "acme-tag").partition("webhooks:\n")[2].replace(
        "id: a", "id: b"
    )
    assert loaded(both).problems == ()
