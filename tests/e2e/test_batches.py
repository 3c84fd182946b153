"""Batches on a real server: grouped, sent whole, retried whole, and never lost with a process."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest

BUNDLE = """
version: 1
defaults: {{retry: {{attempts: 3, initial: 200ms, multiplier: 1}}}}
events:
  - {{type: t.window}}
  - {{type: t.full}}
  - {{type: t.key}}
  - {{type: t.flaky}}
  - {{type: t.form}}
  - {{type: t.large}}
webhooks:
  - {{id: window, event: t.window, url: "{url}/window", batch: {{window: 1s}}}}
  - {{id: full, event: t.full, url: "{url}/full", batch: {{window: 1h, max_events: 2}}}}
  - {{id: key, event: t.key, url: "{url}/key", batch: {{window: 1s, key: data.team}}}}
  - {{id: flaky, event: t.flaky, url: "{url}/flaky", batch: {{window: 500ms}}}}
  - id: form
    event: t.form
    url: "{url}/form"
    content_type: application/x-www-form-urlencoded
    batch: {{window: 500ms}}
  - {{id: large, event: t.large, url: "{url}/large", batch: {{window: 500ms}}}}
"""
ONE = """
version: 1
webhooks:
  - {{id: activities, event: LeadActivity_Post_Create, url: "{url}/in", batch: {{window: {window}}}}}
