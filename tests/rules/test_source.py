from __future__ import annotations

import json

import pytest

from hookwright.rules.errors import SourceError
from hookwright.rules.source import Source, from_json
from hookwright.schemas.problem import Place

CONTENT = {"webhooks": [{"id": "a", "event": "Lead_Post_Create", "url": "https://example.com"}]}


def source(**changes) -> Source:
    fields = {"bundle": "crm", "preset": "leadsquared", "preset_version": 1, "content": CONTENT}
    return Source(**{**fields, **changes})


def test_the_revision_is_a_sha256():
    revision = source().revision
    kind, _, digest = revision.partition(":")
    assert kind == "sha256"
    assert len(bytes.fromhex(digest)) == 32


def test_the_revision_never_changes_between_versions_of_this_program():
    # Frozen on purpose: another digest here makes every installation see a change that is none.
    assert source().revision == "sha256:da35ba8fc92e0bd7d82b0afbc1c31e94a9492655f4a29673aeda047d1914da1f"


def test_what_is_not_meaning_does_not_count():
    plain = source().revision
    assert source(places={"a": Place("x.yaml", 9, 1)}).revision == plain
    assert source(encoders={"json": ("application/json",)}).revision == plain
    assert source(bundle="another-folder").revision == plain
    assert source(allow_undeclared_events=True).revision == plain
    shuffled = {"webhooks": [{"url": "https://example.com", "id": "a", "event": "Lead_Post_Create"}]}
    assert source(content=shuffled).revision == plain


@pytest.mark.parametrize(
    "changes",
    [
        {"preset_version": 2},
        {"preset": "standard"},
        {"content": {}},
        {"content": {**CONTENT, "defaults": {"delay": "1s"}}},
        {"files": {"ca.pem": "text"}},
    ],
)
def test_what_is_meaning_counts(changes):
    assert source(**changes).revision != source().revision


def test_a_published_source_comes_back_the_same():
    before = source(
        places={"a": Place("x.yaml", 9, 1)},
        encoders={"json": ("application/json",)},
        content={"webhooks": [{"id": "ü\ud800", "match": {"n": [2**80, 0.1, None, True]}}]},
        allow_undeclared_events=True,
    )
    after = from_json(before.to_json())
    assert after == before
    assert after.places == before.places
    assert after.revision == before.revision
    assert after.to_json() == before.to_json()


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"{", b"\xff", b"null", b'{"format":1}'])
def test_other_bytes_are_refused(text):
    with pytest.raises(SourceError):
        from_json(text)


def test_a_later_format_is_refused_by_name():
    fields = json.loads(source().to_json())
    with pytest.raises(SourceError, match="a source of format 3; this version reads 1 and 2"):
        from_json(json.dumps({**fields, "format": 3}).encode())
