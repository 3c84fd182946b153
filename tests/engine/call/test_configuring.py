"""The configuration of a Lapp, with templates and secrets in it."""

from __future__ import annotations

import pytest

from hookwright.engine.call.configuring import config_slots, filled_config, put_together
from hookwright.rules.errors import ExpressionError
from hookwright.rules.telling import LappCall

SCOPE = {"event": {"type": "t"}, "data": {"n": 5, "ref": {"env": "OTHER"}}}


def call(**config):
    return LappCall("score", config)


def test_without_templates_nothing_is_filled_in():
    plain = call(a=1, key={"env": "K"})
    assert (config_slots(plain), filled_config(plain, SCOPE)) == ((), ())
    assert put_together(plain, {"a": 1, "key": "s3cret"}, ()) == {"a": 1, "key": "s3cret"}


def test_a_template_that_stands_alone_keeps_its_kind():
    assert filled_config(call(a="{{ data.n }}", b="n={{ data.n }}", c=[True]), SCOPE) == (
        ("config", '{"a":5,"b":"n=5","c":[true]}'),
    )


def test_secrets_stand_where_they_are_written_and_nowhere_else():
    written = call(key={"env": "K"}, chosen="{{ data.ref }}", keys=[{"env": "K"}, "{{ data.ref }}"])
    resolved = {"key": "s3cret", "chosen": "{{ data.ref }}", "keys": ["s3cret", "{{ data.ref }}"]}
    assert put_together(written, resolved, filled_config(written, SCOPE)) == {
        "key": "s3cret",
        "chosen": {"env": "OTHER"},
        "keys": ["s3cret", {"env": "OTHER"}],
    }


def test_what_was_filled_in_under_another_revision_is_kept():
    filled = (("config", '{"old":1,"a":5,"l":[1,2]}'),)
    assert put_together(call(a="{{ data.n }}", l=[1]), {"a": "x", "l": [1]}, filled) == {
        "old": 1,
        "a": 5,
        "l": [1, 2],
    }


def test_templates_for_which_nothing_was_filled_in_are_an_error():
    with pytest.raises(LookupError):
        put_together(call(a="{{ data.n }}"), {"a": "{{ data.n }}"}, ())


def test_what_a_template_cannot_make_is_an_error():
    with pytest.raises(ExpressionError):
        filled_config(call(a="{{ data.missing.deeper }}"), SCOPE)
