from __future__ import annotations

import json
import re

import pytest

from hookwright.schemas.catalogue import CatalogueError, load_catalogue, read_catalogue
from hookwright.schemas.payload import load_family, merged, paths, read_family
from hookwright.schemas.resources import resource

EVENTS = load_catalogue().types
BY_NAME = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
TIMES = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.000)?|\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M", re.ASCII
)


def leaves(value):
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


def records(event):
    sample = event.sample
    return [sample["Before"], sample["After"]] if event.payload.shape == "change" else [sample]


@BY_NAME
def test_a_sample_is_an_object_whose_values_are_all_text_or_null(event):
    sample = json.loads(event.payload.text)
    assert isinstance(sample, dict)
    assert sample
    assert {type(leaf) for leaf in leaves(sample)} <= {str, type(None)}


@BY_NAME
def test_a_sample_has_the_shape_of_its_family(event):
    shapes = {"lead_change": "change", "opportunity_change": "change", "activity": "list"}
    payload = event.payload
    assert payload.shape == shapes.get(event.family, "object")
    if payload.shape == "change":
        assert list(event.sample) == ["Before", "After"]
        assert event.sample["Before"] != event.sample["After"]
    assert payload.body == ([event.sample] if payload.shape == "list" else event.sample)


@BY_NAME
def test_the_fields_are_those_of_the_sample_in_its_order(event):
    named = {path for record in records(event) for path in paths(record)}
    assert [field.name for field in event.fields if field.name in named] == [
        each.name for each in event.fields
    ]
    assert {field.name for field in event.fields} == named
    assert all(field.meaning.endswith(".") for field in event.fields)


@BY_NAME
def test_nobody_in_a_sample_is_real_and_times_are_written_as_the_crm_does(event):
    text = event.payload.text
    assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.com"}
    assert set(re.findall(r"https?://([^/\"]+)", text)) <= {"www.example.com"}
    assert all(re.fullmatch(r"\+1-20255501\d\d", found) for found in re.findall(r"\+1-\d+", text))
    for record in records(event):
        for name, value in record.items():
            if name.endswith(("On", "Date")) or name in {"From", "To"}:
                assert TIMES.fullmatch(value), f"{name}: {value}"


def test_every_field_of_a_family_stands_in_some_sample_and_every_type_with_something_of_its_own_exists():
    for name in {event.family for event in EVENTS}:
        family = load_family("leadsquared", name)
        mine = [event for event in EVENTS if event.family == name]
        assert {field.name for event in mine for field in event.fields} == set(family.fields)
        assert set(family.own) <= {event.type for event in mine}


def test_payloads_nobody_has_published_say_so():
    modelled = {event.family for event in EVENTS if event.payload.status == "modelled"}
    known = {event.type for event in EVENTS if event.payload.status != "modelled"}
    assert {"landing_page", "lead_merge", "account", "product", "leave", "user"} <= modelled
    assert known == {
        "Lead_Post_Create", "Lead_Post_Stage_Change", "Lead_Post_Update", "Lead_Field_Change",
        "LeadActivity_Post_Create", "LeadActivity_Post_Update",
    }  # fmt: skip


def test_what_sets_an_event_apart_shows_in_its_sample():
    by_type = load_catalogue().by_type
    assert by_type["Lead_Post_Stage_Change"].sample["After"]["StageChangeComment"]
    assert "StageChangeComment" not in by_type["Lead_Post_Update"].sample["After"]
    assert by_type["Lead_Field_Change"].sample["Before"]["mx_City"] == "Springfield"
    assert by_type["Task_Complete"].sample["StatusCode"] == "1"
    assert by_type["Task_Create"].sample["CompletedOn"] == "0001-01-01 00:00:00.000"
    assert "RelatedProspectId" not in by_type["AccountActivity_Post_Create"].sample
    assert by_type["User_Availability_Status_Change"].sample["AvailabilityStatus"] == "Away"


