"""Hookwright's own contract checks, over everything this package adds."""

import pytest

from hookwright.plugins.testing import (
    EncoderContract,
    InjectorContract,
    NotifierContract,
    SecretContract,
    check_plugin,
)
from hookwright_acme import plugin
from hookwright_acme.encoder import CSVEncoder
from hookwright_acme.injector import StampInjector
from hookwright_acme.notifier import JournalNotifier
from hookwright_acme.secrets import VARIABLE, INISecrets


def test_the_plugin_would_be_loaded():
    check_plugin(plugin)


class TestEncoder(EncoderContract):
    def make(self):
        return CSVEncoder()


class TestInjector(InjectorContract):
    config = {"key": {"acme": "erp.key"}}
    secrets = {"erp.key": "s3cret"}

    def make(self):
        return StampInjector()


class TestNotifier(NotifierContract):
    config = {"path": "notices.jsonl"}

    @pytest.fixture(autouse=True)
    def _apart(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def make(self):
        return JournalNotifier()


class TestSecrets(SecretContract):
    known = "erp.key"
    value = "100%-s3cret"
    missing = "erp.nothing"

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path, monkeypatch):
        file = tmp_path / "secrets.ini"
        file.write_text("[erp]\nkey = 100%-s3cret\nempty =\n")
        monkeypatch.setenv(VARIABLE, str(file))

    def make(self):
        return INISecrets()
