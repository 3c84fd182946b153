import json

import pytest

from hookwright.schemas import catalogue
from hookwright.schemas.catalogue import CatalogueError, load_catalogue
from hookwright.schemas.problem import Place

TYPES = [event.type for event in load_catalogue().types]

BUNDLE = """\
version: 1
events:
  - {type: com.example.invoice.paid, description: An invoice was paid}
  - {type: Lead_Post_Create}
"""


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "webhooks.yaml").write_text(BUNDLE)


def _types(run, *arguments):
    return [
        each["type"] for each in json.loads(run("events", "list", *arguments, "-o", "json").out)["events"]
    ]


def test_every_event_is_a_line_with_both_its_labels_of_certainty(hookwright) -> None:
    ran = hookwright("events", "list")
    assert (ran.code, ran.err) == (0, "")
    head, *lines = ran.out.splitlines()
    assert head.split("  ")[0] == "LABEL"
    assert len(lines) == 39
    (merge,) = [line.split() for line in lines if "Lead_Merge" in line]
    assert merge == ["Lead", "Merge", "Lead_Merge", "lead_merge", "documented", "modelled"]


def test_family_and_search_choose(inside) -> None:
    assert _types(inside) == TYPES
    assert _types(inside, "--family", "leave") == ["Leave_Create", "Leave_Delete", "Leave_Update"]
    assert _types(inside, "--search", "STAGE") == ["Lead_Post_Stage_Change", "OpportunityStage_Post_Update"]
    assert _types(inside, "--family", "lead_change", "--search", "owner") == ["Lead_Owner_Change"]


def test_ndjson_is_an_event_a_line(inside) -> None:
    lines = [json.loads(line) for line in inside("events", "list", "-o", "ndjson").out.splitlines()]
    assert lines[0] == {
        "format_version": "1.0",
        "label": "Account Activity Create",
        "type": "AccountActivity_Post_Create",
        "number": None,
        "family": "activity",
        "status": "modelled",
        "payload": "modelled",
    }
    assert len(lines) == 39


def test_a_family_nobody_has_is_a_usage_error_and_a_search_in_vain_is_5(inside) -> None:
    ran = inside("events", "list", "--family", "leads")
    assert (ran.code, ran.out) == (4, "")
    assert "'leads' is none of account, activity, landing_page, lead, " in ran.err
    assert inside("events", "list", "--search", "qqq").code == 5


@pytest.mark.parametrize("name", ["Lead_Post_Stage_Change", "Lead Stage Change"])
def test_an_event_is_shown_by_its_type_or_its_label(inside, name) -> None:
    ran = inside("events", "show", name)
    assert (ran.code, ran.err) == (0, "")
    for said in (
        "Lead Stage Change  Lead_Post_Stage_Change\n",
        "  type      documented\n",
        "  number    5\n",
        "  family    lead_change: The whole lead before and after the change.\n",
        "  payload   observed: ",
        "fields (of Before and of After)\n  ProspectID ",
        "  StageChangeComment        Why the stage changed",
        '  {\n    "Before": {\n',
        "  POST <url>?entityType=webhook&entityId=ID&eventType=Lead_Post_Stage_Change\n",
        "\n  with the sample as the body\n",
    ):
        assert said in ran.out


def test_an_activity_is_one_object_and_a_list_on_the_wire(inside) -> None:
    said = json.loads(inside("events", "show", "LeadActivity_Post_Create", "-o", "json").out)
    assert said["format_version"] == "1.0"
    assert said["sample"]["ActivityEvent"] == "22"
    assert said["wire"]["body"] == [said["sample"]]
    assert said["wire"]["query"].endswith("eventType=LeadActivity_Post_Create")
    assert {"name": "Data.Owner", "meaning": "Id of the user who owns the activity."} in said["fields"]
    text = inside("events", "show", "LeadActivity_Post_Create").out
    assert "eventType=LeadActivity_Post_Create\n  [\n    {\n" in text


@pytest.mark.parametrize("type_", TYPES)
def test_every_event_can_be_shown(inside, type_) -> None:
    assert inside("events", "show", type_).code == 0
    said = json.loads(inside("events", "show", type_, "-o", "ndjson").out)
    assert (said["type"], said["sample"]) == (type_, load_catalogue().by_type[type_].sample)


def test_an_unknown_event_is_5_with_the_nearest_names(inside) -> None:
    ran = inside("events", "show", "lead_create")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.startswith("error: no event type 'lead_create'; did you mean Lead_Post_Create or ")
    assert inside("events", "show", "qqq").err.endswith("`hookwright events list` shows all\n")
    assert "\x1b" not in inside("events", "show", "\x1b[2J").err


def test_types_a_bundle_declares_are_there_and_the_catalogue_keeps_its_own(inside, bundle) -> None:
    assert _types(inside, "--config", "webhooks.yaml") == [*TYPES, "com.example.invoice.paid"]
    assert _types(inside, "--config", ".", "--search", "invoice") == ["com.example.invoice.paid"]
    ran = inside("events", "show", "com.example.invoice.paid", "--config", "webhooks.yaml")
    assert ran.out.splitlines()[:2] == ["com.example.invoice.paid", "  An invoice was paid"]
    said = json.loads(inside("events", "show", "com.example.invoice.paid", "--config", ".", "-o", "json").out)
    assert (said["status"], said["family"], said["label"]) == ("declared", None, "An invoice was paid")
    assert (
        "did you mean com.example.invoice.paid"
        in inside("events", "show", "com.example.invoice.payed", "--config", "webhooks.yaml").err
    )


def test_a_bundle_with_a_mistake_is_one_line_that_says_where(inside, tmp_path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\nevents:\n  - {tpye: x}\n")
    ran = inside("events", "list", "--config", "bad.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: bad.yaml:3:6: HW012 error: ")
    assert "`hookwright validate bad.yaml` shows all" in ran.err
    (tmp_path / "empty").mkdir()
    assert inside("events", "list", "--config", "empty").code == 5


def test_a_broken_sample_is_one_line(inside, monkeypatch) -> None:
    def broken(catalogue: str, name: str) -> None:
        raise CatalogueError(Place(f"{catalogue}/{name}.yaml", 3, 1), "Score: 7 is neither text nor null")

    monkeypatch.setattr(catalogue, "load_family", broken)
    for arguments in (["list"], ["show", "Lead_Post_Create"]):
        ran = inside("events", *arguments, "--debug")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("error: the catalogue cannot be used: leadsquared/")
