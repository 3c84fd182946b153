"""What is set together works together: signed batches of redacted events, an order that comes later."""

from __future__ import annotations

import base64
import json

import pytest
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes and more").decode()
BUNDLE = """
version: 1
bundle: together
defaults: {{retry: {{attempts: 4, initial: 300ms, multiplier: 1}}}}
webhooks:
  - id: lists
    event: Lead_Post_Create
    url: "{url}/lists"
    batch: {{window: 1s, on_too_large: split}}
    signing: {{type: standard-webhooks, secret: {{env: KEY}}}}
    redact: [data.Mail]
  - {{id: rows, event: Lead_Delete, url: "{url}/rows"{more}}}
"""


@pytest.fixture
def sink(receiver):
    return receiver(answers={"/lists": (413,), "/rows": (500, 500, 200)})


def emit(server, kind: str, number: int) -> str:
    """One event; the revision it was accepted under."""
    data = {"Mail": f"ada{number}@example.com", "n": number}
    status, said = server.post({"type": kind, "data": data})
    assert status == 202, said
    return said["revision"]


def rows(sink) -> list[int]:
    return [json.loads(each.body)["n"] for each in list(sink.arrivals.all) if each.path == "/rows"]


@pytest.mark.slow
@pytest.mark.fault(72)
def test_signed_lists_of_redacted_events_are_halved_and_an_order_may_come_later(serve, sink, until):
    server = serve(BUNDLE.format(url=sink.url, more=""), environment={"KEY": SECRET})
    for number in range(4):
        emit(server, "Lead_Post_Create", number)
    before = emit(server, "Lead_Delete", 0)
    until(lambda: rows(sink))  # it failed, and is in flight or waits while its webhook changes
    text = BUNDLE.format(url=sink.url, more=", order_by: data.kind | default('x')")
    (server.config / "webhooks.yaml").write_text(text)
    until(lambda: emit(server, "Task_Create", 0) != before)
    for number in (1, 2, 3):
        emit(server, "Lead_Delete", number)
    until(lambda: all(row["status"] == "Success" for row in server.history() if row["entityId"] == "rows"))
    ordered = [number for number in rows(sink) if number]
    assert ordered == sorted(ordered)
    assert {0, 1, 2, 3} == set(rows(sink))

    def lists():
        return [each for each in sink.arrivals.all if each.path == "/lists"]

    until(lambda: len(lists()) == 7)  # each is refused once: one of four, two of two, four alone
    for each in lists():
        Webhook(SECRET).verify(each.body.decode(), dict(each.headers))
    mails = [f"ada{number}@example.com" for number in range(4)]
    told = sorted(tuple(item["Mail"] for item in json.loads(each.body)) for each in lists())
    assert told == sorted([tuple(mails), tuple(mails[:2]), tuple(mails[2:]), *((each,) for each in mails)])
    until(lambda: server.run("audit", "--ended")[0] == 0)
    of_lists = [line for line in server.raw_journal() if b'"lists"' in line]
    assert mails[0].encode() not in b"".join(of_lists)
    assert SECRET.encode() not in b"".join(server.raw_journal()) + server.log.read_bytes()
