"""Real payloads from GitHub, and Debian's `webhook` as an independent judge of what we send."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

PAYLOADS = Path(__file__).parent / "interop/node_modules/@octokit/webhooks-examples/api.github.com/index.json"

HUB = """
version: 1
bundle: github
webhooks:
  - {{id: everything, event: "github.*", url: "{url}/everything"}}
  - id: main-branch
    event: github.push
    match: {{ref: [{{prefix: refs/heads/}}], deleted: [false]}}
    url: "{url}/push"
  - id: opened
    event: [github.issues, github.pull_request]
    match: {{action: [opened, edited]}}
    url: "{url}/opened"
rules:
  - id: big-repository
    event: "github.*"
    match: {{repository: {{private: [false], owner: {{login: [{{anything-but: {{prefix: octo}}}}]}}}}}}
    actions:
      - post: {{url: "{url}/a"}}
      - post: {{url: "{url}/b", entity_params: false}}
events:
{events}
"""


def examples():
    groups = json.loads(PAYLOADS.read_text(encoding="utf-8"))
    return [("github." + group["name"], example) for group in groups for example in group["examples"]]


def test_every_github_example_is_delivered_byte_for_byte(serve, receiver, until):
    found = examples()
    assert len(found) == 329
    names = sorted({name for name, _ in found})
    sink = receiver()
    events = "\n".join(f"  - {{type: {name}}}" for name in names)
    server = serve(HUB.format(url=sink.url, events=events), workers=2)
    sent = {}
    for number, (name, data) in enumerate(found):
        raw = json.dumps(data, indent=number % 3 or None, ensure_ascii=number % 2 == 0).encode()
        body = b'{"type": %s, "data": %s}' % (json.dumps(name).encode(), raw)
        status, said = server.post(body)
        assert status == 202, said
        assert said["deliveries"][0]["entityId"] in ("big-repository", "everything")
        sent.update({each["id"]: raw for each in said["deliveries"]})
    until(lambda: server.reader().counts()["Success"] == len(sent), seconds=60)
    rows = server.reader().list(limit=len(sent) + 1)
    assert {row.id for row in rows} == set(sent)
    for row in rows:
        (arrival,) = sink.arrivals.of(row)
        assert arrival.body == sent[row.id]
    by_subscriber = {
        name: sum(row.entity_id == name for row in rows) for name in {row.entity_id for row in rows}
    }
    print(f"{len(found)} events, {len(sent)} deliveries, equal bytes each: {sorted(by_subscriber.items())}")
    assert by_subscriber["everything"] == len(found)
    assert by_subscriber["main-branch"] > 0
    assert by_subscriber["opened"] > 0
    assert by_subscriber["big-repository"] > 0


JUDGE = """
version: 1
bundle: judged
defaults: {{retry: {{attempts: 1}}}}
webhooks:
  - {{id: right, event: Lead_Post_Create, url: "{url}/hooks/judge?team=7", headers: {{X-Team: growth}}}}
  - {{id: wrong-header, event: Lead_Post_Create, url: "{url}/hooks/judge?team=7", headers: {{X-Team: sales}}}}
  - {{id: wrong-type, event: Task_Create, url: "{url}/hooks/judge?team=7", headers: {{X-Team: growth}}}}
"""


SIGNATURE = {"source": "header", "name": "X-Hub-Signature-256"}


def hook(name, method, rules):
    return {
        "id": name,
        "execute-command": "/bin/true",
        "http-methods": [method],
        "trigger-rule": {"and": [{"match": rule} for rule in rules]},
        "trigger-rule-mismatch-http-response-code": 403,
    }


def won(source, name):
    return {"type": "value", "value": "Won & done", "parameter": {"source": source, "name": name}}


@pytest.fixture
def judge(tmp_path, until):
    """Debian's `webhook`: it answers 200 only if the header and the URL parameters are as its rules say."""
    program = shutil.which("webhook")
    assert program, "install Debian's package `webhook` first (`just interop` says how)"
    rules = [
        {"type": "value", "value": "growth", "parameter": {"source": "header", "name": "X-Team"}},
        {"type": "value", "value": "Lead_Post_Create", "parameter": {"source": "url", "name": "eventType"}},
        {"type": "value", "value": "webhook", "parameter": {"source": "url", "name": "entityType"}},
        {"type": "value", "value": "7", "parameter": {"source": "url", "name": "team"}},
        {"type": "value", "value": "Won", "parameter": {"source": "payload", "name": "After.Status"}},
    ]
    hooks = [
        hook("judge", "POST", rules),
        hook("signed", "POST", [{"type": "payload-hmac-sha256", "secret": SECRET, "parameter": SIGNATURE}]),
        hook("form", "POST", [won("payload", "After[Status]"), won("payload", "Lines[1][Status]")]),
        hook("query", "GET", [won("url", "After[Status]"), won("url", "Lines[1][Status]")]),
    ]
    (tmp_path / "hooks.json").write_text(json.dumps(hooks))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "-hooks", tmp_path / "hooks.json", "-ip", "127.0.0.1", "-port", str(port), "-verbose"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(url, timeout=1).status == 200
        except OSError:
            return False

    until(answers)
    yield url
    process.kill()
    process.wait()


