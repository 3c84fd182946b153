from __future__ import annotations

import pytest

from hookwright.plugins.content_types import bare_type, with_charset


@pytest.mark.parametrize(
    ("written", "bare"),
    [("text/plain", "text/plain"), ("Text/PLAIN ; charset=x", "text/plain"), ("a/b;c", "a/b"), ("", "")],
)
def test_the_type_without_its_parameters(written, bare):
    assert bare_type(written) == bare


@pytest.mark.parametrize(
    ("written", "result"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain;", "text/plain; charset=utf-8"),
        ("text/plain; charset=latin-1", "text/plain; charset=utf-8"),
        ("text/plain ; ; charset; x", "text/plain; x; charset=utf-8"),
        ('text/plain; charset="a\\";b"; x=1', "text/plain; x=1; charset=utf-8"),
        ('text/plain; x="; charset=b"; y=1', 'text/plain; x="; charset=b"; y=1; charset=utf-8'),
        ('text/plain; format=flowed;CHARSET="UTF-8"; x=1', "text/plain; format=flowed; x=1; charset=utf-8"),
    ],
)
def test_there_is_one_charset(written, result):
    assert with_charset(written, "utf-8") == result
