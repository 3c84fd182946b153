"""Bundles of 5,000 webhooks: valid, and with a mistake or a warning in every single one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILES, WEBHOOKS = 5, 5_000

_WEBHOOK = """\
  - id: hook-{number}
    description: Leads to system {number}
    event: Lead_Post_Create
    url: https://example.com/hooks/{number}
    headers: {{X-Team: t{number}}}
    match: {{ProspectStage: [Qualified, {{prefix: Hot{number}}}]}}
"""

KINDS: Mapping[str, tuple[str, str]] = {
    "valid": ("", ""),
    "unknown key": ("    url:", "    urll:"),
    "unknown event": ("Lead_Post_Create", "Lead_Pst_Create"),
    "unknown operator": ("prefix:", "prefx:"),
    "warning": ("X-Team:", "X-Api-Key:"),
}
"""What each webhook of a bundle has in place of what is right."""


def write(folder: Path, kind: str) -> None:
    """Write the bundle of that kind into an empty folder."""
    right, wrong = KINDS[kind]
    each = WEBHOOKS // FILES
    for file in range(FILES):
        numbers = range(file * each, (file + 1) * each)
        entries = "".join(_WEBHOOK.format(number=number) for number in numbers)
        text = f"version: 1\nwebhooks:\n{entries}"
        (folder / f"{file}.yaml").write_text(text.replace(right, wrong) if right else text, encoding="utf-8")
