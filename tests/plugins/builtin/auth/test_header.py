"""The header injector."""

from __future__ import annotations

from typing import ClassVar

import jsonschema
import pytest

from hookwright.plugins.builtin.auth.header import HeaderInjector
from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import ATTEMPT, InjectorContract, bare_request


class TestContract(InjectorContract):
    config: ClassVar = {"name": "X-Api-Key", "value": {"env": "KEY"}}
    secrets: ClassVar = {"KEY": "k-123"}

    def make(self) -> Injector:
        return HeaderInjector()


def test_the_secret_stands_under_the_name_given() -> None:
    request = bare_request()
    HeaderInjector().build({"name": "X-Api-Key", "value": {"env": "K"}}, lambda _: "k-1")(request, ATTEMPT)
    assert request.headers["x-api-key"] == "k-1"


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "webhook-id", "Webhook-Timestamp"]
)
def test_headers_hookwright_writes_itself_cannot_be_taken_over(name: str) -> None:
    schema = HeaderInjector.schema["properties"]["name"]
    assert not jsonschema.Draft202012Validator(schema).is_valid(name)
    with pytest.raises(InvalidHeader, match="Hookwright itself"):
        HeaderInjector().build({"name": name, "value": {"env": "K"}}, lambda _: "k")


@pytest.mark.parametrize("name", ["", "X Key", "X:Key", "X\r\nY", "Schlüssel"])
def test_a_name_that_is_no_token_is_refused_by_the_schema_and_by_the_injector(name: str) -> None:
    schema = HeaderInjector.schema["properties"]["name"]
    assert not jsonschema.Draft202012Validator(schema).is_valid(name)
    with pytest.raises(InvalidHeader, match="is not a header name"):
        HeaderInjector().build({"name": name, "value": {"env": "K"}}, lambda _: "k")
