"""The handshake, over both transports: HEAD, then a request without data, each explained."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.worker.handshake import Handshake
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.model import (
    Action,
    EntityType,
    Model,
    SecretReference,
    Subscriber,
    Target,
    endpoint_name,
)
from hookwright.schemas.problem import Place

OPEN = Policy((Allowed.parse("127.0.0.0/8"),))


class Server(ThreadingHTTPServer):
    """Answers each method by `answers`; keeps the requests."""

    answers: dict[str, tuple[int, bytes]]
    requests: list[tuple[str, str, dict[str, str], bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers, body))
        code, content = self.server.answers.get(self.command, (405, b""))
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_POST = do_GET = _answer  # noqa: N815  # the library's names

    def log_message(self, *_: object) -> None:
        """Not on the terminal of the tests."""


@pytest.fixture
def server():
    made = Server(("127.0.0.1", 0), Handler)
    made.requests = []
    made.answers = {"HEAD": (200, b""), "POST": (200, b'{"Status":"Success","StatusReason":""}')}
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(params=["curl", "requests"])
def shake(request, monkeypatch):
    monkeypatch.setenv("HANDSHAKE_KEY", "s3cret-key")
    made = []

    def run(url: str, policy: Policy = OPEN, **target):
        handshake = Handshake(policy, load_plugins(allow=()), transport=request.param)
        made.append(handshake)
        headers = (("X-Api-Key", SecretReference("env", "HANDSHAKE_KEY")), ("X-Team", "growth"))
        kind = EntityType.WEBHOOK
        action = Action(endpoint_name(kind, "a", ""), "", Target(url, headers=headers, **target))
        subscriber = Subscriber(kind, "a", ("Lead_Post_Create",), (action,), Place("a.yaml", 1, 1))
        types = frozenset({"Lead_Post_Create"})
        table = compile_table(Model("b", "leadsquared", "sha256:r", (subscriber,), types))
        (found,) = handshake.shake(table, subscriber, subscriber.actions)
        return found

    yield run
    for each in made:
        each.close()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/in?team=7"


def test_a_receiver_that_does_as_asked_passes(shake, server):
    found = shake(url(server))
    assert found.ok
    assert [(each.request, each.ok, each.code, each.advice) for each in found.checks] == [
        ("HEAD", True, 200, ""),
        ("empty POST", True, 200, ""),
    ]
    assert found.checks[1].verdict.status == "Success"
    (head, target, headers, body), (post, *_, empty) = server.requests
    assert (head, post, body, empty) == ("HEAD", "POST", b"", b"")
    assert target == "/in?team=7&entityType=webhook&entityId=a&eventType=Lead_Post_Create"
    assert (headers["x-api-key"], headers["x-team"]) == ("s3cret-key", "growth")
    assert headers["hookwright-test"] == "true"
    assert "s3cret-key" not in repr(found)


@pytest.mark.parametrize(("code", "ok"), [(200, True), (204, True), (301, False), (405, False), (500, False)])
def test_head_may_be_any_2xx(shake, server, code, ok):
    server.answers["HEAD"] = (code, b"")
    found = shake(url(server)).checks[0]
    assert (found.ok, found.code, bool(found.advice)) == (ok, code, not ok)
    assert found.advice.startswith("it does not know HEAD: answer HEAD with 200") == (code == 405)


@pytest.mark.parametrize(("code", "ok"), [(200, True), (204, False), (400, False), (500, False)])
def test_an_empty_request_is_answered_with_200_exactly(shake, server, code, ok):
    server.answers["POST"] = (code, b"")
    found = shake(url(server)).checks[1]
    assert (found.ok, found.code) == (ok, code)
    assert found.advice.startswith("fine; better still" if ok else "answer empty POST with 200")


def test_what_the_receiver_says_of_itself_is_shown_masked(shake, server):
    server.answers["POST"] = (200, b'{"Status":"Error","StatusReason":"unknown key s3cret-key"}')
    found = shake(url(server)).checks[1]
    assert (found.verdict.status, found.verdict.reason) == ("Error", "unknown key [redacted]")


def test_an_endpoint_that_is_called_with_get_is_checked_with_get(shake, server):
    server.answers["GET"] = (200, b"")
    found = shake(
        url(server), method="GET", encoder="query", content_type="application/x-www-form-urlencoded"
    )
    assert [(each.request, each.code) for each in found.checks] == [("HEAD", 200), ("empty GET", 200)]
    assert [each[0] for each in server.requests] == ["HEAD", "GET"]


def test_a_private_address_is_refused_like_every_call(shake, server):
    found = shake(url(server), Policy())
    assert "--allow-target" in found.checks[0].reason
    assert [(each.ok, each.code, each.error) for each in found.checks] == [
        (False, None, "blocked_target")
    ] * 2
    assert server.requests == []


def test_nobody_there_is_told_and_no_exception(shake, server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = shake(f"http://127.0.0.1:{port}/")
    assert [(each.ok, each.error) for each in found.checks] == [(False, "connect")] * 2
    assert {each.advice for each in found.checks} == {"nobody answers there as a web server does"}


def test_a_missing_secret_is_told_and_nothing_is_sent(shake, server, monkeypatch):
    monkeypatch.delenv("HANDSHAKE_KEY")
    found = shake(url(server))
    assert (found.ok, found.url) == (False, "")
    assert {(each.error, each.advice) for each in found.checks} == {
        ("not_ready", "nothing was sent: mend this first")
    }
    assert server.requests == []