"""


def emit(server, kind, *numbers, batched=True, **fields):
    """One event a number; the deliveries they led to."""
    found = []
    for number in numbers:
        event = {"type": kind, "id": f"{kind}-{number}", "data": {"n": number, **fields}}
        status, said = server.post(event)
        assert status == 202
        (delivery,) = said["deliveries"]
        assert delivery["batched"] is batched
        found.append(delivery["id"])
    return found


def ended(server, delivery):
    """Wait until a delivery, listed or not, is terminal; its row."""

    def row():
        with server.reader() as history:
            found = history.show(delivery)
        return found.row if found and found.row.status != "In Queue" else None

    return server.until(row)


def at(receiver, path):
    return [each for each in receiver.arrivals.all if each.path == path]


def numbers(arrival):
    return [each["n"] for each in json.loads(arrival.body)]


@pytest.fixture(scope="module")
def sink(module_receiver):
    return module_receiver(answers={"/flaky": (500, 200), "/large": (413,)})


@pytest.fixture(scope="module")
def server(module_serve, sink):
    return module_serve(BUNDLE.format(url=sink.url))


def test_the_events_of_a_window_arrive_as_one_list_and_the_history_tells_each(server, sink):
    members = emit(server, "t.window", 1, 2, 3)
    rows = [ended(server, each) for each in members]
    (arrival,) = at(sink, "/window")
    assert numbers(arrival) == [1, 2, 3]
    assert "entityType=webhook&entityId=window&eventType=t.window" in arrival.target
    assert arrival.header("content-type") == "application/json"
    (batch,) = [each for each in server.history() if each["entityId"] == "window"]
    assert (batch["kind"], batch["status"], batch["members"], batch["closed"]) == (
        "batch", "Success", 3, "window",
    )  # fmt: skip
    assert {(row.status, row.batch) for row in rows} == {("Success", batch["id"])}
    assert arrival.header("webhook-id") == batch["message"]


def test_a_batch_is_shown_with_its_members_and_a_member_with_its_batch(server, sink):
    members = emit(server, "t.window", 11, 12)
    batch = ended(server, members[0]).batch
    ended(server, batch)
    _, text, _ = server.run("history", "show", batch)
    assert all(each in text for each in members)
    assert "closed by window" in text
    assert '[{"n": 11},{"n": 12}]' in text
    _, text, _ = server.run("history", "show", members[1])
    assert f"went out in {batch}" in text
    shown, whole = server.show(members[1]), server.show(batch)
    assert json.loads(shown["body"]) == {"n": 12}
    assert [json.loads(each["request"]["body"]) for each in shown["attempts"]] == [[{"n": 11}, {"n": 12}]]
    assert [each["eventId"] for each in whole["includes"]] == ["t.window-11", "t.window-12"]
    assert whole["origin"]["closed"] == "window"


def test_a_full_batch_does_not_wait_for_its_window(server, sink):
    members = emit(server, "t.full", 1, 2, 3, 4)
    assert {ended(server, each).status for each in members} == {"Success"}
    assert sorted(map(numbers, at(sink, "/full"))) == [[1, 2], [3, 4]]


def test_events_with_another_key_go_out_apart(server, sink):
    members = emit(server, "t.key", 1, 3, team="a") + emit(server, "t.key", 2, team=["b"])
    assert {ended(server, each).status for each in members} == {"Success"}
    assert sorted(map(numbers, at(sink, "/key"))) == [[1, 3], [2]]


def test_an_event_whose_key_cannot_be_computed_is_a_recorded_failure(server, sink):
    (alone,) = emit(server, "t.key", 9, batched=False)
    row = ended(server, alone)
    assert (row.status, row.error, row.reason) == (
        "Failure", "expression", 'batch.key: there is no field "team"',
    )  # fmt: skip
    assert 9 not in {n for each in at(sink, "/key") for n in numbers(each)}


def test_a_batch_is_tried_again_whole_with_the_same_bytes_and_id(server, sink):
    members = emit(server, "t.flaky", 1, 2)
    assert [(row.status, row.attempts) for row in (ended(server, each) for each in members)] == [
        ("Success", 2), ("Success", 2),
    ]  # fmt: skip
    first, second = at(sink, "/flaky")
    assert (first.status, second.status) == (500, 200)
    assert (first.body, first.header("webhook-id")) == (second.body, second.header("webhook-id"))
    assert numbers(first) == [1, 2]


def test_a_form_gets_the_items_of_the_list_numbered(server, sink):
    members = emit(server, "t.form", 1, 2, tags=["a", "b"])
    assert {ended(server, each).status for each in members} == {"Success"}
    (arrival,) = at(sink, "/form")
    assert arrival.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qsl(arrival.body.decode()) == [
        ("[0][n]", "1"), ("[0][tags]", "a"), ("[0][tags]", "b"),
        ("[1][n]", "2"), ("[1][tags]", "a"), ("[1][tags]", "b"),
    ]  # fmt: skip


def test_a_receiver_that_finds_it_too_large_makes_a_failure_that_names_the_members(server, sink):
    members = emit(server, "t.large", 1, 2)
    rows = [ended(server, each) for each in members]
    assert {(row.status, row.code, row.attempts) for row in rows} == {("Failure", 413, 3)}
    _, text, _ = server.run("history", "show", rows[0].batch)
    assert "Failure" in text
    assert all(each in text for each in (*members, "413", "t.large-1", "t.large-2"))


def test_a_sender_can_wait_for_what_is_batched(server, sink):
    code, out, err = server.run("emit", "-t", "t.window", "-d", '{"n": 77}', "--wait", "--fail")
    assert code == 0, err
    assert "Success" in out


@pytest.mark.parametrize(
    "how", ["serve", *(pytest.param(how, marks=pytest.mark.slow) for how in ("bookkeeper", "stop"))]
)
def test_what_dies_in_the_window_loses_and_doubles_nothing(how, serve, receiver):
    sink = receiver()
    server = serve(ONE.format(url=sink.url, window="3s"))
    members = emit(server, "LeadActivity_Post_Create", 1, 2)
    if how == "bookkeeper":
        (process,) = server.children(" bookkeeper ")
        process.kill()
    elif how == "serve":
        server.kill()
        server.start()
    else:
        assert server.stop() == 0
        assert sink.arrivals.all == [], "an open window stays open at the end"
        server.start()
    members += emit(server, "LeadActivity_Post_Create", 3)
    assert {ended(server, each).status for each in members} == {"Success"}
    found = [n for each in sink.arrivals.all for n in numbers(each)]
    assert sorted(found) == [1, 2, 3]
    lines = [line for line in server.journal() if line["kind"] == "batch"]
    assert sorted(each for line in lines for each in line["members"]) == sorted(members)
    assert members[:2] == lines[0]["members"][:2]


@pytest.mark.slow
def test_the_batch_of_a_subscriber_that_was_removed_is_cancelled_and_its_members_with_it(serve, receiver):
    sink = receiver()
    bundle = ONE.format(url=sink.url, window="2s")
    server = serve(bundle)
    members = emit(server, "LeadActivity_Post_Create", 1, 2)
    (server.config / "webhooks.yaml").write_text(bundle.replace("id: activities", "id: others"))
    rows = [ended(server, each) for each in members]
    assert {(row.status, row.reason) for row in rows} == {("Cancelled", "subscriber removed")}
    assert ended(server, rows[0].batch).status == "Cancelled"
    assert sink.arrivals.all == []


@pytest.mark.slow
def test_an_open_window_is_work_to_wait_for(serve, receiver):
    sink = receiver()
    server = serve(ONE.format(url=sink.url, window="2s"), arguments=["--exit-when-idle", "500ms"])
    emit(server, "LeadActivity_Post_Create", 1)
    assert server.process.wait(30) == 0
    assert [numbers(each) for each in sink.arrivals.all] == [[1]]


@pytest.mark.slow
def test_a_batch_of_a_subscriber_that_is_switched_off_waits_until_it_is_switched_on(serve, receiver):
    sink = receiver()
    server = serve(ONE.format(url=sink.url, window="500ms"), arguments=["--plugins", ""])
    (process,) = server.children(" bookkeeper ")
    assert process.cmdline()[-2:] == ["--plugins", ""], "it encodes with the plugins the server has"
    code, _, err = server.run("subscriber", "disable", "webhook/activities", "--reason", "moving")
    assert code == 0, err
    (member,) = emit(server, "LeadActivity_Post_Create", 1)
    (batch,) = server.until(lambda: [each for each in server.history() if each["kind"] == "batch"])
    for one in (batch["id"], member):
        shown = server.show(one)
        assert (shown["state"], shown["reason"]) == ("held", "disabled: moving")
    assert sink.arrivals.all == []
    code, _, err = server.run("subscriber", "enable", "webhook/activities")
    assert code == 0, err
    assert ended(server, member).status == "Success"
