"""What nobody's templates can do: get out, take the machine with them, or write where they were not asked to."""
# ruff: noqa: E501  # a row an attack

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression import fill, fill_json, fill_text
from hookwright.rules.expression.template import is_template, parse_template

SECONDS = 0.1
BYTES = 32 * 1024 * 1024
DATA = {
    "s": "x" * 250_000, "u": "\U0001f600" * 60_000, "l": [0] * 1000, "ll": [[0] * 100] * 100, "n": 3, "items": 1,
    "format": "{0.__class__}", "o": {"a": [{"b": None}] * 1000}, "t": "{{ data.s }}", "e": "a@b.c",
}  # fmt: skip
SCOPE = {"data": DATA, "event": {"id": "evt_1", "type": "T", "source": "/x"}}

# Resource attacks that are known to hurt Jinja's own sandbox, and some of ours.
COSTLY = [
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "{{ range(10**6) }}",
    "{{ 2**(2**40) }}", "{{ 2**2**2**2**2 }}", "{{ 10**4096 }}", "{{ 'a'|center(10**9) }}",
    "{{ '%1000000000d'|format(1) }}", "{{ '{:>1000000000}'.format(1) }}", "{{ 'a'|indent(10**9) }}",
    "{{ data.l|join(data.s) }}", "{{ [1]|batch(10**8, 0) }}", "{{ [1]|slice(10**7) }}", "{{ lipsum(n=100000) }}",
    "{{ 'a'|wordwrap(1) }}", "{{ 'a' * 10**8 }}", "{{ '%1000000000d' % 1 }}", "{{ [0] * 10**9 }}",
    "{% for a in data.l %}{% for b in data.l %}{% for c in data.l %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in data.l %}{{ data.s }}{% endfor %}", "{% for a in data.ll %}{% for b in a %}{{ data.u }}{% endfor %}{% endfor %}", "{% for a in data.l %}" + "x" * 60_000 + "{% endfor %}",
    "{% set a = data.s %}" + "{% set a = a ~ a %}" * 30 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a | json }}",
    "{% set a = [1] %}" + "{% set a = a + a %}" * 40 + "{{ a | length }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{% if a == a %}x{% endif %}",
    "{{ data.s }}" * 40, "{{ data.u }}" * 60, "{{ data | json }}" * 200, "a {{ data.s }}" * 400,
    "{% if data.s == data.s %}x{% endif %}" * 150, "{{ data.s | upper }}" * 90, "{{ data.s | json }}" * 90,
    ("{{ '" + "a" * 1900 + "' }}") * 30, "{{ 1 }}" * 10_000, "{{" * 30_000, "{%" * 30_000, "{#" * 30_000,
    "{% if " * 9000, "{{ " + "(" * 30_000, "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "{% for a in data.l %}" * 30 + "{% endfor %}" * 30, "{% if 1 %}x{% elif 2 %}y" + "{% elif 3 %}z" * 900 + "{% endif %}",
    "{# " + "x" * 60_000 + " #}{{ 1 }}", "{% raw %}" + "{{" * 30_000 + "{% endraw %}{{ 1 }}",
    "{% set x = 1 %}" * 900, "\n" * 60_000 + "{{ 1 }}", "{{ 1\n" + "\n" * 60_000 + "}}",
]  # fmt: skip

ESCAPES = [
    "{{ ''.__class__ }}", "{{ ''['__class__'] }}", "{{ data['__cla' ~ 'ss__'] }}", "{{ data|attr('__class__') }}",
    "{{ data.format.format(data) }}", "{{ data.format|format(data) }}", "{{ '{0.__class__}'.format(data) }}",
    "{{ data.s.format_map(data) }}", "{{ (data.s ~ '').format }}", "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}", "{% macro f() %}{% endmacro %}{{ f.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}", "{{ joiner.__init__ }}", "{{ namespace.__init__ }}",
    "{% set ns = namespace(a=1) %}{% set ns.a = 2 %}", "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ {'a b=c': 1}|xmlattr }}", "{{ data|map('attr', '__class__')|list }}", "{{ data.l.append(1) }}",
    "{{ data.o.update({}) }}", "{{ data.clear() }}", "{% do data.clear() %}", "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}", "{% from 'os' import system %}", "{% extends 'a' %}", "{% block a %}{% endblock %}",
    "{% call data() %}{% endcall %}", "{% filter upper %}x{% endfilter %}", "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}", "{% set _budget = 1 %}", "{% set data = 1 %}", "{% set loop = 1 %}",
    "{% for _budget in data.l %}{% endfor %}", "{% for a, b in data.ll %}{% endfor %}", "{% set a, b = data.ll %}",
    "{% set data.n = 2 %}", "{% set a %}x{% endset %}", "{% for a in data.l recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in data.l %}{{ loop.__class__ }}{% endfor %}", "{% for a in data.l %}{{ loop._iterator }}{% endfor %}",
    "{% for a in data.l %}{{ loop['__init__'] }}{% endfor %}", "{% for a in data.l %}{{ loop }}{% endfor %}",
    "{% for a in data.l %}{{ loop.cycle('a') }}{% endfor %}", "{% for a in data.s %}{% endfor %}",
    "{% for a in data.o %}{% endfor %}", "{{ caller }}", "{{ varargs }}", "{{ context }}", "{{ environment }}",
    "{{ _budget }}", "{{ data|_shown }}", "{{ data.l|_each(1) }}", "{{ data.s|_shown_in_json }}", "{{ request }}",
    "{{ config }}", "{{ get_flashed_messages }}", "{{ x }}", "{{ none.x }}", "{% debug %}", "{% trans %}a{% endtrans %}",
    "{% break %}", "{{ super() }}", "{{ event._x }}", "{{ data.s | regex_replace('(a+)+$', 'x') }}",
    "{{ data.s is match('(a+)+$') }}", "{{ data.s | select('search', '(a+)+$') }}",
]  # fmt: skip


