"""A body is made once; an encoder that fails, lies or is not there refuses one delivery and nothing else."""

from __future__ import annotations

from typing import ClassVar

import pytest

from hookwright.engine.call.encoding import LARGEST, Body, encode_body, refused, too_large
from hookwright.engine.journal.line import LINE_LIMIT
from hookwright.plugins.errors import EncodeError, PluginError
from hookwright.plugins.hookspecs import Encoded
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.testing import body_context

BUILT_IN = load_plugins(allow=()).encoders


class Encoding:
    """An encoder made of one function."""

    name = "mine"
    content_types = ("text/x-mine",)
    schema: ClassVar = {}

    def __init__(self, encode):
        self.encode = encode


def encode(answer, content_type="text/x-mine"):
    def function(value, context):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return encode_body({"mine": Encoding(function)}, "mine", {}, body_context(content_type))


def test_plain_json_needs_no_header():
    body = encode_body(BUILT_IN, "json", {}, body_context("application/json", b"{ }"))
    assert body == Body(b"{ }")


@pytest.mark.parametrize(
    ("name", "content_type", "header"),
    [
        ("json", "application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("json", "text/plain", "text/plain"),
        ("text", "text/plain", "text/plain; charset=utf-8"),
        ("form", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
    ],
)
def test_every_other_body_keeps_its_content_type(name, content_type, header):
    body = encode_body(BUILT_IN, name, {}, body_context(content_type, b"{}"))
    assert body.headers == (("Content-Type", header),)


def test_an_encoder_that_names_no_content_type_sends_the_one_asked_for():
    assert encode(Encoded(b"x", (("X-A", "1"),))).headers == (("Content-Type", "text/x-mine"), ("X-A", "1"))
    assert encode(Encoded(b"x", (("content-TYPE", "a/b"),))).headers == (("content-TYPE", "a/b"),)


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class MutePlugin(Mute, PluginError):
    pass


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EncodeError("no dates"), "no dates"),
        (ValueError("n\no"), "ValueError: n o"),
        (KeyError("a"), "KeyError: 'a'"),
        (RecursionError("deep"), "RecursionError: deep"),
        (ValueError("half \ud800"), "ValueError: half ?"),
        (Mute(), "Mute: no reason given"),
        (MutePlugin(), "no reason given"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("x" * 1000), f"ValueError: {'x' * 288}"),
        ("text", "TypeError: encode must return Encoded with bytes"),
        (None, "TypeError: encode must return Encoded with bytes"),
        (Encoded("text"), "TypeError: encode must return Encoded with bytes"),
        (Encoded(b"", (("X-A", "a\r\nb"),)), "header 'X-A': the value holds a line break or a NUL"),
        (Encoded(b"", (("X A", "a"),)), "header 'X A': is not a header name"),
        (Encoded(b"", (("X-A", "\ud800"),)), "header 'X-A': the value holds a character outside latin-1"),
    ],
)
def test_what_an_encoder_does_wrong_is_told(answer, reason):
    assert encode(answer) == Body(b"", (), ("plugin:mine", reason))


def test_headers_that_can_be_read_only_once_are_kept():
    assert encode(Encoded(b"x", iter([("X-A", "1")]))).headers == (
        ("Content-Type", "text/x-mine"),
        ("X-A", "1"),
    )


@pytest.mark.parametrize("headers", [(("X-A", 5),), (5,), 5])
def test_headers_of_another_shape_are_told(headers):
    body = encode(Encoded(b"x", headers))
    assert (body.content, body.headers) == (b"", ())
    assert body.refusal[1].startswith("TypeError: ")


def test_an_encoder_that_is_not_loaded_is_named():
    refusal = ("plugin:other", "no plugin of this name is loaded")
    assert encode_body({}, "other", {}, body_context("a/b")) == Body(b"", (), refusal)


@pytest.mark.parametrize(
    "content",
    [b"a" * LARGEST, b"\x01" * (LARGEST // 5), bytes(range(256)) * (LARGEST // 256)],
    ids=["ascii", "controls", "binary"],
)
def test_a_body_that_no_line_of_the_journal_holds_is_refused(content):
    body = too_large("mine", Body(content))
    assert body == refused("mine", f"the body of {len(content):,} bytes is too large to be kept")


@pytest.mark.parametrize(
    "content", [b"", b"a" * (LARGEST - 2), bytes(range(256)) * 1000], ids=["", "ascii", "binary"]
)
def test_a_body_that_fits_stays_as_it_is(content):
    body = Body(content, (("X-A", "1"),))
    assert too_large("mine", body) is body
    assert LARGEST < LINE_LIMIT
