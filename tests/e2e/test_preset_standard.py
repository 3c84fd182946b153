"""A bundle on the preset `standard`, end to end: signed, tried again as listed, given up at 410."""

from __future__ import annotations

import base64
import json
from datetime import datetime

import pytest
from standardwebhooks.webhooks import Webhook

KEY = "whsec_" + base64.b64encode(b"a secret of twenty-four bytes or more").decode()
BUNDLE = """
version: 1
preset: standard
defaults:
  signing: {{type: standard-webhooks, secret: {{env: KEY}}}}
  notify_on_failure: true
notifiers:
  - {{id: alerts, type: webhook, default: true, url: {{env: ALERTS}}}}
webhooks:
  - {{id: fine, event: Lead_Post_Create, url: "{url}/fine"}}
  - {{id: down, event: Lead_Post_Create, url: "{url}/down"}}
  - {{id: gone, event: Lead_Post_Create, url: "{url}/gone"}}
"""
DATA = b'{ "Name": "\xc3\xbc", "Score": 1.0 }'


def send(server):
    status, said = server.post(b'{"type": "Lead_Post_Create", "data": %s}' % DATA)
    assert status == 202, said
    return {each["entityId"]: each["id"] for each in said["deliveries"]}


@pytest.mark.fault(43)
def test_calls_are_signed_retried_as_listed_and_410_switches_off_and_is_told_once(serve, receiver, until):
    sink = receiver({"/fine": (202,), "/down": (500,), "/gone": (410,), "/alerts": (204,)})
    server = serve(BUNDLE.format(url=sink.url), environment={"KEY": KEY, "ALERTS": f"{sink.url}/alerts"})
    first = send(server)

    (arrival,) = sink.arrivals.of(server.ended(first["fine"]))
    assert (arrival.target, arrival.body) == ("/fine", DATA)
    Webhook(KEY).verify(arrival.body.decode(), dict(arrival.headers))

    (tried,) = until(lambda: server.reader().show(first["down"]).attempts)
    waits = datetime.fromisoformat(tried.next) - datetime.fromisoformat(tried.ended)
    assert (tried.outcome, tried.reason) == ("retry", "status 500")
    assert 5.0 <= waits.total_seconds() <= 5.5 + 0.01, "5s, and up to a tenth of it"

    alerts = until(lambda: [each for each in sink.arrivals.all if each.path == "/alerts"])
    row = until(lambda: (row := server.show(first["gone"]))["state"] == "held" and row)
    assert (row["code"], row["reason"]) == (410, "disabled: the receiver answered 410")
    second = send(server)
    server.ended(second["fine"])
    until(lambda: server.show(second["gone"])["state"] == "held")
    assert [each.path for each in sink.arrivals.all].count("/gone") == 1
    alerts = [each for each in sink.arrivals.all if each.path == "/alerts"]
    (notice,) = [json.loads(each.body) for each in alerts]
    assert (notice["kind"], notice["title"]) == (
        "disabled",
        "webhook gone was switched off: the receiver answered 410",
    )
