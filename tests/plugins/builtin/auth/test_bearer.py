"""The bearer injector."""

from __future__ import annotations

from typing import ClassVar

import pytest

from hookwright.plugins.builtin.auth.bearer import BearerInjector
from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import ATTEMPT, InjectorContract, bare_request


class TestContract(InjectorContract):
    config: ClassVar = {"token": {"env": "TOKEN"}}
    secrets: ClassVar = {"TOKEN": "tok-123"}

    def make(self) -> Injector:
        return BearerInjector()


def test_the_token_stands_in_the_authorization_header() -> None:
    request = bare_request()
    BearerInjector().build({"token": {"env": "T"}}, lambda _: "tok-123")(request, ATTEMPT)
    assert request.headers["authorization"] == "Bearer tok-123"


def test_a_header_the_user_wrote_under_the_same_name_is_replaced_whatever_its_case() -> None:
    request = bare_request()
    request.headers["AUTHORIZATION"] = "Bearer old"
    BearerInjector().build({"token": {"env": "T"}}, lambda _: "new")(request, ATTEMPT)
    assert [value for name, value in request.headers.items() if name.lower() == "authorization"] == [
        "Bearer new"
    ]


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\n", "a\0b", "tokén€"])
def test_a_token_that_breaks_the_header_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        BearerInjector().build({"token": {"env": "T"}}, lambda _: token)
    assert token not in str(caught.value)
    assert "Authorization" in str(caught.value)
