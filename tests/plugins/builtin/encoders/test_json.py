"""The JSON encoder: received bytes stay as they are; everything else is compact JSON."""

from __future__ import annotations

import json
import math

import pytest

from hookwright.plugins.builtin.encoders.json import JsonEncoder
from hookwright.plugins.errors import EncodeError
from hookwright.plugins.hookspecs import Encoder
from hookwright.plugins.testing import EncoderContract, body_context


class TestContract(EncoderContract):
    def make(self) -> Encoder:
        return JsonEncoder()


@pytest.mark.parametrize(
    "raw", [b'{"b" : 1.0,\n "a":1e2}', b"[1,  2]", b'"\\u00fc"', b"null", b'{"a":1,"a":2}', b""]
)
def test_data_nobody_changed_goes_out_byte_for_byte(raw: bytes) -> None:
    assert JsonEncoder().encode({"some": "thing"}, body_context("application/json", raw)).body is raw


def test_a_body_made_here_is_compact_utf8_in_the_order_given() -> None:
    body = JsonEncoder().encode({"b": "ü", "a": [1, 2.5, None]}, body_context("application/json")).body
    assert body == '{"b":"ü","a":[1,2.5,null]}'.encode()


def test_integers_of_any_size_stay_exact() -> None:
    assert JsonEncoder().encode(2**80, body_context("application/json")).body == str(2**80).encode()


def test_a_lone_surrogate_is_written_as_an_escape_a_parser_reads_back() -> None:
    body = JsonEncoder().encode("x\ud800y", body_context("application/json")).body
    assert body == b'"x\\ud800y"'
    assert json.loads(body) == "x\ud800y"


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}, {1, 2}, b"bytes"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(EncodeError):
        JsonEncoder().encode(value, body_context("application/json"))


def test_a_value_nested_without_end_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(EncodeError):
        JsonEncoder().encode(value, body_context("application/json"))
