"""Signed calls on a real receiver, verified by the libraries of those who wrote the forms."""

from __future__ import annotations

import base64
import json

import pytest
import stripe
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

NEW = "whsec_" + base64.b64encode(b"the new secret of 24 bytes and more").decode()
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXT = "a secret that is text"

BUNDLE = """
version: 1
bundle: signed
defaults:
  retry: {{attempts: 3, initial: 1100ms}}
  signing: {{type: standard-webhooks, secret: {{env: NEW}}, previous: [{{env: OLD}}]}}
webhooks:
  - {{id: retried, event: Lead_Post_Create, url: "{url}/retried"}}
  - {{id: batched, event: Lead_Post_Create, url: "{url}/batched", batch: {{window: 1s}}}}
  - id: stripe
    event: Lead_Post_Create
    url: {url}/stripe
    signing: {{type: timestamped, header: Stripe-Signature, secret: {{env: TEXT}}}}
  - id: held
    event: Lead_Post_Create
    url: {url}/held
    signing: {{type: github, secret: {{env: SHORT}}}}
"""
DATA = b'{ "Name" : "\xc3\xbc",  "Score": 1.0 }'


def test_what_arrives_verifies_on_every_attempt_and_nothing_else_does(serve, receiver, until):
    sink = receiver(answers={"/retried": (500, 200)})
    environment = {"NEW": NEW, "OLD": OLD, "TEXT": TEXT, "SHORT": "s3cr3t"}
    server = serve(BUNDLE.format(url=sink.url), environment=environment)
    status, said = server.post(b'{"type": "Lead_Post_Create", "data": %s}' % DATA)
    assert status == 202
    rows = {each["entityId"]: each["id"] for each in said["deliveries"]}
    ended = {name: server.ended(rows[name]) for name in ("retried", "stripe")}
    until(lambda: any(arrival.path == "/batched" for arrival in sink.arrivals.all))

    first, second = sink.arrivals.of(ended["retried"])
    assert int(second.header("webhook-timestamp")) > int(first.header("webhook-timestamp"))
    (batch,) = [arrival for arrival in sink.arrivals.all if arrival.path == "/batched"]
    assert json.loads(batch.body) == [json.loads(DATA)]
    for arrival in (first, second, batch):
        for secret in (NEW, OLD):
            Webhook(secret).verify(arrival.body.decode(), dict(arrival.headers))
        for body, secret in (
            (json.dumps(json.loads(arrival.body)), NEW),
            (arrival.body.decode(), "whsec_" + "A" * 32),
        ):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, dict(arrival.headers))

    (arrival,) = sink.arrivals.of(ended["stripe"])
    header = arrival.header("Stripe-Signature")
    stripe.WebhookSignature.verify_header(arrival.body.decode(), header, TEXT, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(arrival.body.decode() + " ", header, TEXT, 300)

    written = b"".join(server.raw_journal()) + server.log.read_bytes()
    for secret in (*environment.values(), header, first.header("webhook-signature")):
        assert secret.encode() not in written
    held = until(
        lambda: [row for row in server.reader().list(limit=9) if row.entity_id == "held" and row.reason]
    )
    assert held[0].status == "In Queue"
    assert held[0].reason == "secret {env: SHORT}: is shorter than 16 bytes, so it can be guessed"
