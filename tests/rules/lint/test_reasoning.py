"""What lint claims of a pattern is true: held against the matcher on patterns and events that collide."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hookwright.rules import PatternIndex
from hookwright.rules.lint.always import always, takes_every_value
from hookwright.rules.lint.data import of_schema
from hookwright.rules.lint.entailment import entails, normal
from hookwright.rules.lint.finding import NEVER, UNKNOWN_FIELD, UNKNOWN_VALUE, WRONG_KIND, Finding
from hookwright.rules.lint.implication import excludes, implies
from hookwright.rules.lint.needless import needless
from hookwright.rules.lint.never import never
from hookwright.rules.lint.pattern import pattern_findings
from hookwright.rules.lint.written import resolve
from hookwright.rules.pattern import Field, parse_pattern
from hookwright.rules.pattern.alternatives import OPERATORS

TEXTS = ["", "a", "A", "b", "ab", "aB", "ba", "aba", "1", "2", "1.0", "10.0.0.1", "ß", "ss"]
NUMBERS = [-1, 0, 1, 1.0, 1.5, 2, 3]
SCALARS = [*TEXTS, *NUMBERS, True, False, None]
FRAGMENTS = ["a", "A", "b", "ab", "ss", "ß"]
NAMES = ["x", "y", "x.y", "z"]

texts = st.sampled_from(TEXTS)
fragments = st.sampled_from(FRAGMENTS)
scalars = st.sampled_from(SCALARS)
cased = fragments | st.builds(lambda text: {"equals-ignore-case": text}, fragments)
wildcards = st.sampled_from(["*", "a*", "*b", "a*b", "*a*", "ab", "a*b*a"])
ranges = st.sampled_from(
    [[sign, bound] for sign in ("<", "<=", "=", ">", ">=") for bound in (0, 1, 2)]
    + [[">", 0, "<", 2], [">=", 1, "<=", 2], [">=", 0, "<", 1]]
)
refused = (
    st.sampled_from(TEXTS)
    | st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3)
    | st.sampled_from(NUMBERS)
    | st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3)
    | st.builds(
        lambda name, text: {name: text},
        st.sampled_from(["prefix", "suffix", "equals-ignore-case"]),
        fragments,
    )
    | st.builds(lambda text: {"wildcard": text}, wildcards)
)
operators = st.one_of(
    st.builds(lambda text: {"prefix": text}, cased | st.just("")),
    st.builds(lambda text: {"suffix": text}, cased),
    st.builds(lambda text: {"equals-ignore-case": text}, texts),
    st.builds(lambda text: {"wildcard": text}, wildcards),
    st.builds(lambda bounds: {"numeric": bounds}, ranges),
    st.builds(lambda bounds: {"number": bounds}, ranges),
    st.builds(
        lambda network: {"cidr": network},
        st.sampled_from(["10.0.0.0/8", "10.0.0.1/32", "11.0.0.0/8", "::/0"]),
    ),
    st.builds(lambda what: {"anything-but": what}, refused),
    st.builds(lambda there: {"exists": there}, st.booleans()),
)
alternatives = st.lists(scalars | operators, min_size=1, max_size=3)


def conditions(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(st.sampled_from(NAMES), alternatives, min_size=1, max_size=2)
    branches = st.lists(below, min_size=2, max_size=3)
    return st.one_of(
        fields,
        st.builds(lambda own, name, under: {**own, name: under}, fields, st.sampled_from(["x", "y"]), below),
        st.builds(lambda own, inner: {**own, "$not": inner}, fields, below),
        st.builds(lambda own, inner: {**own, "$and": inner}, fields, branches),
        st.builds(lambda own, inner: {**own, "$or": inner}, fields, branches),
        st.builds(lambda inner: {"$or": inner}, branches),
    )


patterns = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), alternatives, min_size=1, max_size=2), conditions, max_leaves=4
)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=3),
    max_leaves=8,
)
events = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
leaves = st.lists(st.text("aAbBsß12.0") | scalars | st.floats(-2, 4), min_size=1, max_size=20)


few = settings(max_examples=40, deadline=None)


def matched(pattern: Any, found: list[Any]) -> list[bool]:
    """Of each event whether the pattern matches it."""
    index = PatternIndex({"p": pattern})
    return [index.match(event) == {"p"} for event in found]


def parsed(alternative: Any) -> Any:
    root = parse_pattern({"x": [alternative]}).root
    assert isinstance(root, Field)
    return root.tests[0] if root.tests else None


@given(scalars | operators, scalars | operators, leaves)
def test_a_test_that_implies_or_excludes_another_does_so_for_every_leaf(one, other, found):
    narrow, wide = parsed(one), parsed(other)
    if narrow is None or wide is None:
        return
    implied, excluded = implies(narrow, wide), excludes(narrow, wide)
    for leaf in [*SCALARS, *found]:
        assert not implied or not narrow.holds(leaf) or wide.holds(leaf)
        assert not excluded or not (narrow.holds(leaf) and wide.holds(leaf))


@given(alternatives, leaves)
@example([{"anything-but": ["a", "b"]}, {"anything-but": {"prefix": "b"}}], ["b"])
@example([{"anything-but": {"wildcard": "a*b"}}, {"suffix": "b"}], ["ab"])
def test_a_list_that_takes_every_value_takes_every_leaf(listed, found):
    field = parse_pattern({"x": listed}).root
    assert isinstance(field, Field)
    claimed = takes_every_value(field.tests)
    for leaf in [*SCALARS, *found]:
        assert not claimed or any(test.holds(leaf) for test in field.tests)


@few
@given(patterns, st.lists(events, min_size=1, max_size=8))
@example({"x.y": [1], "x": {"y": [{"exists": False}]}}, [{"x.y": 1, "x": [{"z": 2}]}])
@example({"x": [{"exists": False}], "$or": [{"x": [1]}, {"y": [1]}]}, [{"y": 1}])
@example({"x": [1], "$or": [{"x": [{"exists": False}]}, {"y": [1]}]}, [{"x": 1, "y": 1}])
@example({"$not": {"x": [1]}, "$or": [{"x": [1]}, {"y": [1]}]}, [{"y": 1}])
def test_what_can_never_match_matches_nothing(pattern, found):
    claims = never(parse_pattern(pattern).root, lambda _: False)
    whole = any(at_the_top(each) for each in claims)
    assert not (whole and any(matched(pattern, found)))


@few
@given(patterns, st.lists(events, min_size=1, max_size=8))
@example({"$or": [{"x": [{"exists": False}]}, {"x": [{"exists": True}]}]}, [{}, {"x": [1]}, {"x": {"y": 1}}])
@example({"$or": [{"$not": {"x": ["a"]}}, {"x": ["b", {"prefix": "a"}]}]}, [{}, {"x": ["a", "c"]}])
@example({"x": [{"exists": False}, {"anything-but": "a"}, "a"]}, [{}, {"x": [["a"], None]}])
def test_what_always_matches_matches_everything(pattern, found):
    assert not always(parse_pattern(pattern).root) or all(matched(pattern, found))


@few
@given(patterns, patterns, st.lists(events, min_size=1, max_size=8))
def test_what_entails_another_pattern_matches_no_more(narrow, wide, found):
    one, other = parse_pattern(narrow).root, parse_pattern(wide).root
    if entails(one, other) or normal(one) == normal(other):
        pairs = zip(matched(narrow, found), matched(wide, found), strict=True)
        assert not any(by_narrow and not by_wide for by_narrow, by_wide in pairs)


@few
@given(patterns, st.lists(events, min_size=1, max_size=8))
def test_what_is_needless_can_be_left_out(pattern, found):
    for finding in needless(parse_pattern(pattern).root, pattern):
        shorter = without(pattern, finding.at)
        if shorter is not None:
            assert matched(pattern, found) == matched(shorter, found), (finding, shorter)


SCHEMA = {
    "type": "object",
    "properties": {
        "x": {"type": ["string", "number"]},
        "z": {"enum": ["a", "ab", 1, None]},
        "y": {
            "type": "object",
            "properties": {"x": {"type": "string"}, "y": {"type": "array", "items": {"type": "number"}}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
typed_events = st.fixed_dictionaries(
    {},
    optional={
        "x": texts | st.sampled_from(NUMBERS),
        "z": st.sampled_from(["a", "ab", 1, None]),
        "y": st.fixed_dictionaries(
            {}, optional={"x": texts, "y": st.lists(st.sampled_from(NUMBERS), max_size=3)}
        ),
    },
)


@few
@given(patterns, st.lists(typed_events, min_size=1, max_size=8))
@example({"x": [{"numeric": [">", 2]}], "$and": [{"x": [{"numeric": ["<", 1]}]}]}, [{"x": 1.5}, {"x": 3}])
@example({"y.x": ["a"], "y": {"x": [{"prefix": "b"}]}}, [{"y": {"x": "a"}}])
def test_what_is_said_of_typed_events_is_true_of_them(pattern, found):
    for finding in pattern_findings(parse_pattern(pattern), pattern, [of_schema(SCHEMA)]):
        if finding.code == NEVER and at_the_top(finding):
            assert not any(matched(pattern, found)), finding
        elif finding.code in (WRONG_KIND, UNKNOWN_VALUE) and "refuses no" in finding.message:
            taken = replaced(pattern, finding.at, {"exists": True})
            assert matched(pattern, found) == matched(taken, found), finding
        elif finding.code in (WRONG_KIND, UNKNOWN_FIELD, UNKNOWN_VALUE):
            dead = replaced(pattern, finding.at, dead_end(resolve(pattern, finding.at)))
            assert matched(pattern, found) == matched(dead, found), finding


def at_the_top(finding: Finding) -> bool:
    """Whether the whole pattern stands and falls with what is found."""
    return not {"$or", "$not"} & set(finding.at[:-1])


def dead_end(written: Any) -> Any:
    """What matches no event, in place of an alternative, a list of them or an object of fields."""
    if isinstance(written, list):
        return [dead_end(each) for each in written]
    if isinstance(written, dict) and not set(written) <= OPERATORS:
        return {key: dead_end(each) for key, each in written.items()}
    return written if written == {"exists": False} else "nowhere"


def replaced(pattern: Any, at: tuple[Any, ...], by: Any) -> Any:
    left = copy.deepcopy(pattern)
    holder = resolve(left, at[:-1])
    holder[at[-1]] = by
    return left


def without(pattern: Any, at: tuple[Any, ...]) -> Any:
    """The pattern without what stands at `at`; None where what is left would be no pattern."""
    left = copy.deepcopy(pattern)
    holder = resolve(left, at[:-1])
    assert isinstance(holder, dict | list)
    del holder[at[-1]]
    if not holder or (len(holder) < 2 and at[-2:-1] == ("$or",)):
        return None
    return left


several, several_typed = (st.lists(each, min_size=1, max_size=8) for each in (events, typed_events))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("claim", "drawn"),
    [
        (test_what_can_never_match_matches_nothing, (patterns, several)),
        (test_what_always_matches_matches_everything, (patterns, several)),
        (test_what_entails_another_pattern_matches_no_more, (patterns, patterns, several)),
        (test_what_is_needless_can_be_left_out, (patterns, several)),
        (test_what_is_said_of_typed_events_is_true_of_them, (patterns, several_typed)),
    ],
)
def test_the_claims_hold_for_many_more(claim: Any, drawn: tuple[st.SearchStrategy[Any], ...]) -> None:
    long = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
    long(given(*drawn)(claim.hypothesis.inner_test))()
