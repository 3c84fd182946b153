"""Calls with a fetched token: they wait for it, hold up nobody, and get another one when it is refused."""

from __future__ import annotations

import threading

import pytest

from hookwright.engine.call.guard import Allowed, Policy, judge
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.tokens import SETTLED, Tokens
from hookwright.engine.call.transport import select
from hookwright.engine.worker.published import loader

LOOPBACK = Policy(allow=(Allowed.parse("127.0.0.0/8"),))


class Clock:
    now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def load(rig, clock, monkeypatch):
    """Loads revisions whose calls carry tokens."""
    monkeypatch.setenv("CLIENT", "cl1ent-s3cret")
    resolver = Resolver(LOOPBACK)
    transport = select("auto", lambda *at: judge(*at, LOOPBACK))
    yield loader(rig.plugins, None, Tokens(resolver, transport, clock=clock))
    transport.close()
    resolver.close()


def oauth(server) -> str:
    return f'auth: {{type: oauth2, token_url: "{server.url}", client_id: hw, client_secret: {{env: CLIENT}}}}'


def test_many_calls_wait_for_one_token_and_those_without_go_on(rig, load, run, until, token_server):
    token_server.gate.clear()
    sink, other = rig.sink(), rig.sink()
    rig.publish(crm=f"{sink.url}, concurrency: 16, {oauth(token_server)}", plain=other.url)
    rig.offer("crm", 10)
    run(rig.drain(load=load))
    until(lambda: token_server.asked)
    rig.offer("plain", 3)
    until(lambda: len(other.arrivals) == 3)
    assert sink.arrivals == []
    token_server.gate.set()
    assert rig.settled(13)
    assert {arrival.header("Authorization") for arrival in sink.arrivals} == {"Bearer tok-1"}
    assert len(sink.arrivals) == 10
    assert len(token_server.asked) == 1
    assert {result.attempt for result in rig.booked} == {1}, "waiting for a token spends no try"


def test_a_token_that_was_good_and_is_refused_is_replaced_beyond_the_tries(rig, load, clock, token_server):
    warm, sink = rig.sink(), rig.sink(401, 200)
    rig.publish(
        warm=f"{warm.url}, {oauth(token_server)}",
        crm=f"{sink.url}, retry: {{attempts: 1}}, {oauth(token_server)}",
    )
    rig.offer("warm")
    rig.drain(load=load).run()
    clock.now += SETTLED
    rig.offer("crm")
    rig.drain(load=load).run()
    assert [result.outcome for result in rig.book()] == ["success", "retry", "success"]
    assert rig.booked[1].reason == "status 401; the next try has a new token"
    tokens = [arrival.header("Authorization") for arrival in (*warm.arrivals, *sink.arrivals)]
    assert tokens == ["Bearer tok-1", "Bearer tok-1", "Bearer tok-2"]


def test_a_receiver_that_refuses_every_token_is_no_reason_to_go_on(rig, load, token_server):
    sink = rig.sink(401)
    rig.publish(crm=f"{sink.url}, retry: {{attempts: 2, initial: 20ms}}, {oauth(token_server)}")
    rig.offer("crm")
    rig.drain(load=load).run()
    assert [result.outcome for result in rig.book()] == ["retry", "failure"]
    assert len(token_server.asked) == 1


def test_without_a_token_the_call_is_held_and_spends_no_try(rig, load, run, until, token_server):
    token_server.answer(401, {"error": "invalid_client", "error_description": "cl1ent-s3cret"})
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, {oauth(token_server)}")
    rig.offer("crm")
    run(rig.drain(load=load))
    until(rig.book)
    (result,) = rig.booked
    assert (result.outcome, result.error) == ("held", "not_ready")
    assert result.reason == "the token server answered 401 (invalid_client)"
    assert sink.arrivals == []


def test_a_token_that_is_echoed_is_not_recorded(rig, load, token_server):
    token_server.answer(200, {"access_token": "t0ken-of-the-server", "expires_in": 60})
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, {oauth(token_server)}")
    rig.offer("crm")
    rig.drain(load=load).run()
    (result,) = rig.book()
    assert sink.arrivals[0].header("Authorization") == "Bearer t0ken-of-the-server"
    assert "t0ken" not in repr(result)
    assert ("Authorization", "[redacted]") in result.request.headers


def test_a_stop_does_not_wait_for_a_token(rig, load, run, until, token_server):
    token_server.gate.clear()
    sink = rig.sink()
    rig.publish(crm=f"{sink.url}, {oauth(token_server)}")
    rig.offer("crm")
    drain = rig.drain(load=load, grace=0.1)
    running = run(drain)
    until(lambda: token_server.asked)
    threading.Timer(0.3, token_server.gate.set).start()
    drain.stop()
    assert running.ended()
    assert sink.arrivals == []
