"""Certificates travel with the configuration, since workers have no files; keys never do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hookwright.rules.build import build
from hookwright.rules.errors import SourceError
from hookwright.rules.load import load
from hookwright.rules.model import SecretReference, Tls
from hookwright.rules.source import from_json

BUNDLE = Path(__file__).parent / "cases/ok/certificates"


@pytest.fixture
def loaded():
    return load(BUNDLE)


def test_a_worker_has_the_texts_without_the_files(loaded):
    model = build(from_json(loaded.source.to_json()))
    text = (BUNDLE / "ca.pem").read_text()
    first, second = (subscriber.actions[0].target.tls for subscriber in model.subscribers)
    assert first == Tls(text)
    assert second == Tls(text, text, SecretReference("file", "client-key"))


def test_another_certificate_is_another_revision(loaded):
    assert loaded.files == (BUNDLE / "ca.pem",)
    changed = replace(loaded.source, files={"ca.pem": "another"})
    assert changed.revision != loaded.source.revision


def test_a_configuration_that_lost_its_certificates_is_refused(loaded):
    with pytest.raises((LookupError, SourceError)):
        build(replace(loaded.source, files={}))


def test_verification_cannot_be_switched_off(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "version: 1\nwebhooks: [{id: a, event: Task_Create, url: 'https://a.test/', tls: {verify: false}}]"
    )
    assert [problem.code for problem in load(tmp_path).errors] == ["HW012"]
