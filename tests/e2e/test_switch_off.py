"""Switching off and pings, end to end: failures disable, work waits, people enable, no death undoes it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

BUNDLE = """
version: 1
bundle: e2e
webhooks:
  - id: down
    event: Lead_Post_Create
    url: {url}/down
    disable_after: {{failures: 2}}
    retry: {{attempts: 1}}
  - id: fine
    event: Lead_Post_Create
    url: {url}/fine
  - id: activities
    event: LeadActivity_Post_Create
    url: {url}/activities
  - id: broken
    event: Lead_Post_Create
    match: {{ProspectStage: [Nothing]}}
    url: {url}/broken
    disable_after: {{failures: 1}}
  - {{id: shaken, event: Task_Create, url: "{url}/shaken"}}
"""
EVENT = {"type": "Lead_Post_Create", "data": {}}


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver):
    """A server and a receiver that the tests of this module share, each with subscribers of its own."""
    sink = module_receiver({"/down": (500,), "/broken": (500,)})
    return module_serve(BUNDLE.format(url=sink.url)), sink


def at(sink, path):
    return [each for each in sink.arrivals.all if each.path == path]


def send(server, name="down"):
    """An event; its delivery to the webhook of this name."""
    _, said = server.post(EVENT)
    return next(each["id"] for each in said["deliveries"] if each["entityId"] == name)


def state(server, name="webhook/down"):
    code, out, err = server.run("subscriber", "show", name, "-o", "json")
    assert code == 0, err
    return json.loads(out)


def held(server, delivery):
    row = server.show(delivery)
    return row["state"] == "held" and row["reason"]


def test_what_fails_too_often_is_disabled_held_and_delivered_once_it_is_enabled(shared, until):
    server, sink = shared
    for _ in range(2):
        assert server.ended(send(server)).status == "Failure"
    until(lambda: state(server)["state"] == "disabled")
    shown = state(server)
    assert (shown["by"], shown["reason"]) == ("hookwright", "2 failed deliveries in a row")
    waiting = send(server)
    assert server.ended(send(server, "fine")).status == "Success"
    assert until(lambda: held(server, waiting)) == "disabled: 2 failed deliveries in a row"
    assert "disabled: 2 failed deliveries in a row" in server.run("history", "list")[1]
    assert len(at(sink, "/down")) == 2
    (server.config / "webhooks.yaml").write_text(BUNDLE.format(url=sink.url).replace("/down", "/mended"))
    until(lambda: state(server)["url"].endswith("/mended"))
    assert held(server, waiting)
    code, _, err = server.run("subscriber", "enable", "down", "--reason", "mended")
    assert (code, err) == (0, "webhook/down is enabled\n")
    assert server.ended(waiting).status == "Success"
    assert state(server)["failures"] == 0
    lines = [
        (each["change"], each["by"], each["reason"])
        for each in server.journal()
        if each["kind"] == "subscriber" and each["entityId"] == "down"
    ]
    assert lines == [
        ("disabled", "hookwright", "2 failed deliveries in a row"),
        ("enabled", "admin", "mended"),
    ]


@pytest.mark.slow
def test_a_disabled_subscriber_stays_so_over_a_restart_and_a_loss_of_redis(
    serve, receiver, own_valkey, until
):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url})
    assert server.run("subscriber", "disable", "down", "--reason", "x")[0] == 0
    first = send(server)
    own_valkey.flush()
    server.ended(send(server, "fine"))
    server.stop()
    own_valkey.flush()
    server.start()
    second = send(server)
    assert server.ended(send(server, "fine")).status == "Success"
    assert held(server, first) == held(server, second) == "disabled: x"
    assert at(sink, "/down") == []
    assert server.run("subscriber", "enable", "down")[0] == 0
    assert {server.ended(each).status for each in (first, second)} == {"Success"}


@pytest.mark.parametrize("index", ["lags", pytest.param("is gone", marks=pytest.mark.slow)])
def test_when_redis_and_the_index_do_not_know_what_is_off_nothing_of_it_is_sent(
    index, serve, receiver, own_valkey, until
):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url})
    (bookkeeper,) = server.children(" bookkeeper ")
    if index == "lags":
        bookkeeper.suspend()
    assert server.run("subscriber", "disable", "down", "--reason", "x")[0] == 0
    if index == "is gone":
        server.stop()
        server.start()
        (bookkeeper,) = server.children(" bookkeeper ")
        bookkeeper.suspend()
        (server.state / "index.sqlite").unlink()
    own_valkey.flush()
    waiting = send(server)
    with suppress(AssertionError):  # long enough to look at the ledger again, and to call
        until(lambda: sink.arrivals.all, seconds=1.5)
    bookkeeper.resume()
    assert server.ended(send(server, "fine")).status == "Success"
    assert until(lambda: held(server, waiting)) == "disabled: x"
    assert at(sink, "/down") == []


@pytest.mark.slow
def test_disabling_while_redis_is_away_counts_once_it_is_back(serve, receiver, own_valkey, until):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url})
    own_valkey.kill()
    code, _, err = server.run("subscriber", "disable", "down")
    assert code == 0
    assert "counts once the queue answers" in err
    waiting = send(server)
    own_valkey.start()
    assert server.ended(send(server, "fine")).status == "Success"
    assert until(lambda: held(server, waiting)) == "disabled by admin"
    assert at(sink, "/down") == []


@pytest.mark.slow
def test_a_server_that_leaves_when_idle_does_not_wait_for_what_is_disabled(serve, receiver):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), arguments=("--exit-when-idle", "1s"))
    assert server.run("subscriber", "disable", "down")[0] == 0
    send(server)
    assert server.process.wait(20) == 0
    assert [each.path for each in sink.arrivals.all] == ["/fine"]


def test_a_ping_reaches_even_what_is_off_at_once_and_counts_nothing(shared):
    server, sink = shared
    assert server.run("subscriber", "pause", "broken")[0] == 0
    for _ in range(2):
        code, out, err = server.run("subscriber", "ping", "broken", "--wait", "-o", "json")
        assert code == 1, out
        assert "status 500" in err
    (placed,) = json.loads(out)["deliveries"]
    assert (placed["status"], placed["test"], placed["attempts"]) == ("Failure", True, 1)
    assert (state(server, "broken")["failures"], state(server, "broken")["state"]) == (0, "paused")
    (arrival, _) = at(sink, "/broken")
    assert arrival.header("hookwright-test") == "true"
    assert json.loads(arrival.body)["ProspectID"]
    assert "[test]" in server.run("history", "list")[1]


def test_a_ping_of_who_takes_batches_is_a_list_of_one_without_the_wait(shared):
    server, sink = shared
    assert server.run("subscriber", "ping", "activities", "--wait")[0] == 0
    (arrival,) = at(sink, "/activities")
    (activity,) = json.loads(arrival.body)
    assert activity["ProspectActivityId"]


def test_a_handshake_makes_two_requests_and_writes_nothing(shared):
    server, sink = shared
    code, out, _ = server.run("subscriber", "ping", "shaken", "--handshake")
    assert code == 0, out
    assert [(each.method, each.body) for each in at(sink, "/shaken")] == [("HEAD", b""), ("POST", b"")]
    assert [each for each in server.history() if each["entityId"] == "shaken"] == []
