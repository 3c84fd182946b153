"""Batches on a real server: grouped, sent whole, retried whole, and never lost with a process."""

from __future__ import annotations

import json

BUNDLE = """
version: 1
webhooks:
  - id: activities
    event: LeadActivity_Post_Create
    url: {url}{path}
    batch: {batch}
"""


def bundle(receiver, batch="{window: 1s}", path="/in"):
    return BUNDLE.format(url=receiver.url, path=path, batch=batch)


def emit(server, *numbers, **fields):
    """One event a number; the deliveries they led to."""
    found = []
    for number in numbers:
        event = {"type": "LeadActivity_Post_Create", "id": f"e{number}", "data": {"n": number, **fields}}
        status, said = server.post(event)
        assert status == 202
        (delivery,) = said["deliveries"]
        assert delivery["batched"] is True
        found.append(delivery["id"])
    return found


def ended(server, delivery):
    """Wait until a delivery, listed or not, is terminal; its row."""

    def row():
        with server.reader() as history:
            found = history.show(delivery)
        return found.row if found and found.row.status != "In Queue" else None

    return server.until(row)


def numbers(arrival):
    return [each["n"] for each in json.loads(arrival.body)]


def sent(receiver):
    return sorted(n for arrival in receiver.arrivals.all for n in numbers(arrival))


def test_the_events_of_a_window_arrive_as_one_list_and_the_history_tells_each(serve, receiver):
    there = receiver()
    server = serve(bundle(there))
    members = emit(server, 1, 2, 3)
    rows = [ended(server, each) for each in members]
    (arrival,) = there.arrivals.all
    assert numbers(arrival) == [1, 2, 3]
    assert "eventType=LeadActivity_Post_Create" in arrival.target
    (batch,) = server.history()
    assert (batch["kind"], batch["status"], batch["members"], batch["closed"]) == (
        "batch", "Success", 3, "window",
    )  # fmt: skip
    assert {(row.status, row.batch) for row in rows} == {("Success", batch["id"])}
    assert arrival.header("webhook-id") == batch["message"]
