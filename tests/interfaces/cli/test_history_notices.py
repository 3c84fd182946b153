"""Notices in the history: left out until asked for, and shown with what they tell."""

from __future__ import annotations

import json


def test_a_list_leaves_notices_out_unless_asked_for(inside, journal, notice) -> None:
    def listed(*flags: str) -> list[str]:
        ran = inside("history", "list", "--state", str(journal.state), "-o", "ndjson", *flags)
        return [json.loads(line)["id"] for line in ran.out.splitlines()]

    assert notice not in listed()
    assert listed("--notices") == [notice, *listed()]
    assert listed("--kind", "notice") == [notice]


def test_a_notice_shows_whom_it_tells_what(inside, journal, notice) -> None:
    out = inside("history", "show", notice, "--state", str(journal.state)).out
    assert "webhook/hook-2/notify/admins" in out
    assert "failure, by admins, about 1 delivery" in out
    assert "to be told\n  A delivery of webhook hook-2 failed" in out
    assert f"  {journal.ids[2]}  Lead_Post_Create" in out


def test_a_notice_in_json_holds_its_body(inside, journal, notice) -> None:
    ran = inside("history", "show", notice, "--state", str(journal.state), "-o", "json")
    said = json.loads(ran.out)
    assert said["kind"] == "notice"
    assert json.loads(said["body"])["count"] == 1
