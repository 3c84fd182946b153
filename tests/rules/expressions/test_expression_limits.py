"""What must neither get out of the sandbox nor take the machine with it."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression import Expression, key_text

LONG = "x" * 250_000
WIDE = [0] * 100_000
DATA = {
    "s": LONG, "u": "\U0001f600" * 60_000, "l": WIDE, "n": 3, "big": 10**4000, "h": "127.0.0.1\\@good",
    "o": {"a": [{"b": None}] * 1000}, "items": 1,
}  # fmt: skip
EVENT = {"id": "evt_1", "type": "T", "source": "/x"}
SECONDS = 0.1
BYTES = 32 * 1024 * 1024

ESCAPES = [
    "''.__class__", "''['__class__']", "data.__class__.__mro__", "data['__class__']['__mro__']",
    "data['__cla' ~ 'ss__']", "data['__cla' + 'ss__']", "data|attr('__class__')", "''|attr('__class__')",
    "data['s']['__class__']", "data.s['format']", "data.s.format", "'{0.__class__}'.format(data)",
    "'{0.__class__}'|format(data)", "'%s'|format(data)", "data.s.format_map(data)", "self", "self.__init__",
    "self._TemplateReference__context", "cycler", "cycler.__init__.__globals__", "joiner", "namespace",
    "lipsum.__globals__", "lipsum(n=100000)", "range(9)", "range(10**6)", "dict()", "get_flashed_messages",
    "request", "config", "loop", "caller", "varargs", "kwargs", "context", "environment", "_budget",
    "result", "missing", "undefined", "resolve", "l_0_data", "data|map('attr', '__class__')",
    "data|map(attribute='x')", "data|xmlattr", "data|pprint", "data|tojson", "data|safe",
    "data|forceescape", "data|select('x')", "data|groupby('x')", "data|sort(attribute='__class__')",
    "[].__class__.__base__.__subclasses__()", "(1).__class__", "1.__class__", "data.items()",
    "data.l.append(1)", "data.o.update({})", "data|_joined", "data|_cut", "data|_compared_eq(1)",
    "data is _x", "data is in(data)", "data is callable", "data is filter('x')", "event.__class__",
    "event.mro", "(data, data)", "data if data", "{'a': data}.items", "[data].append", "x := 1",
    "lambda: 1", "import os", "{% set x = 1 %}", "{{ 1 }}", "}}", "{#", "#}", "data.a\x00", "`id`", "$(id)",
    "__import__('os')", "true.__class__", "none.__class__", "data.n.real", "data.n.__add__", "data.s.join",
]  # fmt: skip

COSTLY = [
    "2**(2**40)", "2**2**2**2**2", "9**9**9", "10**4096", "10.0**400", "(10**1000)**1000",
    "data.big*data.big", "data.big**2", "data.big % 7", "-data.big", "data.big // 3", "data.big / 3",
    "data.big ~ ''", "'a'*10**8", "10**8*'a'", "[0]*10**8", "'%1000000000d' % 1",
    "'%1000000000d'|format(1)", "'a'|center(10**9)", "'{:>1000000000}'.format(1)", "'a'|indent(10**9)",
    "'a'|wordwrap(1)", "[1]|batch(10**8, 0)", "[1]|slice(10**7)", "range(99999)", "lipsum(n=100000)",
    "data.l|join(data.s)", "data.l|join(data.u)", "data.l == data.l", "data.l + data.l + data.l",
    "[data, data] == [data, data]", "data.s in data.s", "5 in data.l", "data.l in [data.l, data.l, data.l]",
    "data", "[" + "data," * 300 + "]", "[" + "data.s ~ data.s," * 100 + "]",
    "[" + "data.u ~ data.u," * 90 + "]", "[" + "data.u|upper," * 140 + "]",
    "[" + "data.u[::-1]," * 140 + "]", "[" + "data.l[1:]," * 140 + "]", "[" + "data.l+data.l," * 120 + "]",
    " ~ ".join(["data.s"] * 240), " + ".join(["data.s"] * 49), "data.s" + "|upper" * 45,
    "data.s" + "|trim" * 45, " and ".join(["data.o == data.o"] * 45), "[" + "data.s == data.s," * 110 + "]",
    "data.s|number", "data.zz" + ".a" * 40, "(" * 990 + "1" + ")" * 990, "[" * 1000, "{" * 1000,
    "-" * 1999 + "1", "not " * 499 + "1", "1" + "+1" * 999, "data" + ".a" * 900, "data" + "[0]" * 600,
    "data" + "|lower" * 300, "9" * 1999, "1" + "e9" * 9, "1e" + "9" * 1900, "'" + "a" * 1900 + "'",
    "0x" + "f" * 1900, "'" + "\\" * 1901, '"\\N{' + "x" * 1900 + '}"', "1 if 1 else " * 160 + "1",
    "{" + "'a':1," * 300 + "}", "data." + "a" * 1990, "." * 1999, "|" * 1999, "a" * 5000,
]  # fmt: skip


def outcome(text: str, data: object = DATA) -> object:
    try:
        return Expression.parse(text).evaluate(EVENT, data)
    except ExpressionError as error:
        return error


@pytest.mark.fault(56)
@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_gets_out(text):
    found = outcome(text)
    assert isinstance(found, ExpressionError) or found is False


@pytest.mark.fault(55)
@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_nothing_takes_long(text):
    outcome(text)  # warm: what is measured is not the first import of anything
    fastest = min(_seconds(text) for _ in range(3))  # the machine may be busy with other things
    assert fastest < SECONDS


def _seconds(text: str) -> float:
    began = time.thread_time()
    outcome(text)
    return time.thread_time() - began


@pytest.mark.fault(55)
@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_nothing_takes_much_memory(text):
    tracemalloc.start()
    try:
        outcome(text)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


def test_a_message_does_not_repeat_a_long_value():
    assert len(str(outcome("data.s | number"))) < 200
    assert len(str(outcome("data[data.s]"))) < 200
    assert len(str(outcome("data.n[data.s]"))) < 200


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
WORDS = [
    "data", "event", ".a", ".items", "[0]", "['a']", "[1:]", "|number", "|lower", "|default(1)", "|join",
    "|first", "|string", "|abs", " is defined", " is none", "==", "!=", "<", ">=", " in ", " not in ", "+",
    "-", "*", "/", "//", "%", "**", "~", " and ", " or ", " not ", "(", ")", "[", "]", "{", "}", ":", ",",
    " if ", " else ", "1", "0.5", "'a'", "true", "none", "__class__", "range", "()", "9" * 30, "\\", "\n",
    "'", "é",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join) | st.text(max_size=30), JSON)
def test_an_expression_gives_json_or_says_why_not(text, data):
    try:
        expression = Expression.parse(text)
        found = expression.evaluate(EVENT, data)
        key_text(found)
    except ExpressionError as error:
        assert str(error)
    else:
        assert found is None or isinstance(found, bool | int | float | str | list | dict)


DEEP = {
    "addition": ("1 + (", "1", ")"),
    "choice": ("1 if true else (", "2", ")"),
    "comparison": ("(1 == ", "1", ")"),
    "conjunction": ("(true and ", "true", ")"),
    "field": ("data[", "'a'", "]"),
    "filter": ("data.a | default(", "1", ")"),
    "join": ("(1 ~ ", "1", ")"),
    "list": ("[", "1", "]"),
    "membership": ("(1 in ", "[1]", ")"),
    "minus": ("-", "1", ""),
    "not": ("not ", "true", ""),
    "object": ('{"a": ', "1", "}"),
    "part": ("(", "data.a", ")[1:2]"),
    "test": ("(", "data.a", ") is none"),
}


@pytest.mark.parametrize("form", DEEP)
def test_what_can_be_read_can_be_compiled_however_deep(form):
    before, inside, after = DEEP[form]
    levels = 1
    with pytest.raises(ExpressionError, match="deep"):  # noqa: PT012  # it is the loop that ends so
        while True:
            Expression.parse(before * levels + inside + after * levels).compile()
            levels += 1
    assert levels > 20
