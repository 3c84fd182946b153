"""The text encoder: a text as it is, other data as the JSON it is."""

from __future__ import annotations

import math

import pytest

from hookwright.plugins.builtin.encoders.text import TextEncoder
from hookwright.plugins.errors import EncodeError
from hookwright.plugins.hookspecs import Encoder
from hookwright.plugins.testing import EncoderContract, body_context


class TestContract(EncoderContract):
    def make(self) -> Encoder:
        return TextEncoder()


def test_a_text_goes_out_without_quotes_in_utf8() -> None:
    encoded = TextEncoder().encode("Grüße\n", body_context("text/plain", b'"Gr\\u00fc\\u00dfe\\n"'))
    assert encoded.body == "Grüße\n".encode()


@pytest.mark.parametrize("raw", [b'{"b" : 1.0,\n "a":1e2}', b"[1,  2]", b"null", b"1.50"])
def test_other_data_goes_out_byte_for_byte(raw: bytes) -> None:
    assert TextEncoder().encode({"some": "thing"}, body_context("text/plain", raw)).body is raw


def test_a_body_made_here_is_compact_json() -> None:
    assert TextEncoder().encode({"a": [1, None]}, body_context("text/plain")).body == b'{"a":[1,null]}'


@pytest.mark.parametrize(
    ("asked", "header"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain; charset=latin-1", "text/plain; charset=utf-8"),
        ("text/plain; format=fixed", "text/plain; format=fixed; charset=utf-8"),
        ("application/json", "text/plain; charset=utf-8"),
    ],
)
def test_the_charset_is_the_one_of_the_bytes(asked: str, header: str) -> None:
    assert TextEncoder().encode("x", body_context(asked)).headers == (("Content-Type", header),)


@pytest.mark.parametrize("value", [math.nan, {1}, "\ud800"])
def test_what_cannot_be_said_is_refused(value: object) -> None:
    with pytest.raises(EncodeError):
        TextEncoder().encode(value, body_context("text/plain"))
