"""What may go into a header."""

from __future__ import annotations

import pytest

from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.headers import check_header


@pytest.mark.parametrize("value", ["", "plain", "tab\tinside", "latin-1 é ÿ", 'quote " comma,'])
def test_values_that_may_go_on_the_wire(value: str) -> None:
    assert check_header("X-Team", value) is None


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\n b", "nul\0", "euro €", "\ud800"])
def test_values_that_may_not_are_refused_by_name_and_never_quoted(value: str) -> None:
    with pytest.raises(InvalidHeader, match="header 'X-Team'") as caught:
        check_header("X-Team", value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\n", "é", "(x)"])
def test_names_must_be_tokens(name: str) -> None:
    with pytest.raises(InvalidHeader, match="is not a header name"):
        check_header(name, "x")
