"""Webhooks made over the API of a real server: delivered, changed, moved into git, there after a kill."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

GIT = """version: 1
bundle: e2e
events: [{{type: com.example.own}}]
webhooks:
  - {{id: from-git, event: Task_Create, url: "{url}/git"}}
"""


@pytest.fixture
def started(serve, receiver):
    sink = receiver()
    return serve(GIT.format(url=sink.url)), sink


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver):
    """A server and a receiver that tests share; each has taken away what it made, or uses ids of its own."""
    sink = module_receiver()
    return module_serve(GIT.format(url=sink.url)), sink


def ask(server, method, path="", body=None, **headers):
    """The status, the answer and its headers."""
    token = (server.state / "token").read_text().strip()
    given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/v1/webhooks{path}", raw, given, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def emit(server, kind="Lead_Post_Create"):
    status, said = server.post({"type": kind, "data": {"n": 1}})
    assert status == 202, said
    return [each["id"] for each in said["deliveries"]]


def git(server, text, sink):
    (server.config / "webhooks.yaml").write_text(text.format(url=sink.url))


def test_a_webhook_lives_and_dies_over_the_api(shared):
    server, sink = shared
    assert emit(server) == []
    hook = {"id": "leads", "event": "Lead_Post_Create", "url": f"{sink.url}/one", "headers": {"X-On": "no"}}
    status, said, _ = ask(server, "POST", body=hook)
    assert (status, said["bundle"]) == (201, "api")

    (first,) = emit(server)
    (arrival,) = sink.arrivals.of(server.ended(first))
    assert arrival.target.startswith("/one?entityType=webhook&entityId=leads")
    assert arrival.header("x-on") == "no"
    assert server.show(first)["place"] == f"{server.state}/api/webhooks.yaml:6"

    assert ask(server, "PUT", "/leads", {**hook, "url": f"{sink.url}/two"})[0] == 200
    (second,) = emit(server)
    (arrival,) = sink.arrivals.of(server.ended(second))
    assert arrival.target.startswith("/two?")

    assert ask(server, "DELETE", "/leads")[0] == 204
    assert emit(server) == []
    assert emit(server, "Task_Create") != []


@pytest.mark.slow
def test_open_deliveries_of_a_deleted_webhook_are_counted_and_cancelled(started, until):
    server, sink = started
    hook = {"id": "later", "event": "Lead_Post_Create", "url": f"{sink.url}/later", "delay": "3s"}
    assert ask(server, "POST", body=hook)[0] == 201
    (delivery,) = emit(server)
    until(lambda: [each["id"] for each in server.history()] == [delivery])
    status, _, headers = ask(server, "DELETE", "/later")
    assert (status, headers["Hookwright-Open-Deliveries"]) == (204, "1")
    assert server.ended(delivery).status == "Cancelled"
    assert sink.arrivals.all == []


@pytest.mark.slow
def test_what_was_made_is_there_after_a_kill(started):
    server, sink = started
    hook = {"id": "leads", "event": "com.example.own", "url": f"{sink.url}/own"}
    _, _, headers = ask(server, "POST", body=hook)
    server.kill()
    server.start()
    _, said, after = ask(server, "GET", "/leads")
    assert (said["url"], after["ETag"]) == (hook["url"], headers["ETag"])
    (delivery,) = emit(server, "com.example.own")
    assert server.ended(delivery).status == "Success"


def test_git_cannot_break_a_webhook_of_the_api_and_a_move_misses_nothing(shared, until):
    server, sink = shared
    hook = {"id": "leads", "event": "com.example.own", "url": f"{sink.url}/api", "delay": "4s"}
    assert ask(server, "POST", body=hook)[0] == 201
    (waiting,) = emit(server, "com.example.own")

    git(server, GIT.replace("events: [{{type: com.example.own}}]\n", ""), sink)
    until(lambda: "bundle_refused" in server.log.read_text())
    assert 'unknown event \\"com.example.own\\"' in server.log.read_text()
    assert "hookwright webhooks" in server.log.read_text()

    moved = GIT + '  - {{id: leads, event: com.example.own, url: "{url}/moved", delay: 1ms}}\n'
    git(server, moved, sink)
    until(lambda: 'duplicate id \\"leads\\"' in server.log.read_text())
    assert ask(server, "GET", "/leads")[1]["bundle"] == "api"
    status, _, headers = ask(server, "DELETE", "/leads")
    assert status == 204
    assert "Hookwright-Open-Deliveries" not in headers
    assert ask(server, "GET", "/leads")[1]["bundle"] == "e2e"

    (fresh,) = emit(server, "com.example.own")
    for delivery in (fresh, waiting):  # what was open is not cancelled: it goes where git says now
        row = server.ended(delivery)
        assert row.status == "Success"
        (arrival,) = sink.arrivals.of(row)
        assert arrival.target.startswith("/moved?")


def test_a_server_needs_no_bundle_of_git_but_takes_one_that_comes(serve, receiver, until):
    sink = receiver()
    server = serve(None)
    hook = {"id": "leads", "event": "Lead_Post_Create", "url": f"{sink.url}/alone"}
    assert ask(server, "POST", body=hook)[0] == 201
    (delivery,) = emit(server)
    assert server.ended(delivery).status == "Success"
    server.config.mkdir()
    git(server, GIT, sink)
    until(lambda: ask(server, "GET", "/from-git")[0] == 200)
    assert ask(server, "GET", "/leads")[0] == 200


def test_every_command_reaches_a_real_server(shared, tmp_path):
    server, sink = shared
    (tmp_path / "calls.yaml").write_text(f"id: calls\nevent: Task_Complete\nurl: {sink.url}/cli\n")
    assert server.run("webhooks", "create", "-f", str(tmp_path / "calls.yaml"))[:2] == (0, "calls\n")
    (delivery,) = emit(server, "Task_Complete")
    assert server.ended(delivery).status == "Success"
    assert "calls" in server.run("webhooks", "list")[1]
    exported = server.run("webhooks", "export")[1]
    assert server.run("webhooks", "delete", "calls")[0] == 0
    (server.config / "moved.yaml").write_text(exported)
    assert "url: " in exported
    token = server.run("token", "create", "crm", "--role", "emitter")[1].strip()
    assert token.startswith("hwt_")
    assert token not in server.log.read_text()
    assert (server.state / "token").read_text().strip() not in server.log.read_text()


@pytest.mark.slow
def test_while_redis_is_away_nothing_is_changed(serve, receiver, own_valkey, until):
    sink = receiver()
    server = serve(GIT.format(url=sink.url), environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url})
    hook = {"id": "leads", "event": "Lead_Post_Create", "url": f"{sink.url}/one"}
    assert ask(server, "POST", body=hook)[0] == 201
    kept = (server.state / "api" / "webhooks.yaml").read_bytes()
    own_valkey.kill()
    for method, path, body in (("POST", "", {**hook, "id": "more"}), ("DELETE", "/leads", None)):
        status, said, headers = ask(server, method, path, body)
        assert (status, headers["Retry-After"]) == (503, "1")
        assert "nothing was changed" in said["detail"]
    assert (server.state / "api" / "webhooks.yaml").read_bytes() == kept
    assert len(emit(server)) == 1  # events go on being taken in, by the table that was live
    own_valkey.start()
    until(lambda: ask(server, "DELETE", "/leads")[0] == 204)
    assert emit(server) == []
