"""`webhooks.example.yaml` does what it says, with its hosts replaced by a receiver on this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "webhooks.example.yaml"

LEAD = {"type": "Lead_Post_Create", "data": {"ProspectStage": "Hot: call back", "Score": "71"}}
COLD = {"type": "Lead_Post_Create", "data": {"ProspectStage": "Qualified", "Score": "50"}}
FAIR = {"type": "Lead_Post_Create", "data": {"ProspectStage": "New", "Source": "Trade Fair"}}
CALL = {"type": "LeadActivity_Post_Create", "data": {"RelatedProspectId": "7", "ActivityEvent": "22"}}
WON = {
    "type": "Opportunity_Post_Update",
    "data": {"Before": {"Status": "Open"}, "After": {"Status": "Won", "Amount": "12500.00"}},
}
SMALL = {**WON, "data": {"Before": {"Status": "Open"}, "After": {"Status": "Won", "Amount": "500"}}}
STILL_WON = {
    "type": "Opportunity_Post_Update",
    "data": {"Before": {"Status": "Won"}, "After": {"Status": "Won"}},
}


def test_the_example_routes_and_delivers_as_its_comments_say(serve, receiver, until):
    sink = receiver()
    text, replaced = re.subn(r"https://\w+\.example\.com", sink.url, EXAMPLE.read_text(encoding="utf-8"))
    assert replaced == 6
    text = text.replace("delay: 30s", "delay: 1s").replace("window: 5m", "window: 1s")
    server = serve(text, environment={"ERP_TOKEN": "example-token"})

    def routed(event):
        return [
            (each["entityType"], each["entityId"], each["id"]) for each in server.post(event)[1]["deliveries"]
        ]

    lead, cold, fair, won, still_won = map(routed, (LEAD, COLD, FAIR, WON, STILL_WON))
    assert [each[:2] for each in lead] == [("webhook", "hot-leads"), ("webhook", "leads-to-erp")]
    assert [each[:2] for each in cold] == [("webhook", "leads-to-erp")]
    assert [each[:2] for each in fair] == [("webhook", "fair-leads-to-legacy"), ("webhook", "leads-to-erp")]
    assert [each[:2] for each in won] == [("rule", "big-deal-won")] * 2
    assert still_won == routed(SMALL) == []
    calls = [routed(call) for call in (CALL, {**CALL, "data": {**CALL["data"], "ActivityEvent": "21"}})]
    assert [each[:2] for call in calls for each in call] == [("webhook", "calls-to-warehouse")] * 2
    rows = [server.ended(delivery) for _, _, delivery in (*lead, *cold, *fair, *won)]
    assert {row.status for row in rows} == {"Success"}
    erp = sink.arrivals.of(rows[1])[0]
    assert erp.target.startswith("/leads/add?team=7&entityType=webhook&entityId=leads-to-erp&eventType=")
    assert (erp.header("X-Team"), erp.header("Authorization")) == ("growth", "Bearer example-token")
    assert [value for name, value in erp.headers if name.lower() == "x-tag"] == ["lead", "new"]
    (form,) = [arrival for arrival in sink.arrivals.all if arrival.path == "/cgi-bin/lead"]
    assert (form.header("Content-Type"), form.body) == (
        "application/x-www-form-urlencoded",
        b"ProspectStage=New&Source=Trade+Fair",
    )

    def told():
        lists = [json.loads(arrival.body) for arrival in sink.arrivals.all if arrival.path == "/calls"]
        return [activity["ActivityEvent"] for activities in lists for activity in activities]

    until(lambda: len(told()) == 2)
    assert told() == ["22", "21"]
