"""What only shows what would be sent connects to nobody, whatever the URLs say."""

from __future__ import annotations

import json

import pytest

from ...engine.forbidden import URLS, connects_of

HOOKS = [
    {"id": f"h{number}", "event": "Lead_Post_Create", "url": url, "headers": {"X-A": "b"}}
    for number, url in enumerate(url for url in URLS if url.startswith("http://") and url.isprintable())
]
COMMANDS = [
    ("validate",),
    ("explain", "-t", "Lead_Post_Create", "--render"),
    ("explain", "-t", "Lead_Post_Create", "--all", "-o", "json"),
    ("emit", "-t", "Lead_Post_Create", "--dry-run"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("hooks", [HOOKS, HOOKS[:6]], ids=["all", "that can be read"])
def test_a_rehearsal_connects_to_nobody(command, hooks, inside, tmp_path):
    (tmp_path / "hooks.yaml").write_text(f"version: 1\nwebhooks: {json.dumps(hooks)}\n")
    ran = []
    assert connects_of(lambda: ran.append(inside(*command)), "") == []
    assert "Traceback" not in ran[0].err
