"""What a bundle gets from its preset, value by value: the promises of the reference page."""

from __future__ import annotations

import pytest

from hookwright.rules.model import Breaker, FailureLimit, RetryPolicy

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


SIGNING = "signing: {type: standard-webhooks, secret: {env: KEY}}"
STANDARD = "preset: standard\n"
RULE = "rules: [{id: b, event: Lead_Post_Create, actions: [{post: {url: https://erp.example.com/%s}}]}]\n"


def test_under_standard_calls_are_signed_retried_for_a_day_and_given_up_at_410(model):
    (subscriber,) = model(STANDARD + HOOK % ("Lead_Post_Create", f", {SIGNING}")).subscribers
    target = subscriber.actions[0].target
    assert target.success == set(range(200, 300))
    minute, hour = 60_000, 3_600_000
    waits = (5000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour)
    assert target.retry == RetryPolicy(waits, retry_after=True)
    assert target.breaker == Breaker(failures=5, probe=minute, probe_max=hour)
    assert (target.timeout, target.entity_params) == (15_000, False)
    assert target.signing.type == "standard-webhooks"
    assert (subscriber.batch, subscriber.disable_after) == (None, None)
    assert subscriber.disable_when == FailureLimit(lasting=120 * hour, tries=20, statuses=(410,))


def test_under_standard_every_target_has_to_say_how_it_is_signed(bundle):
    problems = bundle(STANDARD + HOOK % ("Lead_Post_Create", "") + RULE % "").problems
    assert [(each.code, each.place.line, each.message) for each in problems] == [
        ("HW116", line, 'missing key "signing": the preset "standard" requires it') for line in (3, 4)
    ]
    assert {each.hint for each in problems} == {"write it here, or once for all in `defaults`"}


def test_signing_may_stand_in_defaults_or_with_each_target(model):
    texts = HOOK % ("Lead_Post_Create", "") + RULE % ""
    once = model(f"{STANDARD}defaults: {{{SIGNING}}}\n{texts}")
    each = model(STANDARD + HOOK % ("Lead_Post_Create", f", {SIGNING}") + RULE % f", {SIGNING}")
    assert once.subscribers == each.subscribers


def test_under_standard_64_headers_would_do(model, bundle):
    def written(first):
        headers = f"headers: {{X-0: {first}, " + ", ".join(f"X-{number}: a" for number in range(1, 64)) + "}"
        return STANDARD + HOOK % ("Lead_Post_Create", f", {SIGNING}, {headers}")

    assert model(written("a")).subscribers
    (problem,) = bundle(written("[a, b]")).problems
    assert (problem.code, problem.message) == (
        "HW111",
        "65 headers, defaults included; the preset allows 64",
    )
