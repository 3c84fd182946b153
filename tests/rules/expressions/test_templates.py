from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression.fields import field_path, members
from hookwright.rules.expression.template import is_template, parse_template


def error(text, *names):
    with pytest.raises(ExpressionError) as caught:
        parse_template(text, names or ("data", "event"))
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "50 % of { and }",
        "}} alone",
        "{{ data.a }} and {{ event.type | upper }}",
        "{{ data.a ~ '}}' }}",
        "{{ {'a': {}} }}",
        "{{- data.a -}}",
        "{# a remark with {{ nothing in it #}",
        "{% if data.a %}{{ data.a }}{% else %}none{% endif %}",
        "{% for one in data.List %}{{ loop.index }} {{ one.Name }}{% endfor %}",
        "{% set name = data.Name %}{{ name }}",
        "{% raw %}{{ not read }}{% endraw %}",
    ],
)
def test_what_the_language_has_is_read(text):
    parse_template(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a {{ dta.a }}", 'column 6: unknown name "dta" (did you mean "data"?)'),
        ("{{ data.a }} {{ data.b | uper }}", 'column 26: unknown filter "uper" (did you mean "upper"?)'),
        ("a {{ data.b", "column 3: what {{ opens is never closed with }}"),
        ("a   {{- dta.a }}", 'unknown name "dta" (did you mean "data"?)'),
        ("{{ }}", "an expression cannot be empty"),
        ("{{ data.f(1) }}", "an expression calls nothing; it has filters, such as `data.Name | lower`"),
        ("{{ data['__class__'].x.__init__ }}", "no name begins with _: __init__"),
        ("{% include 'a' %}", "a template has no include; it has if, for and set"),
        ("{% macro f() %}{% endmacro %}", "a template has no macro; it has if, for and set"),
        (
            "{% for a in b %}{% endfor %}",
            'unknown name "b" (a field of the event is written data.b)',
        ),
        ("{% if data.a | uper %}{% endif %}", 'unknown filter "uper" (did you mean "upper"?)'),
        ("{% if data.a %}", "what {% if %} opens is never closed with {% endif %}"),
        ("{# never closed", "Missing end of comment tag"),
        ("{{ " + "9" * 5000 + " }}", "an expression has at most 2,000 characters, this has 5,002"),
        ("{% if " + "9" * 5000 + " %}{% endif %}", "it cannot be read: "),
        ("{{ " + "[" * 60 + "]" * 60 + " }}", "the expression is nested deeper than 50"),
        ("{% if " + "(" * 3000 + " %}", "the expression is nested deeper than 50"),
    ],
)
def test_what_it_does_not_have_is_told_with_its_column_in_the_whole_text(text, told):
    assert told in error(text)


def test_the_names_it_may_use_are_the_callers():
    parse_template("{{ steps.a.b }}", ("data", "steps"))
    assert "unknown name" in error("{{ steps.a.b }}")


PIECES = ["{{", "}}", "{%", "%}", "{#", "-", "data", ".a", "|", "(", "'", " ", "if", "\n"]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_is_read_or_refused(pieces):
    text = "".join(pieces)
    try:
        trees = parse_template(text)
    except ExpressionError:
        assert is_template(text)
    else:
        assert is_template(text) or trees == ()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("data.EmailAddress", ("EmailAddress",)),
        ("data.Owner.Name", ("Owner", "Name")),
        ('data["home phone"].Number', ("home phone", "Number")),
        ('data["a.b"]', ("a.b",)),
    ],
)
def test_a_field_is_named_by_what_leads_to_it(text, path):
    assert field_path(text) == path


@pytest.mark.parametrize(
    "text", ["data", "event.id", "data[0]", "data.a[1]", "data.a | lower", "1", "a.b", ""]
)
def test_nothing_else_names_a_field(text):
    with pytest.raises(ExpressionError):
        field_path(text)


def test_what_is_taken_from_a_name_is_found_at_any_depth():
    (tree,) = parse_template("{{ [steps.a.b == 1, data.steps.x, steps['c-d']] }}", ("data", "steps"))
    assert sorted(members(tree, "steps")) == ["a", "c-d"]
