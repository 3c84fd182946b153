"""What a bundle gets from its preset, value by value: the promises of the reference page."""

from __future__ import annotations

import pytest

from hookwright.rules.model import RetryPolicy

HOOK = "webhooks: [{id: a, event: %s, url: https://erp.example.com/%s}]\n"


def test_a_bundle_that_names_no_preset_calls_as_leadsquared_does(model):
    unnamed, named = (
        model(HOOK % ("Lead_Post_Create", "")),
        model("preset: leadsquared\n" + HOOK % ("Lead_Post_Create", "")),
    )
    assert unnamed.preset == named.preset == "leadsquared"
    assert unnamed.subscribers == named.subscribers
    (subscriber,) = unnamed.subscribers
    (action,) = subscriber.actions
    target = action.target
    assert target.success == {200}
    assert target.retry == RetryPolicy((10_000, 30_000))
    assert target.timeout == 15_000
    assert target.entity_params is True
    assert (target.method, target.content_type, target.encoder) == ("POST", "application/json", "json")
    assert subscriber.batch is None
    assert subscriber.disable_after == 10


@pytest.mark.parametrize(
    "event", ["LeadActivity_Post_Create", "AccountActivity_Post_Update", "SalesActivity_Post_Cancel"]
)
def test_activities_are_batched_by_the_minute(model, event):
    (subscriber,) = model(HOOK % (event, "")).subscribers
    batch = subscriber.batch
    assert (batch.window, batch.max_events, batch.max_bytes) == (60_000, 1000, 1 << 20)
    assert model(HOOK % (event, ", batch: false")).subscribers[0].batch is None


def test_the_eleventh_header_is_refused(bundle):
    headers = "headers: {" + ", ".join(f"X-{number}: a" for number in range(11)) + "}"
    (problem,) = bundle(HOOK % ("Lead_Post_Create", f", {headers}")).problems
    assert (problem.code, problem.severity) == ("HW111", "error")


def test_the_preset_standard_is_refused_with_what_it_lacks(bundle):
    (problem,) = bundle("preset: standard\n" + HOOK % ("Lead_Post_Create", "")).problems
    assert (problem.code, problem.message) == ("HW022", '"preset": "standard" is not supported yet')
    assert problem.hint == "it needs signing, the breaker, Retry-After and 410"


def test_under_standard_64_headers_would_do(bundle):
    headers = "headers: {" + ", ".join(f"X-{number}: a" for number in range(64)) + "}"
    problems = bundle("preset: standard\n" + HOOK % ("Lead_Post_Create", f", {headers}")).problems
    assert [problem.code for problem in problems] == ["HW022"]
