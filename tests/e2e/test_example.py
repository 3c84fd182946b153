"""`webhooks.example.yaml` does what it says, with its hosts replaced by a receiver on this machine."""

from __future__ import annotations

import re
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "webhooks.example.yaml"

LEAD = {"type": "Lead_Post_Create", "data": {"ProspectStage": "Hot: call back", "Score": "71"}}
COLD = {"type": "Lead_Post_Create", "data": {"ProspectStage": "Qualified", "Score": "50"}}
WON = {
    "type": "Opportunity_Post_Update",
    "data": {"Before": {"Status": "Open"}, "After": {"Status": "Won"}},
}
STILL_WON = {
    "type": "Opportunity_Post_Update",
    "data": {"Before": {"Status": "Won"}, "After": {"Status": "Won"}},
}


def test_the_example_routes_and_delivers_as_its_comments_say(serve, receiver):
    sink = receiver()
    text, replaced = re.subn(r"https://\w+\.example\.com", sink.url, EXAMPLE.read_text(encoding="utf-8"))
    assert replaced == 4
    text = text.replace("delay: 30s", "delay: 1s")
    server = serve(text, environment={"ERP_TOKEN": "example-token"})

    def routed(event):
        return [
            (each["entityType"], each["entityId"], each["id"]) for each in server.post(event)[1]["deliveries"]
        ]

    lead, cold, won, still_won = map(routed, (LEAD, COLD, WON, STILL_WON))
    assert [each[:2] for each in lead] == [("webhook", "hot-leads"), ("webhook", "leads-to-erp")]
    assert [each[:2] for each in cold] == [("webhook", "leads-to-erp")]
    assert [each[:2] for each in won] == [("rule", "big-deal-won")] * 2
    assert still_won == []
    rows = [server.ended(delivery) for _, _, delivery in (*lead, *cold, *won)]
    assert {row.status for row in rows} == {"Success"}
    erp = sink.arrivals.of(rows[1])[0]
    assert erp.target.startswith("/leads/add?team=7&entityType=webhook&entityId=leads-to-erp&eventType=")
    assert (erp.header("X-Team"), erp.header("Authorization")) == ("growth", "Bearer example-token")
