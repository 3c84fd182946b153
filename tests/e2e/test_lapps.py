"""Lapps through a real server: values, logs and failures in the history, and healthy calls beside them."""

from __future__ import annotations

import json

import pytest
from tests.wild import SITE

BUNDLE = """
version: 1
webhooks:
  - {id: tags, event: Lead_Post_Create, type: lapp, lapp: {name: echo, config: {least: "{{ data.n }}"}}}
  - id: tries
    event: Lead_Post_Create
    type: lapp
    lapp: {name: crashes, stage: test}
    retry: {attempts: 5}
    disable_after: {failures: 1}
  - {id: well, event: Lead_Post_Create, url: "URL/well"}
rules:
  - id: talk
    event: Task_Create
    redact: [data.phone]
    actions:
      - lapp: {name: talks, config: {key: {env: WILD}}}
      - lapp: {name: fails}
      - post: {url: "URL/ruled"}
automations:
  - id: welcome
    event: Account_Post_Create
    steps:
      - id: score
        lapp: {name: echo, config: {least: "{{ data.n }}"}}
      - id: tell
        post: {url: "URL/told", body: {points: "{{ steps.score.result.config.least }}"}}
"""
ONCE = "defaults:\n  retry: {attempts: 1}\n"


@pytest.fixture(scope="module")
def receiver(module_receiver):
    return module_receiver()


@pytest.fixture(scope="module")
def server(module_serve, receiver):
    bundle = BUNDLE.replace("URL", receiver.url) + ONCE
    return module_serve(bundle, environment={"PYTHONPATH": str(SITE), "WILD": "s3cret-value"})


def sent(server, type_, data):
    """Post an event, and wait for all its deliveries: by endpoint, as `history show` has them."""
    status, answer = server.post({"type": type_, "data": data})
    assert status == 202
    for each in answer["deliveries"]:
        server.ended(each["id"])
    shown = [server.show(each["id"]) for each in answer["deliveries"]]
    return {"/".join(filter(None, (each["entityId"], each["action"]))): each for each in shown}


def test_webhooks_call_lapps_beside_healthy_calls(server):
    found = sent(server, "Lead_Post_Create", {"n": 5})
    assert {name: each["status"] for name, each in found.items()} == {
        "tags": "Success",
        "tries": "Failure",
        "well": "Success",
    }
    (tagged,) = found["tags"]["attempts"]
    assert tagged["lapp"] == {"name": "echo", "stage": "live"}
    assert json.loads(tagged["response"]["body"])["config"] == {"least": 5}
    (tried,) = found["tries"]["attempts"]  # a test is tried once, and switches nothing off
    assert (tried["error"], tried["lapp"]["stage"], tried["lapp"]["exit"]) == (
        "lapp",
        "test",
        "killed by SIGSEGV",
    )
    again = sent(server, "Lead_Post_Create", {"n": 6})
    assert again["tries"]["attempts"][0]["lapp"]["stage"] == "test"


def test_rules_call_lapps_and_one_that_fails_hides_no_other(server):
    found = sent(server, "Task_Create", {"n": "5", "phone": "555-0100"})
    assert {name: each["status"] for name, each in found.items()} == {
        "talk/actions/0/lapp": "Success",
        "talk/actions/1/lapp": "Failure",
        "talk/actions/2/post": "Success",
    }
    code, out, err = server.run("history", "show", found["talk/actions/0/lapp"]["id"])
    assert code == 0, err
    assert "> lapp talks" in out
    assert "| printed [redacted]" in out
    assert "| WARNING wild: logged" in out
    (failed,) = found["talk/actions/1/lapp"]["attempts"]
    assert failed["lapp"]["error"] == "ValueError: no luck with 5 and None"
    kept = b"\n".join(server.raw_journal())
    assert b"s3cret-value" not in kept
    assert b"555-0100" not in kept


def test_a_step_sees_what_the_lapp_of_an_earlier_one_returned(server, receiver, until):
    status, answer = server.post({"type": "Account_Post_Create", "data": {"n": 7}})
    assert status == 202, answer

    def told():
        return [json.loads(each.body) for each in receiver.arrivals.all if each.path.startswith("/told")]

    assert until(told, seconds=20) == [{"points": 7}]
