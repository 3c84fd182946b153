"""`if` is asked of what the pattern matches, and is true, false or a fault: never a silent no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules.compile import compile_table
from hookwright.rules.condition import holds
from hookwright.rules.errors import ExpressionError
from hookwright.rules.event import Event
from hookwright.rules.expression import Expression, always

BUNDLE = """
webhooks:
  - {id: asked, event: Lead_Post_Create, url: "https://example.com/", if: data.Score > 50}
  - id: matched
    event: Lead_Post_Create
    match: {Stage: [Won]}
    if: data.Score > 50
    url: https://example.com/
  - {id: never, event: Lead_Post_Create, url: "https://example.com/", if: false}
  - {id: unasked, event: Lead_Post_Create, url: "https://example.com/"}
rules:
  - id: always
    event: Lead_Post_Create
    if: true
    actions: [{post: {url: "https://example.com/"}}]
"""


def event(data, **attributes):
    named = {"id": "1", "source": "/crm", "type": "Lead_Post_Create", **attributes}
    return Event(data=data, raw=b"", **named)


def selected(table, data):
    """Who gets an event, and for whom nobody can say."""
    return {each.subscriber.id: each.fault and str(each.fault) for each in table.select(event(data))}


def test_it_is_asked_of_what_matches_and_everybody_else_gets_theirs(model):
    table = compile_table(model(BUNDLE))
    told = {"always": None, "unasked": None}
    assert selected(table, {"Score": 51, "Stage": "Won"}) == {"asked": None, "matched": None, **told}
    assert selected(table, {"Score": 51}) == {"asked": None, **told}
    assert selected(table, {"Score": 50, "Stage": "Won"}) == told
    fault = 'there is no field "Score"'
    assert selected(table, {"Stage": "Open"}) == {"asked": fault, **told}
    assert selected(table, {"Stage": "Won"}) == {"asked": fault, "matched": fault, **told}


def test_who_gets_an_event_is_ordered_by_id(model):
    table = compile_table(model(BUNDLE))
    found = [each.subscriber.id for each in table.select(event({}))]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("data.Stage == 'Won'", True),
        ("data.Vip", False),
        ("data.Score is defined and data.Score > 5", False),
        ("event.source == '/crm' and event.subject is none", True),
        ("data.Stage", 'it must be true or false, not a text, "Won"'),
        ("data.Tags and data.Vip", "it must be true or false, not a list"),
        ("data.Owner", "it must be true or false, not null"),
        ("data.N", "it must be true or false, not a number, 1"),
        ("data", "it must be true or false, not an object"),
        ("data.Score", 'there is no field "Score"'),
        ("data.Score > 5", 'there is no field "Score"'),
        ("data.Stage > 5", "> does not take a text and a number; read numbers in texts with | number"),
        ("data.Stage | number > 5", '"Won" is not a number'),
        ("data.N / 0 > 1", "division by zero"),
    ],
)
def test_only_true_is_yes_and_only_false_is_no(text, answer):
    happened = event({"Stage": "Won", "Vip": False, "Tags": [], "Owner": None, "N": 1})
    asked = Expression.parse(text)
    if isinstance(answer, bool):
        assert holds(asked, happened) is answer
    else:
        with pytest.raises(ExpressionError) as caught:
            holds(asked, happened)
        assert str(caught.value) == answer


def test_a_long_value_is_told_in_short():
    with pytest.raises(ExpressionError) as caught:
        holds(Expression.parse("data"), event("x" * 100_000))
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("5", "a number"),
        ("none", "null"),
        ("'a'", "a text"),
        ("[1]", "a list"),
        ("{'a': 1}", "an object"),
        ("-data.a", "a number"),
        ("data.a * 2", "a number"),
        ("data.a + 2", "a number, a text or a list"),
        ("data.a ~ data.b", "a text"),
        ("data.a | number", "a number"),
        ("data.a | lower", "a text"),
        ("data.a | length and data.b | length", "a number"),
        ("1 if data.a else 0", "a number"),
        ("true", None),
        ("data.a", None),
        ("data.a | first", None),
        ("data.a | default(1)", None),
        ("not data.a", None),
        ("data.a | length or data.b", None),
        ("data.a == 1 if data.b else 0", None),
    ],
)
def test_what_an_expression_always_makes_is_seen_where_its_text_tells(text, made):
    assert always(text) == made


words = st.sampled_from(["data.a", "data.b", "true", "1", "'x'", "[data.a]", "none"])
texts = st.recursive(
    words,
    lambda each: (
        st.builds("({} {} {})".format, each, st.sampled_from(["and", "or", "==", "+", "~", "<"]), each)
        | st.builds("({} | {})".format, each, st.sampled_from(["length", "string", "number", "default(1)"]))
        | st.builds("({} if {} else {})".format, each, each, each)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(texts, st.fixed_dictionaries({}, optional={"a": st.sampled_from([True, 1, "2"]), "b": st.booleans()}))
def test_what_is_said_to_be_never_true_nor_false_never_is(text, data):
    made = always(text)
    try:
        value = Expression.parse(text).evaluate({}, data)
    except ExpressionError:
        return
    assert made is None or not isinstance(value, bool)
