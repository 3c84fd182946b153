from __future__ import annotations

from collections import Counter

import pytest

from hookwright.schemas.catalogue import load_catalogue, nearest_events


def test_the_36_events_of_the_page_and_three_more():
    catalogue = load_catalogue()
    assert catalogue.name == "leadsquared"
    assert len(catalogue.types) == 39
    assert len(catalogue.by_type) == len(catalogue.by_label) == 39
    assert [row.type for row in catalogue.types[36:]] == [
        "SalesActivity_Post_Create", "SalesActivity_Post_Update", "SalesActivity_Post_Cancel",
    ]  # fmt: skip
    assert Counter(row.status for row in catalogue.types[:36]) == {"documented": 29, "modelled": 7}


def test_numbers_are_those_the_documentation_gives():
    numbers = sorted(row.number for row in load_catalogue().types if row.number is not None)
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 26, 31, 32, 33, 34, 35]


def test_types_and_labels_that_follow_no_rule_are_as_printed():
    catalogue = load_catalogue()
    assert catalogue.by_label["Landing Page Submission"].type == "Landing_Page_submission"
    assert catalogue.by_label["Lead Delete"].type == "Lead_Delete"
    assert catalogue.by_label["Lead Ownership Change"].type == "Lead_Owner_Change"
    assert catalogue.by_label["Opportunity Stage/Status Change"].type == "OpportunityStage_Post_Update"
    assert catalogue.by_label["User Activate/Deactivate"].number is None


def test_activities_are_a_family_of_their_own():
    family = {row.type for row in load_catalogue().types if row.family == "activity"}
    assert family == {
        "AccountActivity_Post_Create", "AccountActivity_Post_Update", "LeadActivity_Post_Create",
        "LeadActivity_Post_Update", "SalesActivity_Post_Create", "SalesActivity_Post_Update",
        "SalesActivity_Post_Cancel",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("Lead_Create", "Lead_Post_Create"), ("lead_post_create", "Lead_Post_Create"),
        ("lead creation", "Lead_Post_Create"),
        ("LeadPostCreated", "Lead_Post_Create"), ("Lead_Post_Delete", "Lead_Delete"),
        ("Landing_Page_Submission", "Landing_Page_submission"),
        ("SalesActivityCancel", "SalesActivity_Post_Cancel"),
        ("Opportunity Field Value Chnage", "OpportunityField_Post_Update"),
    ],
)  # fmt: skip
def test_the_nearest_type_is_the_one_that_was_meant(text, best):
    catalogue = load_catalogue()
    found = nearest_events(text, [*catalogue.by_type, *catalogue.by_label])
    assert found[0] == best or catalogue.by_label[found[0]].type == best
    assert len(found) == len(set(found)) <= 3


def test_nothing_is_near_to_nonsense():
    types = load_catalogue().by_type
    assert nearest_events("qqqqqqqq", types) == []
    assert nearest_events("x" * 100_000, types) == []


def test_types_of_any_script_are_told_apart():
    assert nearest_events("заказ.оплачн", ["заказ.создан", "заказ.оплачен"])[0] == "заказ.оплачен"


def test_it_is_read_once_and_only_by_its_name():
    assert load_catalogue() is load_catalogue()
    with pytest.raises(FileNotFoundError):
        load_catalogue("hubspot")
