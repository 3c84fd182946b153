"""Redacting: what the named fields hold is not to be read anywhere, whatever form it takes."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hookwright.engine.call.mask import REDACTED, Mask
from hookwright.engine.intake.redacting import LONGEST, redact
from hookwright.rules.event import Event


def event(data, **attributes):
    return Event(id="1", source="/s", type="t", data=data, raw=json.dumps(data).encode(), **attributes)


def shown(data, *paths, **attributes):
    redaction = redact(event(data, **attributes), paths)
    assert redaction is not None
    return redaction.shown.data


def test_a_field_is_hidden_with_all_that_is_below_it():
    assert shown({"a": {"b": {"c": [1, {"d": "x"}]}}, "e": 1000}, ("a", "b")) == {
        "a": {"b": REDACTED},
        "e": 1000,
    }


def test_a_list_on_the_way_stands_for_all_its_entries():
    data = {"people": [{"phone": "555-1"}, {"name": "Ada"}, [{"phone": "555-2"}]]}
    hidden = {"people": [{"phone": REDACTED}, {"name": "Ada"}, [{"phone": REDACTED}]]}
    assert shown(data, ("people", "phone")) == hidden


def test_what_is_hidden_is_hidden_wherever_else_it_stands():
    data = {
        "mail": "ada@example.com",
        "note": "call ada@example.com",
        "by": {"ada@example.com": 42},
        "n": 5551234,
    }
    redaction = redact(
        event(
            {**data, "phone": 5551234}, subject="ada@example.com", extensions=(("who", "ada@example.com"),)
        ),
        [("mail",), ("phone",)],
    )
    assert redaction.shown.data == {
        "mail": REDACTED,
        "note": f"call {REDACTED}",
        "by": {REDACTED: 42},
        "n": REDACTED,
        "phone": REDACTED,
    }
    assert redaction.shown.subject == REDACTED
    assert redaction.shown.extensions == (("who", REDACTED),)


def test_a_short_value_is_hidden_where_it_stands_as_a_word():
    data = {"sex": "F", "text": "F or Fine, F.", "n": 5, "five": "5 of 15"}
    assert shown(data, ("sex",), ("n",)) == {
        "sex": REDACTED,
        "text": f"{REDACTED} or Fine, {REDACTED}.",
        "n": REDACTED,
        "five": f"{REDACTED} of 15",
    }


@pytest.mark.parametrize("value", [True, False, None])
def test_true_and_false_and_null_are_hidden_in_their_field_alone(value):
    assert shown({"a": value, "b": value}, ("a",)) == {"a": REDACTED, "b": value}


def test_an_event_without_the_fields_is_left_alone():
    assert redact(event({"a": 1}), [("b",), ("a", "b")]) is None


def test_data_that_masking_would_make_too_long_is_hidden_whole():
    assert shown({"n": 1, "many": [1] * (LONGEST // 8)}, ("n",)) == REDACTED


def test_a_message_that_quotes_the_beginning_of_a_value_says_nothing_of_it():
    mask = Mask(hidden=["0123456789abcdef" * 10])
    assert mask.cut('no number: "' + ("0123456789abcdef" * 10)[:60] + '..."') == f'no number: "{REDACTED}..."'


@given(
    st.text(min_size=4),
    st.recursive(
        st.text() | st.integers() | st.none(), lambda t: st.lists(t) | st.dictionaries(st.text(), t)
    ),
)
def test_no_text_of_a_hidden_field_is_left_in_the_data(secret, rest):
    assume(secret != REDACTED)
    redaction = redact(event({"a": secret, "b": [rest, f"x{secret}y"], "c": {secret: secret}}), [("a",)])
    shown = json.loads(redaction.shown.raw)
    assert not [text for text in texts_of(shown) for left in text.split(REDACTED) if secret in left]
    assert secret not in [json.dumps(number) for number in numbers_of(shown)]  # 50000 says nothing of 0000


def texts_of(value):
    """All texts and names in a value."""
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in texts_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


def numbers_of(value):
    if isinstance(value, dict | list):
        below = value.values() if isinstance(value, dict) else value
        return [number for each in below for number in numbers_of(each)]
    return [value] if isinstance(value, int) else []


def test_what_was_accepted_is_not_changed():
    data = {"a": {"b": [{"c": "secret"}]}}
    redact(event(data), [("a", "b", "c")])
    assert data == {"a": {"b": [{"c": "secret"}]}}
