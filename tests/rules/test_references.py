from __future__ import annotations

import pytest

from hookwright.rules.glob import compile_glob, is_glob
from hookwright.rules.references import Encoders, EventNames

NAMES = EventNames(
    frozenset({"Lead_Post_Create", "Lead_Delete", "Task_Create", "com.example.[a]"}),
    {"Lead Creation": "Lead_Post_Create"},
)


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("Lead_Delete", ("Lead_Delete",)),
        ("Lead Creation", ("Lead_Post_Create",)),
        ("Lead_*", ("Lead_Delete", "Lead_Post_Create")),
        ("*_Create", ("Lead_Post_Create", "Task_Create")),
        ("????_Delete", ("Lead_Delete",)),
        ("*", ("Lead_Delete", "Lead_Post_Create", "Task_Create", "com.example.[a]")),
        ("com.*.[a]", ("com.example.[a]",)),
        ("lead_*", ()),
        ("Lead", ()),
        ("lead creation", ()),
        ("[LT]*_Create", ()),
    ],
)
def test_an_event_is_named_by_type_label_or_glob(name, types):
    assert NAMES.resolve(name) == types


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("a.b", "a.b", True),
        ("a.b", "axb", False),
        ("a*", "a\nb", True),
        ("a[!b]*", "a[!b]c", True),
        ("a[!b]*", "ac", False),
        ("a?", "a", False),
        ("?", "ß", True),
    ],
)
def test_only_star_and_question_mark_are_special(pattern, name, matches):
    assert (compile_glob(pattern).match(name) is not None) is matches
    assert is_glob(pattern) is ("*" in pattern or "?" in pattern)


def test_a_hostile_name_does_not_make_a_glob_slow():
    assert compile_glob("*a" * 30 + "*b").match("a" * 20_000) is None


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("Lead_Post_Craete", 'did you mean "Lead_Post_Create"?'),
        ("lead_post_create", 'did you mean "Lead_Post_Create"?'),
        ("lead creation", 'did you mean "Lead Creation"?'),
        ("Lead_Create", 'did you mean "Lead_Post_Create"?'),
        ("L\u0435ad Creation", 'did you mean "Lead Creation"? (not with U+0435, CYRILLIC SMALL LETTER IE)'),
        ("xyz", None),
    ],
)
def test_an_unknown_event_is_answered_with_a_guess(name, question):
    assert NAMES.did_you_mean(name) == question


def test_an_encoder_is_found_by_the_content_type_without_its_parameters():
    encoders = Encoders.of({"json": ["application/json"], "other": ["text/plain", "application/json"]})
    assert encoders.claimants("text/plain") == ("other",)
    assert encoders.claimants("Application/JSON; charset=utf-8") == ("json", "other")
    assert encoders.claimants("image/png") == ()
