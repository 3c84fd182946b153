"""The API key, in a header or in the query."""

from __future__ import annotations

from typing import ClassVar

import pytest

from hookwright.plugins.builtin.auth.api_key import APIKeyInjector
from hookwright.plugins.errors import BadSecret, InvalidHeader
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import ATTEMPT, InjectorContract, bare_request


class TestInAHeader(InjectorContract):
    config: ClassVar = {"name": "X-Api-Key", "key": {"env": "KEY"}}
    secrets: ClassVar = {"KEY": "k-123"}

    def make(self) -> Injector:
        return APIKeyInjector()


class TestInTheQuery(TestInAHeader):
    config: ClassVar = {"name": "api_key", "key": {"env": "KEY"}, "in": "query"}


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://a.test/x", "https://a.test/x?api%2Akey=a%26b%20%C3%BC"),
        ("https://a.test/x?team=7", "https://a.test/x?team=7&api%2Akey=a%26b%20%C3%BC"),
    ],
)
def test_in_the_query_it_comes_last_percent_encoded(url: str, sent: str) -> None:
    request = bare_request(url)
    config = {"name": "api*key", "key": {"env": "K"}, "in": "query"}
    APIKeyInjector().build(config, lambda _: "a&b ü")(request, ATTEMPT)
    assert request.url == sent


def test_a_key_that_is_no_text_is_named_and_not_shown() -> None:
    with pytest.raises(BadSecret, match="is not text"):
        APIKeyInjector().build({"name": "k", "key": {"env": "K"}, "in": "query"}, lambda _: "\ud800")


def test_headers_hookwright_writes_itself_cannot_be_taken_over() -> None:
    with pytest.raises(InvalidHeader, match="Hookwright itself"):
        APIKeyInjector().build({"name": "Webhook-Id", "key": {"env": "K"}}, lambda _: "k")
