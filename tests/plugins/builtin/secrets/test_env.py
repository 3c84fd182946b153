"""The `env` secret source."""

from __future__ import annotations

import pytest

from hookwright.plugins.builtin.secrets.env import EnvSecrets
from hookwright.plugins.errors import BadReference, MissingSecret
from hookwright.plugins.hookspecs import SecretSource
from hookwright.plugins.testing import SecretContract


class TestContract(SecretContract):
    known = "ERP_KEY"
    value = "v-4711"
    missing = "NOT_THERE"

    def make(self) -> SecretSource:
        return EnvSecrets({"ERP_KEY": "v-4711", "EMPTY": ""})


def test_it_reads_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    source = EnvSecrets()
    monkeypatch.setenv("HW_TEST_KEY", "one")
    assert source.resolve("HW_TEST_KEY") == "one"
    monkeypatch.setenv("HW_TEST_KEY", "two")
    assert source.resolve("HW_TEST_KEY") == "two"


def test_empty_is_missing() -> None:
    with pytest.raises(MissingSecret, match=r"\{env: EMPTY\}: the environment variable is empty"):
        EnvSecrets({"EMPTY": ""}).resolve("EMPTY")


@pytest.mark.parametrize("name", ["A=B", "1A", "A-B", "A B", "A\nB"])
def test_what_is_no_variable_name_is_a_bad_reference(name: str) -> None:
    with pytest.raises(BadReference):
        EnvSecrets({name: "x"}).resolve(name)
