"""What an explanation says of a pattern: the values met, what was wanted, and which parts decide."""

from __future__ import annotations

from typing import Any

import pytest

from hookwright.rules.explain import Clause, explain_pattern
from hookwright.schemas.problem import Place


def explained(pattern: dict[str, Any], data: Any) -> Clause:
    """Places tell the steps: the line is how many there are."""

    def where(steps: tuple[str | int, ...], *, key: bool = False) -> Place:
        return Place("/".join(map(str, steps)), len(steps), 2 if key else 1)

    return explain_pattern(pattern, data, where)


def failing(clause: Clause) -> list[Clause]:
    if clause.kind == "field":
        return [] if clause.holds else [clause]
    return [each for part in clause.parts for each in failing(part)]


def test_a_value_that_is_none_of_the_alternatives_stands_beside_them() -> None:
    clause = explained({"Stage": ["Won", {"prefix": "Hot"}]}, {"Stage": "Cold"})
    assert (clause.kind, clause.holds, clause.field) == ("field", False, "Stage")
    assert [each.says for each in clause.expected] == ['"Won"', 'a string that begins with "Hot"']
    assert [each.place for each in clause.expected] == [Place("Stage/0", 2, 1), Place("Stage/1", 2, 1)]
    assert clause.place == Place("Stage", 1, 2)
    assert [(each.path, each.value, each.met) for each in clause.found] == [("Stage", "Cold", None)]


def test_the_alternative_that_a_value_meets_is_named() -> None:
    clause = explained({"Stage": ["Won", {"exists": False}, {"prefix": "Hot"}]}, {"Stage": "Hot lead"})
    assert clause.holds
    assert [(each.value, each.met) for each in clause.found] == [("Hot lead", 2)]
    assert clause.expected[1].says == "no value at all"


def test_of_many_values_those_that_decide_come_first() -> None:
    data = {"Tags": [*(f"t{number}" for number in range(100)), "vip"]}
    clause = explained({"Tags": ["vip"]}, data)
    assert (clause.found[0].path, clause.found[0].met, clause.more) == ("Tags[100]", 0, 96)


@pytest.mark.parametrize(
    ("data", "lack"),
    [
        ({}, "there is no field After"),
        ({"after": {}}, 'there is no field After (did you mean "after"?)'),
        ({"After": {"status": 1}}, 'After has no field Status (did you mean "status"?)'),
        ({"After": 5}, "After is a number, which has no fields"),
        ({"After": []}, "After is an empty list"),
        ({"After": [1]}, "After is a list without objects"),
        (
            {"After": [{"a": 1}, {"Statsu": 2}]},
            'no element of After has a field Status (did you mean "Statsu"?)',
        ),
        ({"After": {"Status": []}}, "After.Status is an empty list"),
        ({"After": {"Status": {}}}, "After.Status is an empty object"),
        ({"After": {"Status": {"Code": 1}}}, "After.Status is an object, which is no value"),
        ({"After": {"Status": [{"Code": 1}]}}, "After.Status is a list of objects, which are no values"),
        ({"After.Status": []}, '["After.Status"] is an empty list'),
        (None, "the data is null, which has no fields"),
        ([], "the data is an empty list"),
        ("text", "the data is a string, which has no fields"),
    ],
)
def test_an_absent_field_is_said_to_be_absent_and_why(data: Any, lack: str) -> None:
    clause = explained({"After": {"Status": ["Won"]}}, data)
    assert (clause.holds, clause.found, clause.lack) == (False, (), lack)


