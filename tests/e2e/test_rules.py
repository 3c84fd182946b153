"""A rule does several things, each by itself: calls, tells, and sends events of its own back to the door."""

from __future__ import annotations

import json

from hookwright.engine.history.row import Filter

BUNDLE = """
version: 1
rules:
  - id: won
    event: Opportunity_Post_Update
    if: data.After.Status == "Won" and data.Before.Status != "Won"
    actions:
      - notify: {{to: [log], message: "Won: {{{{ data.After.Name }}}}"}}
      - post: {{url: "{url}/{{{{ data.After.Nobody }}}}"}}
      - post: {{url: "{url}/won/{{{{ data.After.Name }}}}", body: {{name: "{{{{ data.After.Name }}}}"}}}}
      - emit: {{type: com.example.won, subject: deal, data: {{Name: "{{{{ data.After.Name }}}}"}}}}
      - emit: {{type: com.example.won, data: {{Name: 5}}}}
webhooks:
  - {{id: celebrate, event: com.example.won, url: "{url}/celebrate"}}
notifiers:
  - {{id: log, type: log}}
events:
  - type: com.example.won
    schema: {{type: object, properties: {{Name: {{type: string}}}}, required: [Name]}}
"""
EVENT = {
    "type": "Opportunity_Post_Update",
    "data": {"Before": {"Status": "Open"}, "After": {"Status": "Won", "Name": "Autumn & Co"}},
}


def test_each_action_goes_its_own_way(serve, receiver):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url))
    _, said = server.post(EVENT)
    rows = {row.action: row for row in (server.ended(each["id"]) for each in said["deliveries"])}
    assert {action: row.status for action, row in rows.items()} == {
        "actions/0/notify/log": "Success",
        "actions/1/post": "Failure",
        "actions/2/post": "Success",
        "actions/3/emit": "Success",
        "actions/4/emit": "Failure",
    }
    assert rows["actions/1/post"].error == "template"
    (won,) = [arrival for arrival in sink.arrivals.all if arrival.path.startswith("/won/")]
    assert won.target.startswith("/won/Autumn%20%26%20Co?")
    assert json.loads(won.body) == {"name": "Autumn & Co"}
    (party,) = server.until(lambda: server.reader().list(Filter(entity_id="celebrate", status="Success")))
    (arrival,) = sink.arrivals.of(party)
    assert json.loads(arrival.body) == {"Name": "Autumn & Co"}
    assert "Won: Autumn & Co" in server.log.read_text()
    for action in ("actions/0/notify/log", "actions/2/post"):
        code, said, _ = server.run("replay", rows[action].id)
        assert code == 0, said
    server.until(lambda: len([each for each in sink.arrivals.all if each.target == won.target]) == 2)
    server.until(lambda: server.log.read_text().count("Won: Autumn & Co") == 2)
