"""The basic injector."""

from __future__ import annotations

import base64
import re
from typing import ClassVar

import pytest
import requests.auth

from hookwright.plugins.builtin.auth.basic import BasicInjector
from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import ATTEMPT, InjectorContract, bare_request


class TestContract(InjectorContract):
    config: ClassVar = {"user": "erp", "password": {"env": "PASSWORD"}}
    secrets: ClassVar = {"PASSWORD": "pa:ss wörd"}

    def make(self) -> Injector:
        return BasicInjector()


class TestContractWithASecretUser(InjectorContract):
    config: ClassVar = {"user": {"env": "USER"}, "password": {"env": "PASSWORD"}}
    secrets: ClassVar = {"USER": "secret-user", "PASSWORD": "s3cret"}

    def make(self) -> Injector:
        return BasicInjector()


def _header(user: str, password: str) -> str:
    request = bare_request()
    config: ClassVar = {"user": user, "password": {"env": "P"}}
    BasicInjector().build(config, lambda _: password)(request, ATTEMPT)
    return request.headers["Authorization"]


def test_it_says_what_requests_says() -> None:
    ours = _header("erp", "pa:ss")
    theirs = requests.auth.HTTPBasicAuth("erp", "pa:ss")(bare_request()).headers["Authorization"]
    assert ours == theirs


def test_credentials_are_utf8() -> None:
    scheme, _, encoded = _header("jürgen", "gehéim€").partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(encoded).decode() == "jürgen:gehéim€"


@pytest.mark.parametrize(
    ("user", "password"), [("a:b", "zq7"), ("a", "zq\n7"), ("a\r", "zq7"), ("a", "\ud800x")]
)
def test_what_basic_cannot_say_is_refused_without_the_password(user: str, password: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        _header(user, password)
    assert password not in str(caught.value)


@pytest.mark.parametrize("user", ["a:b", "a\r", "a\0"])
def test_a_user_that_basic_cannot_say_is_refused_by_the_schema(user: str) -> None:
    schema = BasicInjector.schema["properties"]["user"]
    assert re.search(schema["pattern"], "erp\u00fc, inc")
    assert not re.search(schema["pattern"], user)