@pytest.mark.parametrize(
    ("wanted", "value", "hint"),
    [
        ("Won", "won", '"won" differs in upper and lower case only; {equals-ignore-case: "Won"} takes both'),
        ("Won", " Won", '" Won" and "Won" differ in the blanks at their ends'),
        (
            "w" * 61,
            "W" * 61,
            f'"{"W" * 60}…" differs in upper and lower case only; {{equals-ignore-case: ...}} takes both',
        ),
        (
            "Trade Fair",
            "Trade\u00a0Fair",
            "they look alike and differ at character 6: U+00A0 is there, U+0020 is wanted",
        ),
        (
            "caf\u00e9",
            "cafe\u0301",
            "they look alike and differ at character 4: U+0065 is there, U+00E9 is wanted",
        ),
        (
            "w" * 70 + "x",
            "w" * 70,
            "they look alike and differ at character 71: nothing is there, U+0078 is wanted",
        ),
        (5, "5.0", '"5.0" is a string and 5 is a number; {number: ["=", 5]} takes both'),
        (True, "true", '"true" is a string; quotes around true make it one'),
        ("5", 5, "5 is no string; without quotes 5 is not one either"),
        (
            {"prefix": "Hot"},
            "hot",
            '"hot" differs in upper and lower case only; {prefix: {equals-ignore-case: "Hot"}} takes both',
        ),
        (
            {"suffix": "PNG"},
            "a.png",
            '"a.png" differs in upper and lower case only; {suffix: {equals-ignore-case: "PNG"}} takes both',
        ),
        ({"numeric": [">", 50]}, "71", '"71" is a string; "number" in place of "numeric" reads it'),
        ({"numeric": [">", 50]}, "7", ""),
        ("Won", "Lost", ""),
        (None, "null", '"null" is a string; quotes around null make it one'),
    ],
)
def test_a_near_miss_is_told_with_its_fix(wanted: Any, value: Any, hint: str) -> None:
    assert explained({"a": [wanted]}, {"a": value}).hint == hint


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("x", '"x"'),
        (300, "300"),
        (None, "null"),
        ({"exactly": "x"}, '"x"'),
        ({"suffix": ".png"}, 'a string that ends with ".png"'),
        ({"prefix": {"equals-ignore-case": "a"}}, 'a string that begins with "a" in upper or lower case'),
        ({"equals-ignore-case": "a"}, '"a" in upper or lower case'),
        ({"wildcard": r"a*\*b"}, r'a string like "a*\\*b"'),
        ({"anything-but": ["x", "y"]}, 'anything but "x" or "y"'),
        ({"anything-but": {"prefix": "in"}}, 'anything but a string that begins with "in"'),
        ({"numeric": [">", 0, "<=", 5]}, "a number > 0 and <= 5"),
        ({"numeric": ["=", 5]}, "the number 5"),
        ({"number": ["<", 5]}, "a number < 5, also one written as a string"),
        ({"cidr": "10.0.0.0/24"}, "an address in 10.0.0.0/24"),
        ({"exists": True}, "any value"),
        ({"exists": False}, "no value at all"),
        ("x" * 200, f'"{"x" * 60}…"'),
    ],
)
def test_every_operator_has_words(test: Any, says: str) -> None:
    assert [each.says for each in explained({"a": [test]}, {}).expected] == [says]


def test_all_conditions_that_fail_are_told_not_only_the_first() -> None:
    clause = explained({"a": [1], "b": [2], "c": {"d": [3]}}, {"a": 0, "b": 2})
    assert [each.field for each in failing(clause)] == ["a", "c.d"]


def test_of_or_every_branch_is_told_and_what_fails_in_it() -> None:
    clause = explained({"$or": [{"a": [1], "b": [2]}, {"c": [3]}]}, {"a": 1, "b": 0, "c": 0})
    assert (clause.kind, clause.holds, clause.place) == ("or", False, Place("$or", 1, 2))
    assert [part.kind for part in clause.parts] == ["and", "field"]
    assert [each.field for each in failing(clause)] == ["b", "c"]


def test_of_or_that_holds_the_branch_is_told_by_which() -> None:
    clause = explained({"$or": [{"a": [1]}, {"b": [2]}]}, {"a": 0, "b": 2})
    assert [(part.field, part.holds) for part in clause.parts] == [("a", False), ("b", True)]


def test_of_not_is_told_what_was_met_inside() -> None:
    clause = explained({"$not": {"a": ["x"], "b": ["y"]}}, {"a": "x", "b": ["z", "y"]})
    assert (clause.kind, clause.holds) == ("not", False)
    (inside,) = clause.parts
    assert inside.holds
    assert [(part.found[0].path, part.found[0].value) for part in inside.parts] == [("a", "x"), ("b[1]", "y")]


def test_conditions_no_element_meets_together_are_told_element_by_element() -> None:
    items = [{"Sku": "A1", "Color": "blue"}, {"Sku": "B2", "Color": "red"}, {"Size": 3}]
    clause = explained({"Items": {"Sku": ["A1"], "Color": ["red"]}}, {"Items": items})
    assert (clause.holds, [part.holds for part in clause.parts]) == (False, [True, True])
    assert clause.conflict is not None
    assert clause.conflict.path == "Items"
    assert [each.says for each in clause.conflict.conditions] == ['Items.Sku: "A1"', 'Items.Color: "red"']
    assert [(each.path, each.meets, each.misses) for each in clause.conflict.elements] == [
        ("Items[0]", (0,), (1,)),
        ("Items[1]", (1,), (0,)),
        ("Items[2]", (), (0, 1)),
    ]


def test_a_list_in_a_list_is_an_element_like_any_other() -> None:
    pattern = {"d": {"a": [1], "b": [2]}}
    assert explained(pattern, {"d": [[{"a": 1, "b": 2}]]}).holds
    conflict = explained(pattern, {"d": [[{"a": 1}], [{"b": 2}]]}).conflict
    assert conflict is not None
    assert [each.path for each in conflict.elements] == ["d[0]", "d[1]"]


