"""Schedules on a real server: what comes while one is closed is held or skipped, the rest goes out."""

from __future__ import annotations

import time

BUNDLE = """
version: 1
schedules:
  - {{id: now, timezone: UTC, between: ["{before}", "{after}"]}}
  - {{id: later, timezone: UTC, between: ["{opens}", "{closes}"]}}
webhooks:
  - {{id: sent, event: Lead_Post_Create, url: "{url}/sent", hold_outside: now}}
  - {{id: kept, event: Lead_Post_Create, url: "{url}/kept", skip_outside: now}}
  - {{id: held, event: Lead_Post_Create, url: "{url}/held", hold_outside: later}}
  - {{id: skipped, event: Lead_Post_Create, url: "{url}/skipped", skip_outside: later, batch: {{window: 1s}}}}
"""


def hour(distance):
    return f"{(time.gmtime().tm_hour + distance) % 24:02}:00"


def test_what_comes_outside_of_a_schedule_is_held_or_skipped(serve, receiver, until):
    sink = receiver()
    server = serve(
        BUNDLE.format(url=sink.url, before=hour(-6), after=hour(6), opens=hour(11), closes=hour(13))
    )
    status, said = server.post({"type": "Lead_Post_Create", "id": "e1", "data": {"n": 1}})
    assert status == 202
    ids = {each["entityId"]: each["id"] for each in said["deliveries"]}

    def shown(name):
        with server.reader() as history:
            found = history.show(ids[name])
        return found and (found.row.status, found.row.reason or "")

    until(
        lambda: (
            {name: (shown(name) or [""])[0] for name in ("sent", "kept", "skipped")}
            == {"sent": "Success", "kept": "Success", "skipped": "Skipped"}
        )
    )
    assert shown("skipped")[1] == "outside the schedule later"
    reason = until(lambda: shown("held")[1])
    assert shown("held")[0] == "In Queue"
    assert reason.startswith("outside the schedule later, which opens on ")
    assert f" {hour(11)} " in reason
    assert sorted(each.path for each in sink.arrivals.all) == ["/kept", "/sent"]