def test_a_sample_is_the_callers_to_change():
    event = load_catalogue().by_type["Lead_Post_Create"]
    event.sample["Score"] = "0"
    assert event.sample["Score"] == "62"


def test_objects_are_merged_field_by_field_and_all_else_is_replaced():
    assert merged({"a": {"b": "1", "c": "2"}, "d": ["x"]}, {"a": {"c": None}, "d": []}) == {
        "a": {"b": "1", "c": None},
        "d": [],
    }


LEAVE = resource("leave.yaml", folder="catalogues/leadsquared").decode()
CHANGE = resource("opportunity_change.yaml", folder="catalogues/leadsquared").decode()


@pytest.mark.parametrize(
    ("edit", "becomes", "message"),
    [
        ("Reason: Holiday\n", "Reason: 7\n", "leave.yaml:16:11: sample/Reason: 7 is neither text"),
        ("Reason: Holiday\n", "Reasn: Holiday\n", 'Reasn: not among the fields (did you mean "Reason"?)'),
        ("Reason: Holiday\n", "Reason: {x: true}\n", "sample/Reason/x: true is neither text nor null"),
        ("Reason: Holiday\n", "Reason: {x: y}\n", "leave.yaml:16:12: Reason.x: not among the fields"),
        ("Reason: Holiday\n", "Reason: Holiday\n  Reason: x\n", 'leave.yaml:17:3: duplicate key "Reason"'),
        ("sample:", "smaple:", "'smaple' was unexpected"),
        ("sample:\n", "sample: [\n", "leave.yaml:1"),
        ("sample:", "before:", "before: not in a family of the shape object"),
        ("shape: object", "shape: objekt", 'shape: "objekt" is not one of'),
        ("payload: modelled", "payload: true", "payload: true is not one of"),
        ("{Reason: Holiday withdrawn}", "{Reason: 3}", "events/Leave_Delete/sample/Reason: 3 is"),
        ("  Leave_Delete:\n", "  Leave_Delete: gone\n  Leave_X:\n", "events/Leave_Delete: "),
    ],
)  # fmt: skip
def test_a_sample_edited_to_nonsense_is_one_clear_error_with_its_place(edit, becomes, message):
    assert edit in LEAVE
    with pytest.raises(CatalogueError) as found:
        read_family(LEAVE.replace(edit, becomes, 1).encode(), "leadsquared", "leave")
    assert str(found.value).startswith("leadsquared/leave.yaml:")
    assert message in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"sample: {}", b"a: &a [*a]", b"- " * 5000, LEAVE[:200].encode()]
)
def test_no_file_is_so_broken_that_it_is_anything_but_a_catalogue_error(raw):
    with pytest.raises(CatalogueError, match=r"^leadsquared/leave\.yaml"):
        read_family(raw, "leadsquared", "leave")


def test_a_change_has_two_sides():
    with pytest.raises(CatalogueError, match="sample: not in a family of the shape change"):
        read_family(CHANGE.replace("before:", "sample:", 1).encode(), "leadsquared", "opportunity_change")


def test_a_broken_table_of_names_is_the_same_kind_of_error():
    raw = b"events:\n  - {label: A, type: A_B, family: lead, status: guessed}\n"
    with pytest.raises(CatalogueError, match=r"^leadsquared\.yaml:2:49: events/0/status: \"guessed\""):
        read_catalogue(raw, "leadsquared")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("opportunity_change", "5:9: record: opportunity_change has no record of its own"),
        ("landing_page", "5:9: record: landing_page has no record of its own"),
        ("nothing", "leadsquared/nothing.yaml: there is no file for the family nothing"),
    ],
)
def test_a_record_is_that_of_another_family_which_has_one(record, message):
    raw = CHANGE.replace("record: opportunity", f"record: {record}", 1).encode()
    with pytest.raises(CatalogueError, match=message):
        read_family(raw, "leadsquared", "opportunity_change")
