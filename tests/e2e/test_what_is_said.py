"""How a call says what it says, end to end: content types, methods, repeated headers, encoders that fail."""

from __future__ import annotations

import json
import textwrap
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

BUNDLE = """
version: 1
bundle: said
webhooks:
  - {{id: json, event: Lead_Post_Create, url: "{url}/json"}}
  - {{id: form, event: Lead_Post_Create, url: "{url}/form", content_type: application/x-www-form-urlencoded}}
  - {{id: text, event: Lead_Post_Create, url: "{url}/text", content_type: text/plain}}
  - {{id: shout, event: Lead_Post_Create, url: "{url}/shout", content_type: text/x-shout}}
  - {{id: get, event: Lead_Post_Create, url: "{url}/get?team=7#top", method: GET}}
  - {{id: delete, event: Lead_Post_Create, url: "{url}/delete", method: DELETE, entity_params: false}}
  - {{id: put, event: Lead_Post_Create, url: "{url}/put", method: PUT}}
  - {{id: patch, event: Lead_Post_Create, url: "{url}/patch", method: PATCH}}
  - id: lines
    event: Lead_Post_Create
    url: {url}/lines
    headers:
      x-api-key: [{{env: NEW_KEY}}, plain, {{env: OLD_KEY}}]
  - id: batch
    event: LeadActivity_Post_Create
    url: {url}/batch
    content_type: application/x-www-form-urlencoded
    batch: {{window: 1h, max_events: 2, key: data.RelatedProspectId | lower}}
  - id: asked
    event: Task_Create
    match: {{Type: [Call]}}
    if: data.Score | number > 50
    url: {url}/asked
  - {{id: beside, event: Task_Create, url: "{url}/beside", method: GET, if: true}}
  - {{id: exact, event: Lead_Post_Update, url: "{url}/created"}}
  - {{id: class, event: Lead_Post_Update, url: "{url}/created", success: 2xx}}
"""
PLUGIN = """
from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import Encoded


class Shout:
    name = "shout"
    content_types = ("text/x-shout",)
    schema = {}

    def encode(self, value, context):
        return Encoded(value["Name"].upper().encode())  # not every event has one


@hookimpl
def hookwright_encoders():
    return [Shout()]
"""
DATA = {"Name": "Añn", "After": {"Tags": ["a", "b&c"], "Score": "50", "Email": None, "Vip": True}}
FIELDS = [
    ("Name", "Añn"),
    ("After[Tags]", "a"),
    ("After[Tags]", "b&c"),
    ("After[Score]", "50"),
    ("After[Email]", ""),
    ("After[Vip]", "true"),
]
KEYS = {"NEW_KEY": "new-key-value", "OLD_KEY": "old-key-value"}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A folder with a third party's distribution, as pip would have left it."""
    site = tmp_path_factory.mktemp("site")
    (site / "hookwright_shout.py").write_text(textwrap.dedent(PLUGIN))
    info = site / "hookwright_shout-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hookwright-shout\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hookwright]\nshout = hookwright_shout\n")
    return site


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver, plugin):
    sink = module_receiver({"/created": (201,)})
    environment = {"PYTHONPATH": str(plugin), **KEYS}
    return module_serve(BUNDLE.format(url=sink.url), environment=environment), sink


@pytest.fixture(scope="module")
def sent(shared):
    """One event to all; the row and the request of each subscriber."""
    server, sink = shared
    raw = json.dumps({"type": "Lead_Post_Create", "data": DATA}, ensure_ascii=False).encode()
    status, said = server.post(raw)
    assert status == 202
    rows = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    assert {row.status for row in rows.values()} == {"Success"}
    return {name: (row, *sink.arrivals.of(row)) for name, row in rows.items()}


def test_json_is_the_data_byte_for_byte(sent):
    _, arrival = sent["json"]
    assert (arrival.method, arrival.header("content-type")) == ("POST", "application/json")
    assert arrival.body == json.dumps(DATA, ensure_ascii=False).encode()


