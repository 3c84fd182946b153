"""Replays end to end: the same message again, whatever dies in between."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from jsonschema import Draft202012Validator

from hookwright.schemas.schema import load_schema

BUNDLE = """
version: 1
webhooks:
  - id: erp
    event: Lead_Post_Create
    url: {url}/erp
    headers: {{X-Key: {{env: E2E_KEY}}}}
    retry: {{attempts: 2, initial: 50ms}}
  - {{id: chat, event: Task_Create, url: "{url}/chat"}}
"""
SECRET = "s3cret-replay-value"
DATA = b'{"Name": "\\u00e9\xc3\xa9 O\'Brien",  "N": 1.0}'
LEAD = b'{"type": "Lead_Post_Create", "data": ' + DATA + b"}"


ANSWERS = {"/erp": (500, 500, 200)}  # it works from the third request on


def fail(server, sink):
    """The two, and a delivery that failed."""
    _, said = server.post(LEAD)
    row = server.ended(said["deliveries"][0]["id"])
    assert row.status == "Failure"
    return server, sink, row


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver):
    sink = module_receiver(ANSWERS)
    return module_serve(BUNDLE.format(url=sink.url), environment={"E2E_KEY": SECRET}), sink


@pytest.fixture
def failed(shared):
    """A server and its receiver, which tests share, and a delivery of the test's own that failed."""
    return fail(*shared)


@pytest.fixture
def failed_alone(serve, receiver, own_valkey):
    """The same with a server and a Redis of the test's own, which it may kill."""
    sink = receiver(ANSWERS)
    environment = {"E2E_KEY": SECRET, "HOOKWRIGHT_REDIS_URL": own_valkey.url}
    return fail(serve(BUNDLE.format(url=sink.url), environment=environment), sink)


def replay(server, delivery, *arguments):
    code, out, err = server.run("replay", delivery, "-o", "json", *arguments)
    assert code == 0, err
    (said,) = json.loads(out)["replays"]
    return said


def check_once(server, sink, row, *rounds):
    """Each round was sent once, with the message and the bytes of the first, and is a row of its own."""
    for said in rounds:
        assert server.ended(said["id"]).status == "Success"
    arrivals = sink.arrivals.of(row)
    assert len(arrivals) == 2 + len(rounds)
    assert {arrival.body for arrival in arrivals} == {DATA}
    assert {arrival.header("X-Key") for arrival in arrivals} == {SECRET}
    lines = [line for line in server.journal() if line["kind"] == "replay"]
    for line in lines:
        Draft202012Validator(load_schema("history")).validate(line)
    opened = [line["id"] for line in lines if line["of"] == row.id]
    assert sorted(opened) == sorted(said["id"] for said in rounds)
    ended = [line["delivery"] for line in server.journal() if line["kind"] == "settled"]
    assert len(ended) == len(set(ended))


def test_a_failure_is_sent_again_with_the_same_message_and_bytes_and_both_tell_of_each_other(failed):
    server, sink, row = failed
    said = replay(server, row.id[:14], "--why", "mended", "--fail")
    assert (said["status"], said["round"], said["of"]) == ("Success", 1, row.id)
    check_once(server, sink, row, said)
    newest, first, *_ = server.history()
    assert (newest["id"], newest["kind"], newest["round"]) == (said["id"], "replay", 1)
    assert (first["id"], first["kind"], first["status"]) == (row.id, "event", "Failure")
    assert server.show(said["id"])["origin"] == {"of": row.id, "round": 1, "by": "admin", "why": "mended"}
    assert server.show(row.id)["rounds"] == [{"id": said["id"], "round": 1, "status": "Success"}]
    _, out, _ = server.run("history", "show", row.id)
    assert f"\nreplays\n  {said['id']}  replay 1   Success" in out


def test_the_curl_command_sends_the_same_request_and_keeps_the_secret(failed, tmp_path):
    server, sink, row = failed
    _, command, _ = server.run("history", "show", row.id, "--curl")
    assert SECRET not in command
    (tmp_path / "again.sh").write_text(command)
    subprocess.run(["/bin/sh", tmp_path / "again.sh"], check=True, capture_output=True, timeout=20)
    first, second, by_hand = sink.arrivals.of(row)
    assert (by_hand.method, by_hand.target, by_hand.body) == (first.method, first.target, first.body)
    names = [
        name
        for name, _ in first.headers
        if name not in {"X-Key", "webhook-timestamp", "Host", "Accept-Encoding"}
    ]
    assert [by_hand.header(name) for name in names] == [first.header(name) for name in names]
    assert by_hand.header("webhook-timestamp") == second.header("webhook-timestamp")
    assert by_hand.header("X-Key") == "[redacted]"


@pytest.mark.slow
def test_a_replay_while_the_ledger_is_away_is_accepted_and_made_up_for(failed_alone, own_valkey):
    server, sink, row = failed_alone
    own_valkey.kill()
    rounds = [replay(server, row.id) for _ in range(2)]
    assert [said["round"] for said in rounds] == [1, 2]
    own_valkey.start()
    check_once(server, sink, row, *rounds)


@pytest.mark.slow
def test_a_replay_survives_a_ledger_that_loses_everything(failed_alone, own_valkey):
    server, sink, row = failed_alone
    for worker in server.children("worker"):
        worker.suspend()
    said = replay(server, row.id)
    own_valkey.flush()
    for worker in server.children("worker"):
        worker.resume()
    check_once(server, sink, row, said)


@pytest.mark.slow
def test_a_replay_survives_the_death_of_the_server_before_it_was_offered(failed_alone, own_valkey, until):
    server, sink, row = failed_alone
    own_valkey.kill()  # journalled, and nothing else can have happened
    first = replay(server, row.id)
    server.kill()
    own_valkey.start()
    server.start()
    second = replay(server, row.id)
    assert second["round"] == 2
    check_once(server, sink, row, first, second)


def test_the_death_of_everything_after_the_answer_loses_no_replay(failed):
    server, sink, row = failed
    for worker in server.children("worker"):
        worker.suspend()
    first = replay(server, row.id)
    everything = [server.process.pid, *(each.pid for each in server.children("hookwright"))]
    for process in everything:
        os.kill(process, 9)
    server.process.wait()
    server.start()
    check_once(server, sink, row, first)
