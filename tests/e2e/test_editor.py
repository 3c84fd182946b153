"""What people see in their editors: the schema in the real YAML language server, asked as an editor asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hookwright.schemas.catalogue import load_catalogue

from .editor import Editor

pytestmark = pytest.mark.interop

SERVER = Path(__file__).parent / "interop/node_modules/.bin/yaml-language-server"
MODELINE = "# yaml-language-server: $schema=./.hookwright/config.schema.json\nversion: 1\n"
WEBHOOK = MODELINE + "webhooks:\n  - id: leads\n    "
GOOD = WEBHOOK + "event: Lead_Post_Create\n    url: https://example.com/hook\n    "


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """An editor that is open on a folder where `hookwright schema --write` has been run."""
    folder = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "-m", "hookwright", "schema", "--write"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    opened = Editor([str(SERVER), "--stdio"], folder)
    yield opened
    opened.close()


def test_the_keys_of_a_file_are_offered(editor):
    offered = editor.complete(MODELINE + "|\n")
    assert {"webhooks", "rules", "defaults", "notifiers", "events", "preset", "bundle"} <= set(offered)
    assert "version" not in offered  # it is there


def test_a_list_of_webhooks_begins_with_a_whole_one(editor):
    (entry,) = editor.complete(MODELINE + "webhooks:\n  |\n").values()
    first, *others = entry["insertText"].split("\n")
    assert first.startswith("- id: ")
    assert [line.split(":")[0].strip() for line in others] == ["event", "url"]


def test_the_keys_of_a_webhook_are_offered_with_what_they_mean(editor):
    offered = editor.complete(WEBHOOK + "|\n")
    assert {"event", "url", "match", "headers", "auth", "retry", "batch", "delay", "method"} <= set(offered)
    assert "id" not in offered
    assert offered["event"]["insertText"].rstrip() == "event:"
    assert "URL" in str(offered["url"]["documentation"]) or "call" in str(offered["url"]["documentation"])


def test_what_is_not_supported_yet_is_not_offered(editor):
    assert "sources" not in editor.complete(MODELINE + "|\n")


@pytest.mark.parametrize("text", ["event: |\n", "event: Lead|\n", "event:\n      - |\n", "event: [|]\n"])
def test_the_event_types_of_the_catalogue_are_offered(editor, text):
    offered = editor.complete(WEBHOOK + text)
    assert set(load_catalogue().by_type) <= set(offered)
    assert "Lead Creation" in str(offered["Lead_Post_Create"]["documentation"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("method: |", {"POST", "PUT", "PATCH", "GET", "DELETE"}),
        ("content_type: |", {"application/json", "application/x-www-form-urlencoded", "text/plain"}),
        ("encoder: |", {"form", "json", "text"}),
        ("enabled: |", {"true", "false"}),
        ("timeout: |", {"15s"}),
        ("auth:\n      type: |", {"basic", "bearer", "header"}),
        ("auth:\n      type: bearer\n      |", {"token"}),
        ("auth:\n      type: bearer\n      token:\n        |", {"{env: ERP_TOKEN}", "{file: erp-token}"}),
        ("headers:\n      X-Api-Key: |", {"{env: ERP_KEY}", "{file: erp-token}"}),
        ("retry:\n      |", {"attempts", "initial", "multiplier", "max", "schedule"}),
        ("batch:\n      |", {"window", "max_events", "max_bytes", "key"}),
        ("match:\n      Stage:\n        - |", {"prefix", "anything-but", "number", "exists", "wildcard"}),
        ("match:\n      After:\n        Stage:\n          - |", {"prefix", "cidr"}),
    ],
)
def test_values_are_offered_where_a_person_would_ask(editor, text, expected):
    offered = editor.complete(WEBHOOK + text + "\n")
    assert expected <= set(offered)
    assert not any("object Object" in f"{label} {item['insertText']}" for label, item in offered.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("preset: |\n", {"leadsquared"}),
        ("notifiers:\n  - id: admins\n    type: |\n", {"email", "log", "slack", "webhook"}),
        ("notifiers:\n  - id: admins\n    type: email\n    |\n", {"from", "to", "smtp"}),
        ("rules:\n  - id: big\n    actions:\n      - |\n", {"post"}),
        ("rules:\n  - id: big\n    actions:\n      - post:\n          |\n", {"url", "headers", "encoder"}),
        ("defaults:\n  |\n", {"retry", "timeout", "headers"}),
    ],
)
def test_other_parts_of_a_file_are_offered_as_well(editor, text, expected):
    assert expected <= set(editor.complete(MODELINE + text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ev|ent: Lead_Post_Create\n", ["The events to act on", "Lead_*"]),
        ("del|ay: 30s\n", ["30s"]),
        ("auth: {type: bearer, to|ken: {env: A}}\n", ["Where the token stands.", "env: ERP_TOKEN"]),
    ],
)
def test_keys_are_explained(editor, text, expected):
    shown = editor.hover(WEBHOOK + text)
    assert [words for words in expected if words not in shown] == []
    assert "Hookwright bundle file" not in shown


def test_a_good_file_is_left_alone(editor):
    example = Path(__file__).parent.parent.parent / "webhooks.example.yaml"
    assert editor.open(MODELINE.partition("\n")[0] + "\n" + example.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("urll: x\n", (7, 4), "urll is not allowed"),
        ("method: SEND\n", (7, 12), '"POST", "PUT"'),
        ("timeout: 30\n", (7, 13), 'Expected "string"'),
        ("auth: {type: bearer, token: abc}\n", (7, 32), 'Expected "object"'),
    ],
)
def test_a_mistake_is_underlined(editor, text, place, message):
    (found,) = editor.open(GOOD + text)
    assert (found["range"]["start"]["line"] + 1, found["range"]["start"]["character"]) == place
    assert message in found["message"]


def test_what_is_not_supported_yet_is_said_to_be_so(editor):
    (found,) = editor.open(MODELINE + "sources: []\n")
    assert "Not supported yet" in found["message"]
