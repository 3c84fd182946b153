"""The file of the API's webhooks: what is kept is what was sent, in one order, and fit for git."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.interfaces.api_file import HEADER, read_webhooks, to_text, write_webhooks
from hookwright.interfaces.live import webhooks_in
from hookwright.rules.beside import load_beside
from hookwright.rules.load import load, load_nothing
from hookwright.schemas.document import parse

# Words that YAML of some version takes for something else.
WORDS = st.sampled_from(
    ["on", "no", "010", "1:30", "~", "1e3", "0x1F", "", "null", "true", " a", "a: b", "ß #", "\n"]
)
LEAVES = st.lists(WORDS | st.integers() | st.booleans() | st.none(), min_size=1)
VALID = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["Lead_Post_Create", ["Task_*", "Lead_Delete"], "Lead Creation"]),
        "url": st.sampled_from(["https://a.example/?a=1#f", "http://127.0.0.1:1/x"]),
    },
    optional={
        "description": WORDS,
        "labels": st.dictionaries(st.sampled_from(["on", "no", "y"]), WORDS, max_size=2),
        "match": st.dictionaries(WORDS.filter(bool), LEAVES, min_size=1, max_size=2),
        "query": st.dictionaries(WORDS.filter(bool), WORDS.filter(str.isprintable), max_size=2),
        "delay": st.sampled_from(["30s", "1h30m"]),
        "success": st.sampled_from([200, "2xx", [200, 204]]),
        "retry": st.sampled_from([{"attempts": 2, "multiplier": 1.5}, {"schedule": ["1s"]}]),
        "enabled": st.booleans(),
        "entity_params": st.booleans(),
    },
)


@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True), VALID, max_size=4))
def test_any_valid_webhook_is_read_as_it_was_sent(sent):
    webhooks = {name: {"id": name, **webhook} for name, webhook in sent.items()}
    reading = parse(to_text(webhooks.values()).encode(), name="w.yaml")
    assert reading.problems == ()
    assert webhooks_in(reading.document) == webhooks
    assert list(webhooks_in(reading.document)) == sorted(webhooks)
    assert [str(each) for each in load_beside(reading.document, load_nothing().source).errors] == []


@given(st.permutations([{"id": "b", "url": "u", "event": "e"}, {"id": "a", "event": "e"}, {"id": "c"}]))
def test_one_set_of_webhooks_is_one_text(webhooks):
    text = to_text(webhooks)
    assert text == to_text([dict(reversed(each.items())) for each in reversed(webhooks)])
    assert text.startswith(HEADER)


def test_keys_stand_in_the_order_of_the_reference():
    webhook = {"timeout": "1s", "url": "u", "zeta": 1, "event": "e", "description": "d", "id": "a"}
    body = to_text([webhook]).removeprefix(HEADER)
    assert body == (
        "version: 1\n"
        "webhooks:\n"
        "  - id: a\n"
        "    description: d\n"
        "    event: e\n"
        "    url: u\n"
        "    timeout: 1s\n"
        "    zeta: 1\n"
    )


def test_the_file_is_private_and_a_bundle_of_its_own(tmp_path):
    path = tmp_path / "api" / "webhooks.yaml"
    hook = {"id": "a", "event": "Lead_Post_Create", "url": "https://a.example/"}
    write_webhooks(path, to_text([hook]))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.id for each in load(path).model.subscribers] == ["a"]
    write_webhooks(path, None)
    write_webhooks(path, None)
    assert read_webhooks(path).document.value == {"version": 1}


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    path = tmp_path / "webhooks.yaml"
    path.mkdir()
    (problem,) = read_webhooks(path).problems
    assert problem.code == "HW110"


def test_what_cannot_be_written_leaves_what_there_was(tmp_path):
    path = tmp_path / "api" / "webhooks.yaml"
    write_webhooks(path, "version: 1\n")
    with pytest.raises(UnicodeEncodeError):
        write_webhooks(path, "\ud800")
    assert path.read_text() == "version: 1\n"
