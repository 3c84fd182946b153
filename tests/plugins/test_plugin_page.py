"""Every snippet of docs/how-to/write-a-plugin.md stands in the example package, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "examples" / "plugins" / "hookwright-acme"
PAGE = (ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```(?:python|toml|yaml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_shows_every_part():
    shown = {file.rpartition("/")[2] for file, _ in SNIPPETS}
    parts = {"pyproject.toml", "plugin.py", "encoder.py", "injector.py", "notifier.py", "secrets.py"}
    assert shown == {*parts, "test_contracts.py", "example.yaml"}
    assert len(SNIPPETS) == len(re.findall(r"```(?!sh\n|\n)", PAGE))


@pytest.mark.parametrize(("file", "text"), SNIPPETS, ids=lambda value: value.split("\n")[0][:40])
def test_a_snippet_is_what_the_file_says(file, text):
    written = (PACKAGE / file).read_text(encoding="utf-8")
    at = 0
    for piece in text.split("# ...\n"):
        at = written.find(piece.strip("\n"), at)
        assert at >= 0, f"{file} does not have, in this order:\n{piece}"
