"""The secret store: references in, values out, and nothing shown on the way."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from hookwright.plugins.builtin.secrets.env import EnvSecrets
from hookwright.plugins.errors import BadReference, MissingSecret
from hookwright.plugins.secrets import SecretStore


class Source:
    """A source whose answer, or error, a test chooses."""

    name = "odd"
    schema: ClassVar = {}

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def resolve(self, reference: str) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


def test_a_reference_is_looked_up_in_its_source() -> None:
    store = SecretStore({"env": EnvSecrets({"A": "va", "B": "vb"})})
    assert (store({"env": "A"}), store.get("env", "B")) == ("va", "vb")


def test_every_value_handed_out_is_remembered_for_masking_even_after_it_changed() -> None:
    environ = {"A": "old"}
    store = SecretStore({"env": EnvSecrets(environ)})
    store({"env": "A"})
    environ["A"] = "new"
    store({"env": "A"})
    assert store.seen == {"old", "new"}


@pytest.mark.parametrize(
    "reference", [None, "env:A", {}, {"env": "A", "file": "b"}, {"env": 7}, {"env": None}, ["env"]]
)
def test_what_is_no_reference_is_refused(reference: Any) -> None:
    with pytest.raises(BadReference):
        SecretStore({"env": EnvSecrets({})})(reference)


def test_an_unknown_source_is_told_with_the_known_ones() -> None:
    with pytest.raises(BadReference, match=r"no secret source 'vault' \(there are: env\)"):
        SecretStore({"env": EnvSecrets({})})({"vault": "x"})


@pytest.mark.parametrize("answer", ["", None, 7, b"bytes", RuntimeError("s3cret"), OSError("s3cret")])
def test_a_source_that_fails_or_answers_nonsense_is_a_missing_secret_that_shows_nothing(answer: Any) -> None:
    with pytest.raises(MissingSecret) as caught:
        SecretStore({"odd": Source(answer)})({"odd": "name"})
    assert "{odd: name}" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.source == "odd"


def test_printing_the_store_shows_sources_only() -> None:
    store = SecretStore({"env": EnvSecrets({"A": "s3cret"})})
    store({"env": "A"})
    assert repr(store) == "SecretStore(env)"
