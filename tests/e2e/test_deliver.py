"""The main job, end to end: YAML in, delivered call out, on the embedded default."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
import zlib

import pytest
from jsonschema import Draft202012Validator

from hookwright.engine.history.row import Filter
from hookwright.schemas.schema import load_schema

BUNDLE = """
version: 1
bundle: e2e
webhooks:
  - id: plain
    event: Lead_Post_Create
    match: {{ProspectStage: [Qualified, {{prefix: Hot}}]}}
    url: {url}/plain?team=7
    headers: {{X-Team: growth}}
    auth: {{type: bearer, token: {{env: E2E_TOKEN}}}}
  - id: flaky
    event: Lead_Post_Update
    url: {url}/flaky
    retry: {{attempts: 3, initial: 100ms}}
  - id: broken
    event: Lead_Delete
    url: {url}/broken
    retry: {{attempts: 3, initial: 100ms}}
  - id: later
    event: Task_Create
    url: {url}/later
    delay: 2s
  - {{id: much-later, event: com.example.much-later, delay: 1h, url: "{url}/much-later"}}
  - id: refused
    event: Task_Complete
    url: http://10.1.2.3/private
events:
  - type: com.example.much-later
  - type: com.example.cold
    schema:
      properties: {{Score: {{$ref: "#/$defs/score"}}}}
      $defs: {{score: {{type: integer, minimum: 0}}}}
rules:
  - id: both
    event: "Opportunity_Post_*"
    match: {{After: {{Status: [Won]}}}}
    actions:
      - post: {{url: "{url}/chat"}}
      - post: {{url: "{url}/finance", entity_params: false}}
"""
ANSWERS = {"/flaky": (500, 500, 200), "/broken": (500,)}
SECRET = "s3cret-e2e-token-value"


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver):
    """A server and a receiver that the tests of this module share."""
    sink = module_receiver(ANSWERS)
    return module_serve(BUNDLE.format(url=sink.url), environment={"E2E_TOKEN": SECRET}), sink


@pytest.fixture(scope="module")
def changing(module_serve, module_receiver):
    """Another server for the tests that change its bundle; each finds there what the one before it left."""
    sink = module_receiver(ANSWERS)
    bundle = BUNDLE.format(url=sink.url)
    return module_serve(bundle, environment={"E2E_TOKEN": SECRET}, arguments=("--host", "localhost")), sink


@pytest.fixture
def started(serve, receiver):
    """A server and a receiver of a test's own, to be stopped and changed."""
    sink = receiver(ANSWERS)
    return serve(BUNDLE.format(url=sink.url), environment={"E2E_TOKEN": SECRET}), sink


def test_a_matching_event_is_delivered_as_it_was_sent_and_its_history_says_so(shared):
    server, sink = shared
    data = b'{"ProspectStage":  "Hot lead",\n "Note": "\\u00e9\xc3\xa9", "N": 1.0}'
    raw = b'{"type": "Lead_Post_Create", "data": ' + data + b"}"
    status, said = server.post(raw)
    assert status == 202
    (placed,) = said["deliveries"]
    assert (placed["entityType"], placed["entityId"], placed["status"]) == ("webhook", "plain", "In Queue")
    row = server.ended(placed["id"])
    assert row.status == "Success"
    (arrival,) = sink.arrivals.of(row)
    assert arrival.target == "/plain?team=7&entityType=webhook&entityId=plain&eventType=Lead_Post_Create"
    assert arrival.body == data
    assert arrival.header("X-Team") == "growth"
    assert arrival.header("Authorization") == f"Bearer {SECRET}"
    assert arrival.header("Content-Type") == "application/json"
    shown = server.show(placed["id"])
    (attempt,) = shown["attempts"]
    assert attempt["request"]["body"] == data.decode()
    assert attempt["response"]["status"] == 200
    everything = json.dumps(shown) + server.log.read_text()
    everything += "".join(path.read_text() for path in (server.state / "history").rglob("*.jsonl"))
    assert SECRET not in everything
    assert ["Authorization", "[redacted]"] in [list(each) for each in attempt["request"]["headers"]]


def test_an_event_that_does_not_match_is_accepted_and_goes_nowhere(shared):
    server, _ = shared
    status, said = server.post({"type": "Lead_Post_Create", "data": {"ProspectStage": "Cold"}})
    assert (status, said["deliveries"]) == (202, [])
    assert server.reader().list(Filter(event_id=said["id"])) == []


def test_a_rule_posts_to_each_of_its_targets(shared):
    server, sink = shared
    _, said = server.post({"type": "Opportunity_Post_Update", "data": {"After": {"Status": "Won"}}})
    assert [(each["entityType"], each["entityId"]) for each in said["deliveries"]] == [("rule", "both")] * 2
    rows = [server.ended(each["id"]) for each in said["deliveries"]]
    assert [row.status for row in rows] == ["Success", "Success"]
    assert sorted(arrival.target for row in rows for arrival in sink.arrivals.of(row)) == [
        "/chat?entityType=rule&entityId=both&eventType=Opportunity_Post_Update",
        "/finance",
    ]


