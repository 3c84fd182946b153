"""`hookwright explain`: who gets an event and why not, as text, as JSON and as exit codes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hookwright.schemas.schema import load_schema

BUNDLE = """version: 1
webhooks:
  - id: erp
    event: Lead_Post_Create
    url: https://erp.example.com/in?team=7
    delay: 90s
    auth: {type: bearer, token: {env: NOT_SET_ANYWHERE}}
  - id: hot
    event: "Lead_*"
    match:
      Stage: [Qualified, {prefix: Hot}]
      Score: [{number: [">", 50]}]
    url: https://hot.example.com/
  - id: fair
    event: Lead_Post_Create
    match: {Source: [Trade Fair], Items: {Sku: A1, Color: red}}
    url: https://fair.example.com/
  - id: off
    event: Lead_Post_Create
    enabled: false
    url: https://off.example.com/
  - id: tasks
    event: Task_Create
    url: https://tasks.example.com/
"""
EVENT = {
    "type": "Lead_Post_Create",
    "data": {
        "Stage": "Hot lead",
        "Score": "71",
        "Source": "trade fair",
        "Items": [{"Sku": "A1", "Color": "blue"}, {"Sku": "B2", "Color": "red"}],
    },
}
TEXT = """2 of 5 subscribers get this Lead_Post_Create

+ webhook/erp  hooks.yaml:3:5
    event type Lead_Post_Create

+ webhook/hot  hooks.yaml:8:5
    Stage is "Hot lead": a string that begins with "Hot"
    Score is "71": a number > 50, also one written as a string

x webhook/fair  its pattern refuses this event
    --> hooks.yaml:16:13
     |
  16 |     match: {Source: [Trade Fair], Items: {Sku: A1, Color: red}}
     |             ^^^^^^ Source is "trade fair"; wanted "Trade Fair"
     = help: "trade fair" differs in upper and lower case only; {equals-ignore-case: "Trade Fair"} takes both

switched off by `enabled: false`: 1 subscriber
other event types: 1 subscriber
`--why-not ID` explains one of them, `--all` every one
"""
HINT = '"trade fair" differs in upper and lower case only; {equals-ignore-case: "Trade Fair"} takes both'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "hooks.yaml").write_text(BUNDLE)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    return tmp_path


def plain(text: str) -> str:
    """With the symbols of a terminal that knows ASCII only."""
    return text.replace("✓ ", "+ ").replace("✗ ", "x ")


def test_who_gets_it_comes_first_and_what_refused_it_with_its_line(inside, files) -> None:
    ran = inside("explain", "-e", "event.json", "hooks.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert plain(ran.out) == TEXT


def test_an_event_may_come_from_standard_input(inside, files, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(EVENT).encode())))
    ran = inside("explain", "-e", "-")
    assert (ran.code, plain(ran.out)) == (0, TEXT)


def test_a_type_with_data_does_as_well(inside, files) -> None:
    ran = inside("explain", "-t", "Lead Creation", "-d", json.dumps(EVENT["data"]), "hooks.yaml")
    assert plain(ran.out) == TEXT
    changed = inside("explain", "-t", "Lead Creation", "--set", "data.Stage=Cold", "hooks.yaml")
    assert changed.out.startswith("1 of 5 subscribers gets this Lead_Post_Create")
    assert "this is the sample of Lead_Post_Create" in changed.err


def test_a_cloud_event_is_taken_as_it_is(inside, files) -> None:
    cloud = {"specversion": "1.0", "id": "e1", "source": "/crm", **EVENT}
    (files / "event.json").write_text(json.dumps(cloud))
    said = json.loads(inside("explain", "-e", "event.json", "-o", "json").out)
    assert said["event"] == {"type": "Lead_Post_Create", "id": "e1", "source": "/crm", "rejected": None}


def test_why_not_tells_one_subscriber_in_full(inside, files) -> None:
    (files / "event.json").write_text(
        json.dumps({**EVENT, "data": {**EVENT["data"], "Source": "Trade Fair"}})
    )
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "--why-not", "webhook/fair")
    assert ran.code == 0
    assert (
        plain(ran.out).partition("\n\n")[2]
        == """x webhook/fair  its pattern refuses this event
    holds: event type Lead_Post_Create
    --> hooks.yaml:16:5
     |
  16 |     match: {Source: [Trade Fair], Items: {Sku: A1, Color: red}}
     |     ^^^^^ no element of Items meets all of this:
     = (1) Items.Sku: "A1"
     = (2) Items.Color: "red"
     = Items[0] meets (1), not (2)
     = Items[1] meets (2), not (1)
