"""What `history list` prints, character by character, for rows of every kind."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hookwright.engine.history.row import Row
from hookwright.engine.history.verdict import Verdict
from hookwright.interfaces.cli.history import print_rows
from hookwright.interfaces.cli.history_table import Listed, print_table

GOLDEN = Path(__file__).parent / "golden"
LETTERS = "abcdefghijklmnopqrstuvwxyz234567" * 2
COMMON: dict[str, Any] = {
    "message": "msg_x", "status": "Success", "state": "success", "entity_type": "webhook",
    "entity_id": "leads-to-erp", "action": "", "event_type": "Lead_Post_Create", "event_id": "evt_1",
    "event_source": "/crm", "place": "hooks/crm.yaml:14", "revision": "sha256:r",
    "accepted": "2026-11-23T21:04:01.990Z", "updated": "2026-11-23T21:04:02.110Z",
    "due": "2026-11-23T21:04:01.990Z", "next": None, "attempts": 1, "code": 200, "error": None, "reason": "",
    "url": "https://erp.example.com/leads/add?team=7", "kind": "event", "round": 0, "batch": None,
    "members": None, "closed": None, "half_of": None, "test": False,
    "transmitted": "2026-11-23T21:04:02.010Z", "took": 0.1,
    "receiver": None,
}  # fmt: skip
UNTOUCHED: dict[str, Any] = {"code": None, "transmitted": None, "took": None, "url": None, "attempts": 0}
VARIANTS: list[dict[str, Any]] = [
    {},
    {
        "status": "Failure",
        "state": "failure",
        "code": 503,
        "error": "status",
        "attempts": 3,
        "entity_type": "rule",
        "entity_id": "big-deal-won",
        "action": "actions/0",
        "event_type": "OpportunityStage_Post_Update",
    },
    {
        "status": "In Queue",
        "state": "retrying",
        "code": None,
        "error": "timeout",
        "attempts": 2,
        "next": "2026-11-23T21:05:00.000Z",
    },
    {
        "kind": "batch",
        "members": 12,
        "closed": "window",
        "event_type": "LeadActivity_Post_Create",
        "entity_id": "activities-to-warehouse",
    },
    {"kind": "replay", "round": 1, "receiver": Verdict("Error", "no such lead")},
    {**UNTOUCHED, "status": "Cancelled", "state": "cancelled", "reason": "the subscriber was removed"},
    {
        **UNTOUCHED,
        "status": "Skipped",
        "state": "skipped",
        "test": True,
        "event_type": "com.example.evil\x1b[2J",
    },
    {**UNTOUCHED, "status": "In Queue", "state": "waiting"},
    {**UNTOUCHED, "status": "Failure", "state": "failure", "error": "blocked_target", "attempts": 1},
]
ROWS = [Row(**{**COMMON, "id": f"dlv_{LETTERS[n : n + 26]}", **each}) for n, each in enumerate(VARIANTS)]
COUNTS = {"In Queue": 2, "Success": 1202, "Failure": 34, "Cancelled": 1, "Skipped": 1}


def table(width: int, listed: Listed | None = None) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False)
    print_table(console, listed or Listed(ROWS, COUNTS, more=True, zone=UTC))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


@pytest.mark.parametrize("width", [50, 80, 120, 160])
def test_the_table_of_a_terminal_is_as_written_down(width: int) -> None:
    assert table(width) == (GOLDEN / f"history-{width}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("wide", [False, True])
def test_the_plain_columns_are_as_written_down(wide: bool, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, wide=wide)
    name = "history-wide.txt" if wide else "history-plain.txt"
    assert capsys.readouterr().out == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [*range(38, 180, 7), 400])
def test_no_id_is_cut_and_no_line_is_too_long_at_any_width(width: int) -> None:
    lines = table(width).splitlines()
    assert all(len(line) <= width for line in lines)
    for row in ROWS:
        assert any(row.id[:12] in line for line in lines)
    assert not re.search(r"dlv_[a-z2-7]*…", "\n".join(lines))
    assert sum(f"{each} " in "\n".join(lines) for each in ("✓ Success", "✗ Failure", "… In Queue")) == 3


def test_an_empty_list_says_so() -> None:
    assert table(80, Listed((), dict.fromkeys(COUNTS, 0))) == "0 deliveries\n"


def test_a_terminal_of_ascii_gets_ascii_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert "x Failure" in table(80)
