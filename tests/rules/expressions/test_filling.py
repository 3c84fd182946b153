from __future__ import annotations

import pytest

from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression import Expression, fill, fill_text
from hookwright.rules.expression.filling import LONGEST

DATA = {
    "Name": "Zoë", "Score": 60, "Share": 0.5, "Vip": True, "Gone": None, "Tags": ["a", "b"],
    "Owner": {"Id": "7"},
    "Items": [{"Name": "x", "Price": 2}, {"Name": "y", "Price": 3}], "items": "a field",
}  # fmt: skip
SCOPE = {"data": DATA, "event": {"id": "evt_1", "type": "T"}, "vars": {"n": 1}}


def error(text, scope=SCOPE):
    with pytest.raises(ExpressionError) as caught:
        fill_text(text, scope)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ data.Score }}", 60),
        ("{{data.Share}}", 0.5),
        ("{{ data.Vip }}", True),
        ("{{ data.Gone }}", None),
        ("{{ data.Tags }}", ["a", "b"]),
        ("{{ data.Owner }}", {"Id": "7"}),
        ("{{- data.Score -}}", 60),
        ("{# a remark #}{{ data.Score }}", 60),
        ("{{ '}}' }}", "}}"),
        (" {{ data.Score }}", " 60"),
        ("{{ data.Score }}{{ data.Vip }}", "60true"),
        ("{% if true %}{{ data.Score }}{% endif %}", "60"),
        ("", ""),
        ("no template", "no template"),
    ],
)
def test_a_leaf_that_is_one_expression_keeps_its_type_and_others_become_text(text, value):
    assert fill(text, SCOPE) == value
    assert type(fill(text, SCOPE)) is type(value)


def test_a_tree_is_filled_in_at_its_leaves_and_keeps_its_names():
    tree = {"{{ data.Name }}": ["{{ data.Score }}", 1, None, {"a": "Hi {{ data.Name }}!"}]}
    assert fill(tree, SCOPE) == {"{{ data.Name }}": [60, 1, None, {"a": "Hi Zoë!"}]}


def test_a_value_never_becomes_more_than_one_leaf():
    scope = {"data": {"Name": '","admin":true,"x":"{{ data }}'}}
    assert fill({"name": "{{ data.Name }}"}, scope) == {"name": scope["data"]["Name"]}
    assert fill({"name": "a{{ data.Name }}"}, scope) == {"name": "a" + scope["data"]["Name"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Won: {{ data.Name }}", "Won: Zoë"),
        ("{{ data.Score }} {{ data.Share }} {{ data.Vip }}", "60 0.5 true"),
        ("{{ data.Tags | join('+') }}", "a+b"),
        ("{{ data.Owner | json }}", '{"Id": "7"}'),
        ("{{ data.items }}", "a field"),
        ("{{ data.Gone | default('-', true) }}", "-"),
        ("{% for one in data.Items %}{{ loop.index }}. {{ one.Name }}\n{% endfor %}", "1. x\n2. y\n"),
        ("{% for one in data.Items if one.Price > 2 %}{{ loop.last }}{{ one.Name }}{% endfor %}", "truey"),
        ("{% for one in [] %}{% else %}none{% endfor %}", "none"),
        ("{% set name = data.Name | upper %}{{ name }}", "ZOË"),
        ("{% if data.Score > 50 and data.Vip %}hot{% else %}cold{% endif %}", "hot"),
        ("{% raw %}{{ as it is }}{% endraw %}", "{{ as it is }}"),
        ("the last line ends\n", "the last line ends\n"),
        ("{{ data.Name }}\n", "Zoë\n"),
        ("{{ vars.n + 1 }}", "2"),
    ],
)
def test_a_text_is_filled_in(text, value):
    assert fill_text(text, SCOPE) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ data.Nam }}", 'there is no field "Nam" (did you mean "Name"?)'),
        (
            "a {{ data.Gone }}",
            "null cannot be part of a text; say what stands for it with | default('', true)",
        ),
        ("a {{ data.Tags }}", "a list cannot be part of a text; write it with | json"),
        ("{{ data.Owner }}", "an object cannot be part of a text; write it with | json"),
        ("{% for one in data %}{% endfor %}", "a loop goes through a list, not an object"),
        ("{% for one in data.Nam %}{% endfor %}", 'there is no field "Nam" (did you mean "Name"?)'),
        ("{% if data.Nam %}{% endif %}", 'there is no field "Nam" (did you mean "Name"?)'),
        ("{% for one in data.Tags %}{{ loop.cycle }}{% endfor %}", 'an object has no field "cycle"'),
        ("{{ loop.index }}", "loop has no value here"),
        ("{% if data.Vip %}{% else %}{% set a = 1 %}{% endif %}{{ a }}", "a has no value here"),
        ("{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_what_has_no_text_says_why(text, told):
    assert error(text) == told


def test_an_error_says_where_in_the_tree_it_is():
    with pytest.raises(ExpressionError, match=r'^at blocks/1/text: there is no field "x"'):
        fill({"blocks": ["a", {"text": "{{ data.x }}"}]}, SCOPE)


def test_an_expression_is_evaluated_in_any_scope():
    expression = Expression.parse("steps.hello.response.status == vars.wanted", ("steps", "vars"))
    scope = {"steps": {"hello": {"response": {"status": 200}}}, "vars": {"wanted": 200}}
    assert expression.evaluate_in(scope) is True
    with pytest.raises(ExpressionError, match="no field"):
        expression.evaluate_in({"steps": {}, "vars": {}})


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in data.l %}{% for b in data.l %}{% for c in data.l %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in data.l %}{% set b = 1 %}{% set b = 1 %}{% set b = 1 %}{% endfor %}" * 40,
        "{% for a in data.l %}{{ data.s }}{% endfor %}",
    ],
)
def test_what_is_too_much_ends(text):
    assert error(text, {"data": {"l": [0] * 1000, "s": "x" * 100_000}})


def test_all_leaves_of_a_tree_share_what_may_be_written():
    scope = {"data": {"s": "x" * (LONGEST // 2)}}
    assert fill(["{{ data.s }}"] * 2, scope)
    with pytest.raises(ExpressionError, match="more than 1,048,576 characters"):
        fill(["{{ data.s }}"] * 3, scope)
    with pytest.raises(ExpressionError, match="more than 1,048,576 characters"):
        fill(["a{{ data.s }}"] * 2, scope)
