"""OAuth 2.0 keeps the contract of injectors; tests/engine/call/test_tokens.py fetches tokens with it."""

from __future__ import annotations

from typing import ClassVar

from hookwright.plugins.builtin.auth.oauth2 import OAuth2Injector
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import InjectorContract


class TestContract(InjectorContract):
    config: ClassVar = {
        "token_url": "https://login.example.com/token",
        "client_id": {"env": "CLIENT"},
        "client_secret": {"env": "SECRET"},
    }
    secrets: ClassVar = {"CLIENT": "hookwright", "SECRET": "cl1ent-s3cret"}

    def make(self) -> Injector:
        return OAuth2Injector()


def test_equal_configurations_share_a_token_and_other_secrets_do_not() -> None:
    def built(secret: str) -> object:
        return OAuth2Injector().build(TestContract.config, lambda _: secret)

    assert built("a") == built("a")
    assert built("a") != built("b")
