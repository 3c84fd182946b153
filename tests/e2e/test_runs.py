"""Runs of automations on a whole server: begun, waited for, shown step by step, cancelled."""

from __future__ import annotations

import json

BUNDLE = """
version: 1
automations:
  - id: quick
    event: Lead_Post_Create
    steps:
      - wait: 100ms
      - {{id: hello, post: {{url: "{url}/hello", body: {{name: "{{{{ data.FirstName }}}}"}}}}}}
      - {{if: steps.hello.response.status == 200, then: [{{stop: said hello}}]}}
  - id: broken
    event: Lead_Post_Update
    steps:
      - set: {{x: "{{{{ data.Nothing }}}}"}}
  - id: slow
    event: Task_Create
    steps: [{{wait: 3d}}]
"""


def test_an_event_is_waited_for_until_its_run_has_ended(serve, receiver):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url))
    code, said, _ = server.run("emit", "-t", "Lead_Post_Create", "--fail", "--timeout", "15")
    assert (code, "0 deliveries, 1 run" in said, "automation/quick  Success" in said) == (0, True, True), said
    code, said, _ = server.run("emit", "-t", "Lead_Post_Update", "-d", '{"ProspectID": "7"}', "--fail")
    assert (code, "automation/broken  Failure" in said) == (1, True), said
    (hello,) = [json.loads(arrival.body) for arrival in sink.arrivals.all]
    assert set(hello) == {"name"}

    _, said, _ = server.run("runs", "list", "-o", "json")
    broken, quick = json.loads(said)["runs"]
    assert (quick["status"], quick["reason"]) == ("Success", "said hello")
    assert (broken["status"], "Nothing" in broken["reason"]) == ("Failure", True)
    _, said, _ = server.run("runs", "show", quick["id"])
    assert [line.split()[1] for line in said.splitlines() if line.startswith("20")] == [
        "steps/0",
        "steps/hello",
        "steps/2",
        "steps/2/then/0",
    ]

    _, said, _ = server.run("emit", "-t", "Task_Create", "-o", "json")
    (slow,) = json.loads(said)["runs"]
    assert server.run("runs", "cancel", slow["id"], "--why", "moved")[0] == 0
    row = server.until(
        lambda: next(
            (
                each
                for each in json.loads(server.run("runs", "list", "-o", "json")[1])["runs"]
                if each["id"] == slow["id"] and each["status"] == "Cancelled"
            ),
            None,
        )
    )
    assert "moved" in row["reason"]
    assert server.run("runs", "cancel", slow["id"])[0] == 3