def test_two_failures_and_a_success_are_three_attempts_with_one_id_and_the_same_bytes(shared):
    server, sink = shared
    _, said = server.post({"type": "Lead_Post_Update", "data": {"a": [1, 2]}})
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.attempts) == ("Success", 3)
    arrivals = sink.arrivals.of(row)  # all of them carry the same id
    assert [arrival.status for arrival in arrivals] == [500, 500, 200]
    assert {arrival.body for arrival in arrivals} == {b'{"a": [1, 2]}'}
    assert len([each for each in sink.arrivals.all if each.path == "/flaky"]) == 3


def test_three_failures_are_a_failure(shared):
    server, sink = shared
    _, said = server.post({"type": "Lead_Delete", "data": {}})
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.attempts, row.error) == ("Failure", 3, "status")
    assert len(sink.arrivals.of(row)) == 3


def test_a_delayed_delivery_is_never_early_and_hardly_late(shared):
    server, sink = shared
    before = time.time()
    placed = [server.post({"type": "Task_Create", "data": {}})[1]["deliveries"][0]["id"] for _ in range(3)]
    accepted = time.time()
    rows = [server.ended(each) for each in placed]
    assert {row.status for row in rows} == {"Success"}
    arrived = sorted(sink.arrivals.of(row)[0].at for row in rows)
    assert arrived[0] >= before + 2
    print("late by", [each - accepted - 2 for each in arrived])
    assert arrived[0] < accepted + 2 + 2  # far more than a machine with much else to do takes


def test_a_private_address_is_refused_without_a_connection(shared):
    server, _ = shared
    _, said = server.post({"type": "Task_Complete", "data": {}})
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.error, row.attempts) == ("Failure", "blocked_target", 1)


def test_an_accepted_event_shows_in_the_history_while_it_waits(shared, until):
    server, _ = shared
    _, said = server.post({"type": "com.example.much-later", "data": {}})
    (placed,) = said["deliveries"]
    (found,) = until(lambda: [each for each in server.reader().list(limit=50) if each.id == placed["id"]])
    assert found.status == "In Queue"
    (listed,) = [each for each in server.history() if each["id"] == placed["id"]]
    assert listed["status"] == "In Queue"


def test_a_repeated_event_is_one_event(shared):
    server, sink = shared
    event = {"type": "Lead_Post_Create", "id": "42", "source": "/crm", "data": {"ProspectStage": "Hot"}}
    _, first = server.post(event)
    row = server.ended(first["deliveries"][0]["id"])
    status, again = server.post(event)
    assert (status, again["duplicate"], again["deliveries"]) == (202, True, first["deliveries"])
    status, other = server.post({**event, "data": {"ProspectStage": "Hotter"}})
    assert (status, other["pointer"]) == (409, "/id")
    assert len(sink.arrivals.of(row)) == 1


def test_every_line_of_the_journal_fits_its_schema_and_has_its_checksum(shared):
    server, _ = shared
    validator = Draft202012Validator(load_schema("history"))
    kinds = set()
    for raw in server.raw_journal():
        line = json.loads(raw)
        assert [error.message for error in validator.iter_errors(line)] == []
        checked = raw[: raw.rindex(b',"crc"')]
        assert line["crc"] == f"{zlib.crc32(checked):08x}"
        kinds.add(line["kind"])
    assert {"revision", "accepted", "attempt", "settled"} <= kinds


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b'{"type": "Lead_Post_Create", "data": {"a": 1, "a": 2}}', 400, "/data/a"),
        (b'{"type": "Lead_Post_Create", "data": NaN}', 400, "/data"),
        (b'{"type": "Lead_Post_Creat"}', 422, "/type"),
        (b'{"type": "com.example.cold", "data": {"Score": -1}}', 422, "/data/Score"),
        (b'{"type": "Lead_Post_Create", "data": ' + b"[" * 70 + b"]" * 70 + b"}", 400, "/data" + "/0" * 63),
        (b'{"type": "Lead_Post_Create", "data": "' + b"x" * 300_000 + b'"}', 413, ""),
        (b"not json", 400, ""),
    ],
)
def test_bad_events_are_refused_with_their_place_and_nothing_is_stored(shared, body, status, pointer):
    server, _ = shared
    journal = server.journal()
    got, problem = server.post(body)
    assert (got, problem.get("pointer")) == (status, pointer)
    assert [line for line in server.journal() if line["kind"] == "accepted"] == [
        line for line in journal if line["kind"] == "accepted"
    ]