def test_an_independent_receiver_agrees_on_headers_parameters_and_payload(serve, judge):
    server = serve(JUDGE.format(url=judge))
    _, leads = server.post({"type": "Lead_Post_Create", "data": {"After": {"Status": "Won"}}})
    _, tasks = server.post({"type": "Task_Create", "data": {"After": {"Status": "Won"}}})
    ended = {each["entityId"]: server.ended(each["id"]) for each in leads["deliveries"] + tasks["deliveries"]}
    assert {name: (row.status, row.code) for name, row in ended.items()} == {
        "right": ("Success", 200),
        "wrong-header": ("Failure", 403),
        "wrong-type": ("Failure", 403),
    }


SIGNED = """
version: 1
bundle: signed
defaults: {{retry: {{attempts: 1}}, signing: {{type: github, secret: {{env: HUB}}}}}}
webhooks:
  - {{id: right, event: Lead_Post_Create, url: "{url}/hooks/signed"}}
  - id: wrong
    event: Lead_Post_Create
    url: "{url}/hooks/signed"
    signing: {{type: github, secret: {{env: OTHER}}}}
  - {{id: seen, event: Lead_Post_Create, url: "{sink}"}}
"""
SECRET, OTHERS = "It's a Secret to Everybody", "another secret, of another receiver"
VERIFY = """
import { verify } from "@octokit/webhooks-methods";
const [secret, body, signature] = JSON.parse(process.argv[1]);
console.log(await verify(secret, body, signature));
"""


def verified(secret, body, signature):
    """What `@octokit/webhooks-methods` says."""
    told = json.dumps([secret, body, signature])
    command = ["node", "--input-type=module", "--eval", VERIFY, told]
    done = subprocess.run(
        command, cwd=PAYLOADS.parents[3], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip() == "true"


def test_independent_receivers_verify_what_is_signed_and_refuse_what_is_not(serve, receiver, judge):
    sink = receiver()
    server = serve(SIGNED.format(url=judge, sink=sink.url), environment={"HUB": SECRET, "OTHER": OTHERS})
    _, said = server.post(b'{"type": "Lead_Post_Create", "data": {"Name" :  "\xc3\xbc"}}')
    ended = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    codes = {name: row.code for name, row in ended.items()}
    assert codes == {"right": 200, "wrong": 500, "seen": 200}  # 500 is how it says "the signatures differ"
    (arrival,) = sink.arrivals.of(ended["seen"])
    body, signature = arrival.body.decode(), arrival.header("X-Hub-Signature-256")
    assert verified(SECRET, body, signature)
    assert not verified(OTHERS, body, signature)
    assert not verified(SECRET, json.dumps(json.loads(body)), signature)


FIELDS = """
version: 1
bundle: fields
defaults: {{retry: {{attempts: 1}}}}
webhooks:
  - id: form
    event: Lead_Post_Create
    url: {url}/hooks/form
    content_type: application/x-www-form-urlencoded
  - {{id: query, event: Lead_Post_Create, url: "{url}/hooks/query", method: GET}}
"""


@pytest.mark.parametrize(("status", "code"), [("Won & done", 200), ("Won", 403)])
def test_an_independent_receiver_reads_the_fields_of_a_form_and_of_a_query(serve, judge, status, code):
    server = serve(FIELDS.format(url=judge))
    data = {"After": {"Status": "Won & done"}, "Lines": [{"Status": "Open"}, {"Status": status}]}
    _, said = server.post({"type": "Lead_Post_Create", "data": data})
    ended = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    assert {name: row.code for name, row in ended.items()} == {"form": code, "query": code}
