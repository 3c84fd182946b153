"""`hookwright simulate`: a timeline played without a server, as text, as JSON and as exit codes."""

from __future__ import annotations

import json
import re

import pytest

BUNDLE = """version: 1
webhooks:
  - id: erp
    event: Lead_Post_Create
    url: https://erp.example.com/in
    retry: {schedule: [10s]}
"""
TIMELINE = """events: [{at: 1h, type: Lead_Post_Create, id: lead-7}]
answers: [{status: 503, times: 1}]
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "webhooks.yaml").write_text(BUNDLE)
    (tmp_path / "timeline.yaml").write_text(TIMELINE)
    return tmp_path


def test_it_tells_what_happens_when(inside, files):
    done = inside("simulate", "timeline.yaml", "bundle")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [re.search("event|attempt", line)[0] for line in lines] == ["event", "attempt", "attempt"]
    assert lines[0].split()[0] == "+1h"
    assert "503; again in 10s" in lines[1]
    assert lines[2].endswith("200: Success")
    assert "began 2026-01-05T09:00:00.000Z; deliveries that ended: 1 Success" in done.err


def test_programs_read_each_happening(inside, files):
    document = json.loads(inside("simulate", "timeline.yaml", "bundle", "-o", "json").out)
    first, second, third = document["happenings"]
    assert first["fields"] == {"id": "lead-7", "source": "/simulated"}
    assert (first["after_ms"], first["at"]) == (3_600_000, "2026-01-05T10:00:00.000Z")
    assert second["fields"]["code"] == 503
    assert third["fields"]["outcome"] == "success"
    assert third["fields"]["status"] == "Success"
    assert document["format_version"] == "1.0"


def test_another_seed_spreads_retries_otherwise(inside, files):
    asked = ("simulate", "timeline.yaml", "bundle", "-o", "ndjson", "--seed")
    one, other = inside(*asked, "1"), inside(*asked, "2")
    assert one.out != other.out


@pytest.mark.parametrize(
    ("timeline", "said"),
    [
        ("events: [{typ: x}]", 'did you mean "type"?'),
        ("events: [{type: x}]", "no event type 'x' is declared"),
    ],
)
def test_a_timeline_that_is_wrong_is_refused_with_its_line(inside, files, timeline, said):
    (files / "timeline.yaml").write_text(timeline)
    done = inside("simulate", "timeline.yaml", "bundle")
    assert done.code == 1
    assert said in done.out
    assert "timeline.yaml:1:" in done.out


def test_a_bundle_that_is_wrong_is_refused(inside, files):
    (files / "bundle" / "webhooks.yaml").write_text("version: 1\nwebhoks: []\n")
    done = inside("simulate", "timeline.yaml", "bundle")
    assert done.code == 1
    assert "hookwright validate bundle" in done.err


def test_a_timeline_that_is_missing_is_told(inside, files):
    done = inside("simulate", "nowhere.yaml", "bundle")
    assert done.code == 1
    assert "cannot be read" in done.out