def outcome(text):
    try:
        parse_template(text)
        return fill_text(text, SCOPE)
    except ExpressionError as error:
        return error


@pytest.mark.fault(55)
@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_what_is_too_much_is_refused_or_ends(text):
    found = outcome(text)
    assert isinstance(found, ExpressionError) or len(found) <= 1 << 20
    assert len(str(found)) < 400 or not isinstance(found, ExpressionError)


@pytest.mark.slow
@pytest.mark.parametrize("text", COSTLY, ids=range(len(COSTLY)))
def test_none_of_it_takes_long_or_much(text):
    outcome(text)  # compiled
    spent = []
    for _ in range(3):
        began = time.thread_time()
        outcome(text)
        spent.append(time.thread_time() - began)
    tracemalloc.start()
    try:
        outcome(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert min(spent) < SECONDS
    assert peak < BYTES


@pytest.mark.fault(56)
@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_gets_out(text):
    assert isinstance(outcome(text), ExpressionError)


@pytest.mark.fault(57)
def test_a_field_is_never_a_method_and_what_is_missing_is_never_empty():
    assert outcome("{{ data.items }}") == "1"
    assert outcome("{{ data.format }}") == "{0.__class__}"
    for text in (
        "{{ data.keys }}",
        "{{ data.s.upper }}",
        "a{{ data.none }}",
        "{% if data.none %}{% endif %}",
    ):
        assert "there is no field" in str(outcome(text)) or "has no field" in str(outcome(text))


@pytest.mark.fault(57)
def test_what_a_value_says_is_never_a_template():
    assert outcome("{{ data.t }}") == "{{ data.s }}"
    assert fill({"a": "{{ data.t }}"}, SCOPE) == {"a": "{{ data.s }}"}


@pytest.mark.fault(61)
@pytest.mark.parametrize("word", ["match", "search", "regex_search", "regex_replace", "test", "select"])
def test_nothing_in_the_language_reads_regular_expressions(word):
    assert isinstance(outcome(f"{{{{ data.s | {word}('(a+)+$') }}}}"), ExpressionError)
    assert isinstance(outcome(f"{{{{ data.s is {word}('(a+)+$') }}}}"), ExpressionError)


VALUES = st.text() | st.integers() | st.booleans() | st.lists(st.text(), max_size=3)
NASTY = st.sampled_from(['","admin":true,"', '"}', "\\", '\\"', "\n", "\u2028", "{{ data.a }}", "]", ",1"])


@pytest.mark.fault(60)
@given(VALUES | NASTY, NASTY | st.text())
def test_no_value_adds_a_field(value, text):
    scope = {"data": {"v": value, "t": text}}
    tree = {"a": "{{ data.v }}", "b": ["x {{ data.t }} y"]}
    assert fill(tree, scope) == {"a": value, "b": [f"x {text} y"]}
    written = '{"a": {{ data.v }}, "b": ["x {{ data.t }} y"], "c{{ data.t | length }}": 1}'
    made = json.loads(fill_json(written, scope), strict=True)
    assert made == {"a": value, "b": [f"x {text} y"], f"c{len(text)}": 1}


@pytest.mark.fault(60)
@given(NASTY | st.text(), st.booleans())
def test_where_a_template_is_torn_no_value_adds_a_field_either(text, flag):
    torn = '{"a": {% if data.f %}"{{ data.t }}{% else %}"x{% endif %}", "b": "{{ data.t }}"}'
    try:
        made = json.loads(fill_json(torn, {"data": {"t": text, "f": flag}}))
    except ValueError:
        return
    assert set(made) == {"a", "b"}


WORDS = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-%}", " if ", " for ", " in ", " set ", " else ", " endif ",
    " endfor ", " elif ", "raw", "endraw", "data", "event", "loop", ".index", ".a", ".items", "[0]", "|json",
    "|upper", "|join", "|default(1)", "|length", "=", "==", "+", "**", "~", "(", ")", "[", "]", "1", "'a'", "x",
    " ", "\n", '"', "\\", "recursive", "macro", "__class__", "é", "none",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=16).map("".join) | st.text(max_size=30))
def test_any_template_is_filled_in_or_says_why_not(text):
    scope = {"data": {"a": [1, {"a": "b"}], "items": "x"}, "event": {"id": "1"}}
    for filled in (fill_text, fill, fill_json):
        try:
            parse_template(text)
            made = filled(text, scope)
        except ExpressionError as error:
            assert str(error)
        else:
            assert is_template(text) or made == text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=10).map("".join))
def test_what_nobody_read_first_is_no_more_than_an_error_either(text):
    """A bundle that another version published was read by that version."""
    for filled in (fill_text, fill, fill_json):
        try:
            filled(text, {"data": {"a": 1}})
        except ExpressionError as error:
            assert str(error)
