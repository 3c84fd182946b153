"""What `explain --render` shows is what a receiver gets from a real server, but for what is redacted."""

from __future__ import annotations

import json
import subprocess
import sys

BUNDLE = """
version: 1
webhooks:
  - id: json
    event: Lead_Post_Create
    match: {{Stage: [{{prefix: Hot}}]}}
    url: {url}/json?team=7
    headers: {{X-Team: [growth, sales], X-Key: {{env: E2E_KEY}}}}
    auth: {{type: bearer, token: {{env: E2E_KEY}}}}
  - id: form
    event: Lead_Post_*
    url: {url}/form
    content_type: application/x-www-form-urlencoded
  - id: get
    method: GET
    event: Lead_Post_Create
    url: {url}/get
    query: {{code: {{env: E2E_KEY}}}}
  - id: batched
    event: Lead_Post_Create
    url: {url}/batched
    batch: {{window: 200ms}}
  - id: other
    event: Lead_Post_Create
    match: {{Stage: [Won]}}
    url: {url}/other
rules:
  - id: both
    event: Lead_Post_Create
    actions:
      - post: {{url: "{url}/first", entity_params: false}}
      - post: {{url: "{url}/second", method: PUT}}
"""
SECRET = "s3cret-of-explain"
ADDED = {"host", "content-length", "accept-encoding", "connection"}  # by the connection
EVENT = b'{"type": "Lead_Post_Create", "id": "e1", "source": "/crm", "data": {"Stage":  "Hot",\n "N": 1.0}}'


def test_rendered_requests_are_what_a_receiver_gets(serve, receiver, tmp_path):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), environment={"E2E_KEY": SECRET})
    status, said = server.post(EVENT)
    assert status == 202
    rendered = explain(server, tmp_path)
    assert [each["entityId"] for each in rendered if each["selected"]] == [
        *("batched", "both", "form", "get", "json"),
    ]
    requests = [request for each in rendered for request in each["requests"]]
    assert len(said["deliveries"]) == len(requests) == 6
    arrivals = server.until(lambda: sink.arrivals.all if len(sink.arrivals.all) == 6 else None)
    by_message = {arrival.header("webhook-id"): arrival for arrival in arrivals}
    for request in requests:
        compare(request, by_message[dict(map(tuple, request["headers"]))["webhook-id"]], sink.url)
    assert SECRET not in json.dumps(rendered)


def explain(server, folder):
    """The subscribers of `explain --render -o json`, without the server's help and without any secret."""
    (folder / "event.json").write_bytes(EVENT)
    arguments = [
        "explain",
        "--event",
        str(folder / "event.json"),
        str(server.config),
        "--render",
        "-o",
        "json",
    ]
    return json.loads(ran(server, arguments))["subscribers"]


def ran(server, arguments):
    environment = {name: value for name, value in server.environment.items() if name != "E2E_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "hookwright", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=60,
    )
    return done.stdout


def compare(request, arrival, base):
    assert request["method"] == arrival.method
    same(request["url"].removeprefix(base), arrival.target)
    assert (request["body"] or "").encode() == arrival.body
    got = [(name, value) for name, value in arrival.headers if name.lower() not in ADDED]
    assert [name for name, _ in request["headers"]] == [name for name, _ in got]
    for (name, shown), (_, value) in zip(request["headers"], got, strict=True):
        if name == "webhook-timestamp":  # the time of the attempt
            assert abs(int(shown) - int(value)) < 600
        else:
            same(shown, value)


def same(shown, sent):
    """Equal, but for what is redacted, and that is a secret."""
    before, redacted, after = shown.partition("[redacted]")
    if not redacted:
        assert shown == sent
        return
    assert sent.startswith(before)
    assert sent.endswith(after)
    assert SECRET in sent[len(before) : len(sent) - len(after)]