"""
    )


def test_why_not_of_one_that_gets_it_is_1(inside, files) -> None:
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "--why-not", "hot")
    assert ran.code == 1
    assert 'Stage is "Hot lead"' in ran.out
    assert "webhook/erp" not in ran.out


def test_an_unknown_subscriber_is_5_with_the_nearest_name(inside, files) -> None:
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "--why-not", "webhook/far")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == "error: no subscriber 'webhook/far'; did you mean \"fair\"?\n"
    assert "there are: erp, fair, hot" in inside("explain", "-e", "event.json", "--why-not", "zzzz").err


def test_all_tells_of_every_subscriber(inside, files) -> None:
    out = inside("explain", "-e", "event.json", "hooks.yaml", "--all").out
    assert "webhook/tasks  it is for other events" in out
    assert 'the type is "Lead_Post_Create"; wanted Task_Create' in out
    assert "webhook/off  it is switched off" in out
    assert "--why-not" not in out


def test_json_has_every_clause_and_keeps_to_its_schema(inside, files) -> None:
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "-o", "json", "--render")
    said = json.loads(ran.out)
    validator = Draft202012Validator(load_schema("explanation"))
    assert [error.message for error in validator.iter_errors(said)] == []
    assert (said["format_version"], said["selected"], said["total"]) == ("1.0", 2, 5)
    fair = next(each for each in said["subscribers"] if each["entityId"] == "fair")
    assert (fair["selected"], fair["refusedBy"]) == (False, "match")
    match = fair["stages"][-1]["clause"]
    assert (match["kind"], [part["holds"] for part in match["parts"]]) == ("and", [False, True, True])
    assert match["parts"][0] == {
        "kind": "field",
        "holds": False,
        "place": {"file": "hooks.yaml", "line": 16, "column": 13},
        "field": "Source",
        "expected": [{"says": '"Trade Fair"', "place": {"file": "hooks.yaml", "line": 16, "column": 22}}],
        "found": [{"path": "Source", "value": "trade fair", "met": None}],
        "moreFound": 0,
        "lack": None,
        "hint": HINT,
        "parts": [],
        "moreParts": 0,
        "conflict": None,
    }


def test_ndjson_is_a_subscriber_a_line_with_the_event(inside, files) -> None:
    (files / "event.json").write_text(json.dumps({**EVENT, "type": "Lead_Post_Crate"}))
    whole = json.loads(inside("explain", "-e", "event.json", "hooks.yaml", "-o", "json").out)
    printed = inside("explain", "-e", "event.json", "hooks.yaml", "-o", "ndjson").out.splitlines()
    lines = [json.loads(line) for line in printed]
    assert lines == [
        {"format_version": "1.0", "event": whole["event"], **each} for each in whole["subscribers"]
    ]
    assert lines[0]["event"]["rejected"]["title"] == "Undeclared event type"
    schema = load_schema("explanation")
    validator = Draft202012Validator({"$ref": "#/$defs/line", "$defs": schema["$defs"]})
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []
    del lines[0]["event"]
    assert not validator.is_valid(lines[0])


def test_render_shows_the_request_and_reads_no_secret(inside, files) -> None:
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "--why-not", "erp", "--render")
    assert ran.code == 1
    for line in (
        "# waits 1m30s first",
        "POST https://erp.example.com/in?team=7&entityType=webhook&entityId=erp&eventType=Lead_Post_Create",
        "Content-Type: application/json",
        "Authorization: [redacted]",
        json.dumps(EVENT["data"]),
    ):
        assert f"    {line}\n" in ran.out
    assert "webhook-id will be another one" in ran.err


def test_a_type_that_nobody_declared_does_not_come_in(inside, files) -> None:
    ran = inside("explain", "-t", "Lead_Post_Crate", "hooks.yaml")
    assert ran.code == 0
    assert ran.out.startswith("no server takes this Lead_Post_Crate: undeclared event type\n")
    assert "did you mean Lead_Post_Create" in ran.out
    assert "if one did, 0 of 5 subscribers would get it" in ran.out
    allowed = inside("explain", "-t", "Lead_Post_Crate", "hooks.yaml", "--allow-undeclared-events")
    assert "no server" not in allowed.out


def test_data_that_does_not_fit_its_types_schema_does_not_come_in(inside, files) -> None:
    schema = "{required: [Phone], properties: {Score: {type: number}}}"
    declared = f"events:\n  - {{type: Lead_Post_Create, schema: {schema}}}\n"
    (files / "hooks.yaml").write_text(BUNDLE + declared)
    out = inside("explain", "-e", "event.json", "hooks.yaml").out
    assert out.startswith("no server takes this Lead_Post_Create: data does not fit\n    /data")
    assert "if one did, 2 of 5 subscribers would get it" in out
    said = json.loads(inside("explain", "-e", "event.json", "hooks.yaml", "-o", "json").out)
    assert Draft202012Validator(load_schema("explanation")).is_valid(said)
    rejected = said["event"]["rejected"]
    assert rejected["title"] == "Data does not fit"
    assert {each["pointer"] for each in rejected["problems"]} == {"/data", "/data/Score"}


def test_a_source_that_the_event_does_not_name_is_a_servers_own(inside, files) -> None:
    (files / "hooks.yaml").write_text(BUNDLE.replace("    delay: 90s\n", "    source: /crm\n"))
    ran = inside("explain", "-e", "event.json", "hooks.yaml")
    assert 'the source is "/hookwright/NODE"; wanted /crm' in ran.out
    assert "a server fills in its own" in ran.err


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("data.Score | number > 90", 'it is false; data.Score is "71"'),
        ("data.Items", "it has no value: it must be true or false"),
        ("data.score == 1", 'it has no value: there is no field "score" (did you mean "Score"?)'),
        (
            "data.Rank is defined and data.Owner | default('-') == 'x'",
            "the event has no data.Rank or data.Owner",
        ),
        ("false", "it is false"),
    ],
)
def test_an_if_that_says_no_is_told_with_the_values_it_asks_for(inside, files, condition, said) -> None:
    (files / "hooks.yaml").write_text(BUNDLE.replace("    delay: 90s\n", f"    if: {condition}\n"))
    ran = inside("explain", "-e", "event.json", "hooks.yaml")
    assert "webhook/erp  its condition is not met\n   --> hooks.yaml:6:9\n" in ran.out
    assert said in ran.out
    assert ("recorded as a Failure" in ran.out) == ("no value" in said)


def test_an_if_that_says_yes_is_told_too(inside, files) -> None:
    condition = "data.Score | number > 50 and data.Items | length == 2"
    (files / "hooks.yaml").write_text(BUNDLE.replace("    delay: 90s\n", f"    if: {condition}\n"))
    out = inside("explain", "-e", "event.json", "hooks.yaml").out
    assert f'    if {condition}: data.Score is "71" and data.Items is a list\n' in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "event.json:1:2: no server takes this: "),
        (b"\xff", "event.json:1:1: no server takes this: "),
        (b'{"type": 5}', "type: must be a string that is not empty (at /type)"),
        (b'{"data": {}}', "type: missing"),
        (b"[]", "the array holds no event"),
        (b'[{"type": "a"}, {"type": "b"}]', "2 events; explain takes one at a time"),
        (b"5", "the body must be an object"),
        (b'{"type": "a", "data": ' + b"[" * 70 + b"]" * 70 + b"}", "nested more than 64 levels"),
        (b'{"type": "a", "data": "' + b"x" * 300_000 + b'"}', "the limit is 262144 an event"),
        (b'{"type": "a", "data": {"b": 1, "b": 2}}', "event.json:1:"),
    ],
)
def test_an_event_no_server_would_take_is_refused_with_its_place(inside, files, content, said) -> None:
    (files / "event.json").write_bytes(content)
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "--debug")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 4, "name an event"),
        (("-e", "event.json", "-t", "Lead_Delete"), 4, "name an event"),
        (("-e", "event.json", "-d", "{}"), 4, "belong to --type"),
        (("-e", "event.json", "--set", "data.a=1"), 4, "belong to --type"),
        (("-e", "nothing.json"), 4, "nothing.json: No such file"),
        (("-e", "."), 4, "it is a directory"),
        (("-e", "event.json", "empty"), 5, "no *.yaml"),
        (("-e", "event.json", "bad.yaml"), 1, "`hookwright validate bad.yaml` shows all"),
        (("-e", "event.json", "nothing.yaml"), 1, "nothing.yaml"),
    ],
)
def test_every_wrong_call_is_one_line_and_its_code(inside, files, arguments, code, said) -> None:
    (files / "empty").mkdir()
    (files / "bad.yaml").write_text("version: 1\nwebhooks:\n  - id: one\n")
    ran = inside("explain", *arguments, "--debug")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_several_bundles_are_explained_in_one_run(inside, files) -> None:
    (files / "more.yaml").write_text(BUNDLE.replace("id: ", "id: more-"))
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "more.yaml")
    assert ran.out.startswith("4 of 10 subscribers get this Lead_Post_Create")


def test_an_id_in_two_bundles_is_refused_since_it_would_name_two_subscribers(inside, files) -> None:
    (files / "more.yaml").write_text(BUNDLE)
    ran = inside("explain", "-e", "event.json", "hooks.yaml", "more.yaml", "--why-not", "hot")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith('error: more.yaml:3:9: HW101 error: duplicate id "erp"')


def test_many_subscribers_are_counted_and_not_all_told(inside, files) -> None:
    entries = [
        {
            "id": f"{name}-{number}",
            "event": "Lead_Post_Create",
            "url": "https://x.example/",
            "match": {"A": 1},
        }
        for name in ("no", "yes")
        for number in range(30)
    ]
    for entry in entries[30:]:
        del entry["match"]
    (files / "hooks.yaml").write_text(json.dumps({"version": 1, "webhooks": entries}))
    out = inside("explain", "-e", "event.json", "hooks.yaml").out
    assert out.startswith("30 of 60 subscribers get this")
    assert out.count("webhook/yes-") == out.count("its pattern refuses this event") == 20
    assert "\n10 subscribers more get it\nmore whose pattern refuses it: 10 subscribers\n" in out


def test_nothing_in_an_event_reaches_the_terminal_as_it_is(inside, files) -> None:
    hostile: dict[str, Any] = {
        "type": "Lead_Post_Create",
        "data": {"Stage": "\x1b[2J\u202e", "Score": "\x07"},
    }
    (files / "event.json").write_text(json.dumps(hostile))
    for arguments in ((), ("--all", "--render"), ("-o", "json"), ("--why-not", "hot")):
        out = inside("explain", "-e", "event.json", "hooks.yaml", *arguments).out
        assert not set(out) & {"\x1b", "\u202e", "\x07"}


def test_a_secret_in_the_line_that_refuses_is_not_shown(inside, files) -> None:
    line = (
        "  - {id: a, event: Lead_Post_Create, headers: {Cookie: s3cret, X-Signature: s3cret}, "
        "match: {Stage: Won}, "
        'query: {key: s3cret}, url: "https://x.example/?sig=s3cret"}\n'
    )
    (files / "hooks.yaml").write_text(f"version: 1\nwebhooks:\n{line}")
    out = inside("explain", "-e", "event.json", "hooks.yaml").out
    assert "Stage: Won" in out
    assert "s3cret" not in out


def test_nothing_is_coloured_when_piped_and_all_is_when_asked_for(inside, files) -> None:
    assert "\x1b" not in inside("explain", "-e", "event.json", "hooks.yaml").out
    assert "\x1b[32m" in inside("explain", "-e", "event.json", "hooks.yaml", "--color", "always").out


def test_the_how_to_shows_what_is_printed(inside, tmp_path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "why-it-fired.md").read_text(encoding="utf-8")
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "webhooks.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])
    event = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0]
    shown = re.findall(r"```console\n\$ hookwright (.*?)\n(.*?)```", page, re.DOTALL)
    for (arguments, out), text in zip(shown, (event, event.replace("trade fair", "Trade Fair")), strict=True):
        (tmp_path / "event.json").write_text(text)
        assert plain(inside(*arguments.split()).out) == plain(out)