def test_sigterm_lets_a_running_attempt_finish_and_after_a_restart_its_event_is_known(serve, receiver, until):
    sink = receiver(delay=1.0)
    server = serve(BUNDLE.format(url=sink.url), environment={"E2E_TOKEN": SECRET})
    event = {"type": "Lead_Post_Create", "id": "43", "source": "/crm", "data": {"ProspectStage": "Hot"}}
    _, first = server.post(event)
    until(lambda: sink.arrivals.all)
    assert server.stop(seconds=20) == 0
    assert server.ended(first["deliveries"][0]["id"], seconds=1).status == "Success"
    server.start()
    status, again = server.post(event)
    assert (status, again["duplicate"], again["deliveries"]) == (202, True, first["deliveries"])
    assert len(sink.arrivals.all) == 1


def test_a_changed_bundle_is_applied_and_a_bad_one_keeps_the_last_good(changing, until):
    server, sink = changing
    good = BUNDLE.format(url=sink.url)
    changed = good.replace("Lead_Delete", "Lead_Merge").replace("minimum: 0", "minimum: 5")
    (server.config / "webhooks.yaml").write_text(changed)

    def routed():
        return server.post({"type": "Lead_Merge", "data": {}})[1]["deliveries"]

    assert server.post({"type": "com.example.cold", "data": {"Score": 3}})[0] == 202
    assert until(routed)[0]["entityId"] == "broken"
    assert server.post({"type": "com.example.cold", "data": {"Score": 3}})[0] == 422
    (server.config / "webhooks.yaml").write_text(good + "\nnonsense: true\n")
    until(lambda: "nonsense" in server.log.read_text())
    assert routed()[0]["entityId"] == "broken"
    assert server.process.poll() is None


def test_a_removed_subscriber_cancels_what_waits_for_it(changing):
    server, sink = changing
    _, said = server.post({"type": "Task_Create", "data": {}})
    good = BUNDLE.format(url=sink.url)
    (server.config / "webhooks.yaml").write_text(good.replace("id: later", "id: other"))
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.reason) == ("Cancelled", "subscriber removed")
    assert [arrival for arrival in sink.arrivals.all if arrival.path == "/later"] == []


def test_a_second_server_on_the_same_state_is_refused(shared):
    server, _ = shared
    code, _, err = server.run("serve", "--config", str(server.config), "--port", "0")
    assert code == 3
    assert "another server is running" in err
    assert urllib.request.urlopen(server.url + "/readyz").status == 200


def test_a_bad_bundle_is_refused_at_the_start_with_every_problem(serve, receiver):
    server = serve("version: 1\nwebhooks:\n  - {id: A, event: Lead_Post_Creat, urll: x}\n", ready=False)
    assert server.process.wait(20) == 1
    said = server.log.read_text()
    assert "webhooks.yaml:3:" in said
    assert 'did you mean "url"' in said
    assert "Traceback" not in said
    server.process = None


@pytest.mark.slow
def test_ctrl_c_is_a_clean_end_too(started):
    server, _ = started
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(20) in (0, 130)
    server.process = None


@pytest.mark.slow
def test_a_server_may_leave_by_itself_when_all_is_done(serve, receiver):
    sink = receiver()
    server = serve(
        BUNDLE.format(url=sink.url), environment={"E2E_TOKEN": SECRET}, arguments=("--exit-when-idle", "1s")
    )
    _, said = server.post({"type": "Lead_Post_Create", "data": {"ProspectStage": "Hot"}})
    assert server.process.wait(20) == 0
    server.process = None
    assert server.ended(said["deliveries"][0]["id"], seconds=1).status == "Success"


def test_a_webhook_may_not_call_the_server_it_came_from(changing):
    server, _ = changing
    assert server.url.startswith("http://localhost:")
    own = server.url + "/v1/events"
    (server.config / "webhooks.yaml").write_text(
        f"version: 1\nwebhooks:\n  - {{id: itself, event: Lead_Post_Create, url: '{own}'}}\n"
    )

    def routed():
        return server.post({"type": "Lead_Post_Create", "data": {}})[1]["deliveries"]

    (placed,) = server.until(lambda: [each for each in routed() if each["entityId"] == "itself"])
    row = server.ended(placed["id"])
    assert (row.status, row.error) == ("Failure", "blocked_target")


@pytest.mark.slow
def test_the_fallback_delivers_what_libcurl_delivers(serve, receiver):
    sink = receiver(ANSWERS)
    server = serve(
        BUNDLE.format(url=sink.url), environment={"E2E_TOKEN": SECRET}, arguments=("--transport", "requests")
    )
    _, said = server.post({"type": "Lead_Post_Update", "data": {"a": "é"}})
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.attempts) == ("Success", 3)
    assert {arrival.header("User-Agent")[:11] for arrival in sink.arrivals.of(row)} == {"Hookwright/"}