def test_a_form_is_read_back_field_by_field(sent):
    _, arrival = sent["form"]
    assert arrival.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qsl(arrival.body.decode("ascii"), keep_blank_values=True, strict_parsing=True) == FIELDS
    assert arrival.target == "/form?entityType=webhook&entityId=form&eventType=Lead_Post_Create"


def test_text_is_the_json_text(sent):
    _, arrival = sent["text"]
    assert arrival.header("content-type") == "text/plain; charset=utf-8"
    assert json.loads(arrival.body.decode("utf-8")) == DATA


def test_a_plugins_encoder_is_found_by_its_content_type(sent):
    _, arrival = sent["shout"]
    assert (arrival.body.decode(), arrival.header("content-type")) == ("AÑN", "text/x-shout")


def test_a_get_has_its_data_in_the_query_and_no_body(shared, sent):
    server, _ = shared
    row, arrival = sent["get"]
    assert (arrival.method, arrival.body) == ("GET", b"")
    assert (arrival.header("content-type"), arrival.header("content-length")) == (None, None)
    entity = [("entityType", "webhook"), ("entityId", "get"), ("eventType", "Lead_Post_Create")]
    query = urlsplit(arrival.target).query
    assert parse_qsl(query, keep_blank_values=True) == [("team", "7"), *FIELDS, *entity]
    (attempt,) = server.show(row.id)["attempts"]
    assert attempt["request"]["method"] == "GET"
    assert attempt["request"]["url"].endswith(arrival.target)
    assert attempt["request"]["body"] == ""


def test_a_delete_likewise_and_without_entity_parameters_if_they_are_off(sent):
    _, arrival = sent["delete"]
    assert (arrival.method, arrival.body) == ("DELETE", b"")
    assert parse_qs(urlsplit(arrival.target).query)["After[Tags]"] == ["a", "b&c"]
    assert "entityType" not in arrival.target


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_and_patch_carry_the_body_of_a_post(method, sent):
    _, arrival = sent[method.lower()]
    assert arrival.method == method
    assert json.loads(arrival.body) == DATA
    assert arrival.target.endswith("&eventType=Lead_Post_Create")


def test_a_repeated_header_arrives_as_often_as_it_was_written_and_history_hides_its_secrets(shared, sent):
    server, _ = shared
    row, arrival = sent["lines"]
    lines = [value for name, value in arrival.headers if name.lower() == "x-api-key"]
    assert lines == ["new-key-value", "plain", "old-key-value"]
    (attempt,) = server.show(row.id)["attempts"]
    shown = [value for name, value in attempt["request"]["headers"] if name == "x-api-key"]
    assert shown == ["[redacted]", "plain", "[redacted]"]
    assert not any(value.encode() in line for line in server.raw_journal() for value in KEYS.values())


def test_only_200_is_success_unless_the_webhook_says_2xx(shared):
    server, _ = shared
    _, said = server.post({"type": "Lead_Post_Update", "data": {}})
    placed = {each["entityId"]: each["id"] for each in said["deliveries"]}
    assert server.ended(placed["class"]).status == "Success"
    detail = server.until(lambda: _tried(server, placed["exact"]))
    assert (detail["outcome"], detail["response"]["status"], detail["error"]) == ("retry", 201, "status")


def _tried(server, delivery):
    attempts = server.show(delivery)["attempts"]
    return attempts[0] if attempts else None


