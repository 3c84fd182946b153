"""Whom lint calls a repeat of another is called for no event that the other is not called for."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import msgspec.json
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.load import load

URL = "https://example.com/"
TYPES = ("com.example.a", "com.example.b")
VALUES = ("x", "y", "xy")
operators = st.sampled_from([{"prefix": "x"}, {"anything-but": "x"}, {"exists": True}, {"exists": False}])
fields = st.dictionaries(
    st.sampled_from(["f", "g"]),
    st.lists(st.sampled_from(VALUES) | operators, min_size=1, max_size=2),
    min_size=1,
    max_size=2,
)
webhooks = st.fixed_dictionaries(
    {"event": st.sampled_from([*TYPES, "com.example.*"])},
    optional={
        "match": fields | st.builds(lambda one, other: {"$or": [one, other]}, fields, fields),
        "source": st.sampled_from(["crm", "erp", ["crm", "erp"]]),
    },
)
EVENTS = [
    Event(id="1", type=kind, source=source, data={name: value for name, value in data if value}, raw=b"")
    for kind in TYPES
    for source in ("crm", "erp")
    for data in itertools.product(
        [("f", each) for each in ("", *VALUES)], [("g", each) for each in ("", *VALUES)]
    )
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(listed=st.lists(webhooks, min_size=2, max_size=4))
def test_a_repeat_is_called_for_nothing_else(listed: list[dict[str, Any]], tmp_path: Path):
    file = tmp_path / "webhooks.yaml"
    entries = [
        {"id": f"w{number}", "url": "https://example.com/", **each} for number, each in enumerate(listed)
    ]
    declared = [{"type": kind} for kind in TYPES]
    file.write_bytes(msgspec.json.encode({"version": 1, "events": declared, "webhooks": entries}))
    loaded = load(file)
    assert loaded.model is not None
    table = compile_table(loaded.model)
    matched = [{each.id for each in table.match(event)} for event in EVENTS]
    for problem in loaded.problems:
        if problem.code in ("HW154", "HW155"):
            narrow, wide = re.findall(r'"(w\d)"', problem.message)
            assert all(wide in ids for ids in matched if narrow in ids), problem
            if problem.code == "HW154":
                assert all(narrow in ids for ids in matched if wide in ids), problem


def test_of_very_many_calls_to_one_end_the_widest_are_still_told(bundle):
    many = "".join(
        f"  - {{id: w{number}, event: Task_Create, url: {URL}, match: {{Name: [n{number}]}}}}\n"
        for number in range(120)
    )
    wide = "  - {id: all, event: 'Task_*', url: 'https://example.com/'}\n"
    assert bundle(f"webhooks:\n{many}").problems == ()
    found = bundle(f"webhooks:\n{many}{wide}").problems
    assert {(each.code, each.related[0].place.line) for each in found} == {("HW155", 123)}
    assert len(found) == 120


def test_very_large_patterns_are_compared_in_no_time(tmp_path: Path):
    branches = [{"f": [f"x{number}"]} for number in range(600)]
    entries: list[dict[str, Any]] = [
        {
            "id": f"w{number}",
            "url": URL,
            "event": "Task_Create",
            "match": {"$or": [{"g": [f"{number}"]}, *branches]},
        }
        for number in range(20)
    ]
    file = tmp_path / "webhooks.yaml"
    file.write_bytes(msgspec.json.encode({"version": 1, "webhooks": entries}))
    assert load(file).problems == ()  # one with another they have over 100 million branches to compare
    entries.append({"id": "all", "url": URL, "event": "Task_Create"})
    file.write_bytes(msgspec.json.encode({"version": 1, "webhooks": entries}))
    assert [each.code for each in load(file).problems] == ["HW155"] * 20


def test_what_selects_nothing_repeats_nothing(bundle):
    found = bundle("""\
webhooks:
  - {id: one, event: "None_*", url: "https://example.com/"}
  - {id: two, event: "None_*", url: "https://example.com/"}
""")
    assert [each.code for each in found.problems] == ["HW105", "HW105"]
    undeclared = bundle(
        """\
webhooks:
  - {id: one, event: "com.example.*", url: "https://example.com/"}
  - {id: two, event: ["com.example.*", "com.example.a"], url: "https://example.com/"}
  - {id: three, event: "com.*", url: "https://example.com/"}
""",
        allow_undeclared_events=True,
    )
    assert [(each.code, each.related[0].place.line) for each in undeclared.problems] == [("HW155", 4)]


@pytest.mark.parametrize(
    "other",
    [
        "url: 'https://example.com/?a=1'",
        "method: PUT",
        "content_type: text/plain",
        "headers: {X-Team: b}",
        "query: {a: '1'}",
        "auth: {type: bearer, token: {env: OTHER}}",
        "delay: 2s",
        "batch: {window: 2m}",
        "entity_params: false",
    ],
)
def test_calls_that_a_receiver_can_tell_apart_repeat_nothing(bundle, other):
    same = {
        "url": "'https://example.com/'",
        "headers": "{X-Team: a}",
        "auth": "{type: bearer, token: {env: TOKEN}}",
        "delay": "1s",
    }
    lines = "\n".join(f"    {key}: {value}" for key, value in same.items())
    changed = "\n".join(
        f"    {key}: {value}" for key, value in same.items() if not other.startswith(f"{key}:")
    )
    text = f"webhooks:\n  - id: one\n    event: Task_Create\n{lines}\n  - id: two\n    event: Task_Create\n"
    assert [each.code for each in bundle(f"{text}{lines}\n").problems] == ["HW154"]
    assert bundle(f"{text}{changed}\n    {other}\n").problems == ()