def test_a_branch_that_holds_for_another_element_does_not_hold_for_the_one_that_decides() -> None:
    pattern = {"d": {"b": [2], "$or": [{"a": [1]}, {"c": [3]}]}}
    clause = explained(pattern, {"d": [{"a": 1}, {"b": 2, "c": 3}]})
    (_, either) = clause.parts
    assert (clause.holds, [part.holds for part in either.parts]) == (True, [False, True])


def test_the_inner_list_is_named_when_the_outer_one_is_not_to_blame() -> None:
    data = {"Orders": [{"Lines": [{"a": 1}, {"b": 2}]}, {"Lines": [{"a": 1}]}]}
    conflict = explained({"Orders": {"Lines": {"a": [1], "b": [2]}}}, data).conflict
    assert conflict is not None
    assert conflict.path == "Orders[0].Lines"


def test_an_element_that_lacks_what_must_be_absent_is_not_blamed() -> None:
    pattern = {"d": {"b": [{"exists": True}], "a": [{"exists": False}]}}
    assert explained(pattern, {"d": [{"a": 1}, {"b": 3}]}).holds
    clause = explained(pattern, {"d": [{"a": 1}, {"a": 2, "b": 3}]})
    assert clause.conflict is not None
    assert [(each.path, each.meets) for each in clause.conflict.elements] == [("d[1]", (0,)), ("d[0]", ())]


def test_the_elements_that_meet_the_most_are_shown_and_the_others_counted() -> None:
    items = [{"a": 1}] * 500 + [{"a": 1, "b": 2}] + [{"c": 3}] * 500
    clause = explained({"i": {"a": [1], "b": [2], "c": [3]}}, {"i": items})
    assert clause.conflict is not None
    assert (clause.conflict.elements[0].path, clause.conflict.more) == ("i[500]", 993)


def _nested(levels: int, around: Any) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = around(value)
    return value


HOSTILE = {
    "64 $or inside each other": (
        _nested(63, lambda below: {"$or": [below if isinstance(below, dict) else {"x": [1]}, {"y": [1]}]}),
        {"x": 2, "y": 2},
    ),
    "64 $or side by side over a long list": (
        {"$and": [{"$or": [{"i": {"a": [1]}}, {"i": {"b": [1]}}]} for _ in range(64)]},
        {"i": [{"a": 1} if number % 2 else {"b": 1} for number in range(300)]},
    ),
    "as many choices as there are subsets": (
        {"$and": [{"$or": [{"i": {f"k{n}": [{"exists": False}]}}, {"i": {"b": [2]}}]} for n in range(64)]},
        {"i": [{f"k{number}": 1 for number in range(64)} for _ in range(20)]},
    ),
    "two conditions over 10,000 elements": (
        {"i": {"a": [1], "b": [1]}},
        {"i": [{"a": 1} if number % 2 else {"b": 1} for number in range(10_000)]},
    ),
    "2,000 fields": ({f"f{number}": [1] for number in range(2_000)}, {f"f{n}": n % 3 for n in range(2_000)}),
    "a list in a list, 20,000 times": ({"a": [2]}, {"a": _nested(20_000, lambda below: [below])}),
    "an object in a list, 1,000 times": ({"a": [2]}, _nested(1_000, lambda below: [1, {"a": below}])),
    "1,000 levels of field": ({".".join("a" * 1_000): [2]}, _nested(1_000, lambda below: {"a": below})),
    "names that are nothing": ({"": {"": [1]}, "a..b": [1]}, {"": {"": 2}, "a": {"": {"b": 2}}}),
    "numbers of any size": (
        {"a": [10**5000, {"numeric": [">", 1]}], "b": [1]},
        {"a": [-(10**5000), float("inf"), float("nan")], "b": 10**5000},
    ),
    "a long text": ({"a": ["x"]}, {"a": "y" * 1_000_000}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_explained_in_few_words(name: str) -> None:
    """Bounds on what is said; that it ends at all is what the timeout of every test holds."""
    pattern, data = HOSTILE[name]
    clause = explained(pattern, data)

    def bounded(each: Clause) -> int:
        assert len(each.found) <= 5
        assert len(each.parts) <= 100
        assert len(each.expected) <= 50
        assert len(each.lack) + len(each.hint) < 1_000
        assert all(len(found.path) < 2_000 for found in each.found)
        assert each.conflict is None or len(each.conflict.elements) <= 8
        return 1 + sum(bounded(part) for part in each.parts)

    assert bounded(clause) <= 300
