"""Tokens come over the guarded wire, once for all who wait, and are renewed in time."""

from __future__ import annotations

import threading

import pytest

from hookwright.engine.call.guard import Allowed, Policy, judge
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.tokens import EARLY, FAILED_FOR, SETTLED, SPARE, Fetching, NoToken, Token, Tokens
from hookwright.engine.call.transport import select
from hookwright.plugins.builtin.auth.oauth2 import OAuth2Injector
from hookwright.plugins.errors import BadSecret
from hookwright.plugins.testing import ATTEMPT, bare_request

LOOPBACK = Policy(allow=(Allowed.parse("127.0.0.0/8"),))
SECRET = "cl1ent s3cret"


class Clock:
    now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(token_server):
    return token_server


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tokens(clock):
    yield from _tokens(clock, LOOPBACK)


@pytest.fixture
def closed_tokens(clock):
    """Of a worker that may not call this machine."""
    yield from _tokens(clock, Policy())


def _tokens(clock, policy):
    resolver = Resolver(policy)
    transport = select("auto", lambda *at: judge(*at, policy))
    yield Tokens(resolver, transport, clock=clock)
    transport.close()
    resolver.close()


def grant(server, **config):
    config = {"token_url": server.url, "client_id": "hw:1", "client_secret": {"env": "S"}, **config}
    return OAuth2Injector().build(config, lambda _: SECRET)


def found(tokens, grant):
    """What there is once nothing is under way any more."""
    answer = tokens.find(grant)
    if isinstance(answer, Fetching):
        over = threading.Event()
        answer.when_over(over.set)
        assert over.wait(10)
        answer = tokens.find(grant)
    return answer


def carried(token) -> str:
    assert isinstance(token, Token)
    request = bare_request()
    token.inject(request, ATTEMPT)
    return request.headers["Authorization"]


def test_a_token_is_asked_for_as_the_standard_says(server, tokens):
    asking = grant(server, scope="a b", audience="https://erp.example.com")
    assert carried(found(tokens, asking)) == "Bearer tok-1"
    ((headers, form),) = server.asked
    assert headers["Authorization"] == "Basic aHclM0ExOmNsMWVudCtzM2NyZXQ="  # "hw%3A1:cl1ent+s3cret"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["https://erp.example.com"],
    }


def test_the_client_can_prove_itself_in_the_body(server, tokens):
    found(tokens, grant(server, client_auth="post"))
    ((headers, form),) = server.asked
    assert "Authorization" not in headers
    assert (form["client_id"], form["client_secret"]) == (["hw:1"], [SECRET])


def test_many_who_need_it_at_once_ask_once(server, tokens):
    server.gate.clear()
    asking = grant(server)
    waiting = [tokens.find(grant(server)) for _ in range(50)]
    assert all(isinstance(one, Fetching) for one in waiting)
    over = threading.Barrier(51)
    for one in waiting:
        one.when_over(lambda: threading.Thread(target=over.wait, args=(10,)).start())
    server.gate.set()
    over.wait(10)
    assert carried(tokens.find(asking)) == "Bearer tok-1"
    assert len(server.asked) == 1


def test_it_is_renewed_while_it_still_serves_and_never_used_at_its_end(server, tokens, clock, until):
    asking = grant(server)
    first = found(tokens, asking)
    clock.now += 1000 - SPARE - EARLY - 1
    assert tokens.find(asking) is first
    assert len(server.asked) == 1
    clock.now += 2
    assert tokens.find(asking) is first
    until(lambda: tokens.find(asking) is not first)
    assert carried(tokens.find(asking)) == "Bearer tok-2"
    clock.now += 1000 - SPARE + 1
    assert isinstance(tokens.find(asking), Fetching)


def test_a_token_that_a_receiver_refuses_is_renewed_once_it_was_good(server, tokens, clock):
    asking = grant(server)
    first = found(tokens, asking)
    assert tokens.refused(first) is False
    assert tokens.find(asking) is first
    clock.now += SETTLED
    assert tokens.refused(first) is True
    second = found(tokens, asking)
    assert carried(second) == "Bearer tok-2"
    assert tokens.refused(first) is True  # another call with the old one: the new one stays
    assert tokens.find(asking) is second


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, {"error": "invalid_client"}, "answered 401 (invalid_client)"),
        (400, {"error": f"no {SECRET}"}, "answered 400"),
        (500, b"oops cl1ent s3cret", "answered 500"),
        (302, b"", "answered 302"),
        (200, b"<html>", "no usable access_token"),
        (200, b"[1]", "no usable access_token"),
        (200, {"access_token": ""}, "no usable access_token"),
        (200, {"access_token": "a\r\nb"}, "no usable access_token"),
        (200, {"access_token": "a€"}, "no header can carry"),
        (200, {"access_token": "a", "token_type": "mac"}, "no bearer token"),
        (200, b'{"access_token": "' + b"a" * 9000 + b'"}', "too long"),
        (200, b"[" * 5000, "no usable access_token"),
    ],
)
def test_what_is_no_token_is_told_without_quoting_it(server, tokens, clock, status, body, reason):
    asking = grant(server)
    server.answer(status, body, Location=server.url)
    answer = found(tokens, asking)
    assert isinstance(answer, NoToken)
    assert reason in answer.reason
    assert "s3cret" not in answer.reason
    assert tokens.find(asking) is answer, "nobody asks again at once"
    assert len(server.asked) == 1, "no redirect is followed"
    clock.now += FAILED_FOR
    assert carried(found(tokens, asking)) == "Bearer tok-2"


@pytest.mark.parametrize("life", ["3600", 1e99, -5, "soon", None, [1], True])
def test_how_long_it_lasts_may_be_said_badly(server, tokens, life):
    server.answer(200, {"access_token": "a", "token_type": "bearer", "expires_in": life})
    assert carried(found(tokens, grant(server))) == "Bearer a"


def test_a_token_server_that_may_not_be_called_is_not(server, closed_tokens):
    answer = found(closed_tokens, grant(server))
    assert isinstance(answer, NoToken)
    assert answer.blocked
    assert server.asked == []


def test_a_server_that_is_not_there_gives_none(server, tokens):
    server.stop()
    answer = found(tokens, grant(server))
    assert isinstance(answer, NoToken)
    assert answer.reason.startswith("the token server gave no answer (")


def test_nothing_shows_the_secret_or_the_token(server, tokens):
    asking = grant(server, client_auth="post")
    shown = repr(asking) + repr(found(tokens, asking))
    assert "s3cret" not in shown
    assert "tok-1" not in shown


@pytest.mark.parametrize("secret", ["a\nb", "\ud800", "a\x7f"])
def test_a_client_secret_that_was_copied_badly_is_named_and_not_shown(secret):
    with pytest.raises(BadSecret, match=r"secret \{env: S\}") as caught:
        OAuth2Injector().build(
            {"token_url": "https://a.example/", "client_id": "a", "client_secret": {"env": "S"}},
            lambda _: secret,
        )
    assert secret not in str(caught.value)