def test_an_encoder_that_fails_is_one_failure_without_a_call_and_the_others_get_theirs(shared):
    server, sink = shared
    status, said = server.post({"type": "Lead_Post_Create", "data": {"NoName": 1}})
    assert status == 202
    rows = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    shout = rows.pop("shout")
    assert (shout.status, shout.error, shout.attempts) == ("Failure", "plugin:shout", 1)
    assert shout.reason == "KeyError: 'Name'"
    assert sink.arrivals.of(shout) == []
    assert {row.status for row in rows.values()} == {"Success"}
    (attempt,) = server.show(shout.id)["attempts"]
    assert attempt["request"] is None
    _, shown, _ = server.run("history", "show", shout.id)
    assert "Failure after 1 attempt: KeyError: 'Name'" in shown
    assert "\ndata\n" not in shown  # nothing was to be sent
    assert 'event data\n  {"NoName": 1}' in shown


def test_data_without_names_fails_where_names_are_needed_only(shared):
    server, sink = shared
    _, said = server.post({"type": "Lead_Post_Create", "data": "just text"})
    rows = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    failed = {name for name, row in rows.items() if row.status == "Failure"}
    assert failed == {"form", "get", "delete", "shout"}
    assert rows["get"].reason == 'a form has fields with names; "just text" has none'
    (arrival,) = sink.arrivals.of(rows["text"])
    assert arrival.body == b"just text"


def test_data_too_long_for_a_url_is_a_failure_and_never_cut(shared):
    server, sink = shared
    _, said = server.post({"type": "Lead_Post_Create", "data": {"Name": "x" * 9000}})
    rows = {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}
    assert (rows["get"].status, rows["get"].error) == ("Failure", "plugin:form")
    assert "at most 8,000 are sent" in rows["get"].reason
    assert sink.arrivals.of(rows["get"]) == []
    assert rows["form"].status == "Success"


def test_a_batch_goes_out_as_a_form_of_those_whose_key_is_the_same(shared):
    server, sink = shared
    posted = [("A", 1), ("b", 2), ("a", 3)]
    for prospect, number in posted:
        data = {"RelatedProspectId": prospect, "Data": {"Number": number}}
        server.post({"type": "LeadActivity_Post_Create", "data": data})
    server.until(lambda: [each for each in sink.arrivals.all if each.path == "/batch"])
    (arrival,) = [each for each in sink.arrivals.all if each.path == "/batch"]
    assert parse_qsl(arrival.body.decode("ascii"), strict_parsing=True) == [
        ("[0][RelatedProspectId]", "A"),
        ("[0][Data][Number]", "1"),
        ("[1][RelatedProspectId]", "a"),
        ("[1][Data][Number]", "3"),
    ]
    assert arrival.header("content-type") == "application/x-www-form-urlencoded"


def test_a_key_that_has_no_value_is_a_failure_that_says_so(shared):
    server, _ = shared
    _, said = server.post({"type": "LeadActivity_Post_Create", "data": {"RelatedProspectID": "x"}})
    row = server.ended(said["deliveries"][0]["id"])
    assert (row.status, row.error) == ("Failure", "expression")
    assert 'there is no field "RelatedProspectId" (did you mean "RelatedProspectID"?)' in row.reason


def test_a_condition_says_yes_or_no_and_one_that_has_no_value_is_a_failure_that_says_so(shared):
    server, sink = shared

    def rows(data):
        _, said = server.post({"type": "Task_Create", "data": {"Type": "Call", **data}})
        return {each["entityId"]: server.ended(each["id"]) for each in said["deliveries"]}

    high = rows({"Score": "51"})
    assert {name: row.status for name, row in high.items()} == {"asked": "Success", "beside": "Success"}
    assert list(rows({"Score": "50"})) == ["beside"]
    assert list(rows({"Type": "Visit"})) == ["beside"]
    untold = rows({"Scor": "51"})
    asked, beside = untold["asked"], untold["beside"]
    assert (asked.status, asked.error, asked.attempts) == ("Failure", "expression", 1)
    assert beside.status == "Success"
    assert sink.arrivals.of(asked) == []
    _, shown, _ = server.run("history", "show", asked.id)
    assert 'Failure after 1 attempt: if: there is no field "Score" (did you mean "Scor"?)' in shown
