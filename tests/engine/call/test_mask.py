"""A known secret is found in every spelling it usually has."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.call.mask import REDACTED, Mask
from hookwright.engine.call.transport import Reply

SPELLINGS = {
    "plain": lambda value: value,
    "quoted": lambda value: quote(value, safe=""),
    "quoted in lower case": lambda value: re.sub("%..", lambda code: code.group().lower(), quote(value, "")),
    "quoted with plus": quote_plus,
    "in JSON": lambda value: json.dumps(value)[1:-1],
    "in JSON with Unicode": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "in HTML": html.escape,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_usual_spelling_is_found(spelling):
    value = 'a "b"/<\xfc> & c\\'
    text = SPELLINGS[spelling](value)
    mask = Mask([value])
    assert mask(f"before {text} after {text}") == f"before {REDACTED} after {REDACTED}"
    assert mask.raw(f"<{text}>".encode()) == f"<{REDACTED}>".encode()


def test_the_longer_secret_goes_first():
    assert Mask(["abc", "abcdef"])("abcdef abc") == f"{REDACTED} {REDACTED}"


def test_what_stands_in_place_of_a_secret_is_not_masked_again():
    assert Mask(["hunter2", "red"])("hunter2 red") == f"{REDACTED} {REDACTED}"
    assert Mask(["hunter2", "a"]).raw(b"hunter2 a") == f"{REDACTED} {REDACTED}".encode()


def test_no_secret_changes_nothing():
    reply = Reply(200, True, (("A", "b"),), b"c")
    mask = Mask(["", ""])
    assert mask("abc") == "abc"
    assert mask.reply(reply) is reply
    assert mask.with_values([""]) is mask


def test_a_mask_never_shows_what_it_knows():
    assert "hunter2" not in repr(Mask(["hunter2"]))


def test_a_mask_grows_only_by_what_is_new():
    mask = Mask(["one"])
    assert mask.with_values(["one"]) is mask
    assert mask.with_values(["two"])("one two") == f"{REDACTED} {REDACTED}"


@given(st.text(min_size=8), st.text(), st.text())
def test_a_secret_is_never_left_in_a_text(value, before, after):
    assert value not in Mask([value])(f"{before}{value}{after}").replace(REDACTED, "")


def test_a_secret_with_blanks_around_it_is_found_without_them_as_a_header_carries_it():
    assert Mask(["key "])("X-Echo: key") == f"X-Echo: {REDACTED}"
    assert Mask([" key"]).raw(b"key") == REDACTED.encode()
    assert Mask([" "])("a b") == f"a{REDACTED}b"
