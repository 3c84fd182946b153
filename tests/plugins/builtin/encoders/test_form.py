"""The form encoder; `test_fields` holds the rules of its fields."""

from __future__ import annotations

import pytest

from hookwright.plugins.builtin.encoders.form import FormEncoder
from hookwright.plugins.errors import EncodeError
from hookwright.plugins.hookspecs import Encoder
from hookwright.plugins.testing import EncoderContract, body_context

FORM = "application/x-www-form-urlencoded"


class TestContract(EncoderContract):
    def make(self) -> Encoder:
        return FormEncoder()


def test_the_data_becomes_fields_whatever_its_spelling_was() -> None:
    encoded = FormEncoder().encode({"a": 1.0, "b": ["x"]}, body_context(FORM, b'{"a": 1.00, "b": ["x"]}'))
    assert encoded.body == b"a=1.0&b=x"


@pytest.mark.parametrize("asked", [FORM, "Application/X-WWW-Form-URLencoded; charset=UTF-8"])
def test_a_form_goes_out_under_the_content_type_asked_for(asked: str) -> None:
    assert FormEncoder().encode({}, body_context(asked)).headers == (("Content-Type", asked),)


def test_a_form_never_goes_out_as_something_else() -> None:
    assert FormEncoder().encode({}, body_context("application/json")).headers == (("Content-Type", FORM),)


def test_a_single_text_is_no_form() -> None:
    with pytest.raises(EncodeError):
        FormEncoder().encode("text", body_context(FORM))
