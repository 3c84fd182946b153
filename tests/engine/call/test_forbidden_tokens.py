"""Tokens are fetched from no forbidden URL, whatever their configuration says."""

from __future__ import annotations

import threading

import pytest

from hookwright.engine.call.guard import Policy, judge
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.tokens import Fetching, NoToken, Tokens
from hookwright.engine.call.transport import select
from hookwright.plugins.builtin.auth.oauth2 import OAuth2Injector

from ..forbidden import URLS, connects_of, look_up


@pytest.fixture(scope="module")
def tokens():
    policy = Policy()
    resolver = Resolver(policy, lookup=look_up)
    transport = select("auto", lambda *at: judge(*at, policy))
    yield Tokens(resolver, transport)
    transport.close()
    resolver.close()


@pytest.mark.parametrize("url", URLS)
def test_no_token_is_asked_for_at_a_forbidden_url(url, tokens):
    config = {"token_url": url, "client_id": "hw", "client_secret": {"env": "S"}}
    found = []

    def ask() -> None:
        grant = OAuth2Injector().build(config, lambda _: "s3cret")
        answer = tokens.find(grant)
        if isinstance(answer, Fetching):
            over = threading.Event()
            answer.when_over(over.set)
            assert over.wait(10)
            answer = tokens.find(grant)
        found.append(answer)

    assert connects_of(ask, "transport", "resolve") == []
    assert isinstance(found[0], NoToken)
    assert found[0].blocked
