from __future__ import annotations

import pytest

from hookwright.rules.errors import ExpressionError
from hookwright.rules.expression import Expression, key_text
from hookwright.rules.expression.syntax import read

EVENT = {"id": "evt_1", "source": "/crm", "type": "Lead_Post_Create"}
DATA = {
    "ProspectStage": "Won",
    "Score": "50",
    "Count": 3,
    "Vip": True,
    "Email": None,
    "Tags": ["a", "b"],
    "items": [5],
    "Owner": {"Name": "Ann"},
    "_id": "x",
}


def value(text: str, data: object = DATA) -> object:
    return Expression.parse(text).evaluate(EVENT, data)


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text)
    return str(caught.value)


def failure(text: str) -> str:
    expression = Expression.parse(text)
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(EVENT, DATA)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.ProspectStage", "Won"),
        ('data["_id"]', "x"),
        ("data.Owner.Name", "Ann"),
        ("data.Tags[1]", "b"),
        ("data.Tags[-1]", "b"),
        ("data.ProspectStage[1:]", "on"),
        ("data.Tags[::-1]", ["b", "a"]),
        ("event.type", "Lead_Post_Create"),
        ("data.Email", None),
        ("data.Score | number > 49", True),
        ("data.Count * 2 - 1", 5),
        ("7 // 2 + 7 % 2 + 2 ** 3", 12),
        ("data.Count / 2", 1.5),
        ("-data.Count", -3),
        ('data.Count ~ "/" ~ data.Vip', "3/true"),
        ("data.Tags + ['c']", ["a", "b", "c"]),
        ("data.Tags | join('-')", "a-b"),
        ("[data.Count, data.Vip]", [3, True]),
        ('{"stage": data.ProspectStage}', {"stage": "Won"}),
        ("data.Missing | default('none')", "none"),
        ("data.Email | default('none', true)", "none"),
        ("data.Email | default('none')", None),
        ("data.Missing is defined", False),
        ("data.Email is none and data.Vip is boolean", True),
        ("'a' in data.Tags and 'z' not in data.Tags", True),
        ("'Name' in data.Owner and 'o' in data.ProspectStage", True),
        ("'big' if data.Score | number > 10 else 'small'", "big"),
        ("data.Tags | length", 2),
        ("data.Tags | first ~ data.Tags | last", "ab"),
        ("[] | first | default(0)", 0),
        ("data.ProspectStage | lower ~ data.ProspectStage | upper", "wonWON"),
        ("'  a ' | trim", "a"),
        ("data.Count | string", "3"),
        ("-3 | abs", 3),
        ("data", DATA),
        ("event", EVENT),
        ("data.Vip\nand true", True),
    ],
)
def test_an_expression_has_a_value(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_a_field_wins_over_any_method_of_the_same_name():
    assert value("data.items") == [5]


def test_a_method_is_no_field():
    assert failure("data.keys") == 'there is no field "keys"'
    assert failure("data.ProspectStage.upper") == 'a text has no field "upper"'


@pytest.mark.parametrize("data", [None, True, 5, 1.5, "text", [1], {"a": 1}])
def test_data_may_be_any_json(data):
    assert value("data", data) == data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true == 1", False),
        ("1 == 1.0", True),
        ("'1' == 1", False),
        ("true in [1]", False),
        ("1 in [true, 1.0]", True),
        ("[1, {'a': [true]}] == [1, {'a': [1]}]", False),
        ("[1, {'a': [true]}] == [1.0, {'a': [true]}]", True),
        ("none == false", False),
        ("9007199254740993 == 9007199254740992.0", False),
        ("'a' < 'b'", True),
        ("'10' < '9'", True),
        ("2 >= 2.0", True),
        ("{'a': 1} != {'b': 1}", True),
    ],
)
def test_values_compare_as_json(text, expected):
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [('"12"', 12), ('"-3"', -3), ('"12.50"', 12.5), ('"1e3"', 1000.0), ("7", 7), ('"0" * 1', None)],
)
def test_number_reads_decimal_texts(text, expected):
    if expected is not None:
        assert value(f"{text} | number") == expected


@pytest.mark.parametrize(
    "text", ['"n/a"', '""', '" 1"', '"1,000"', '"nan"', '"inf"', '"0x1"', "true", "none", "[1]"]
)
def test_number_refuses_what_is_no_number(text):
    assert "is not a number" in failure(f"{text} | number")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data.Stge", 'there is no field "Stge"'),
        ("data.ProspctStage", 'there is no field "ProspctStage" (did you mean "ProspectStage"?)'),
        ("data.Missing or true", 'there is no field "Missing"'),
        ("not data.Missing", 'there is no field "Missing"'),
        ("[data.Missing]", 'there is no field "Missing"'),
        ("data.Missing == 1", 'there is no field "Missing"'),
        ("data.Missing.deep | default(1)", 'there is no field "Missing"'),
        ("data.Email.deep", 'null has no field "deep"'),
        ("data.Tags[9]", "there is no item 9: a list of 2"),
        ("data.Tags[true]", "there is no item true: a list of 2"),
        ("data.Count < 'a'", "< does not take a number and a text; read numbers in texts with | number"),
        ("data.Score + 1", "+ does not take a text and a number; join texts with ~"),
        ("data.Vip + 1", "+ does not take true or false and a number; join texts with ~"),
        ("-data.Score", "- does not take a text; read a number in a text with | number"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("(-8) ** 0.5", "the result is no real number"),
        (
            "data.Email ~ 'x'",
            "null cannot be part of a text; say what stands for it with | default('', true)",
        ),
        ("data.Owner ~ 'x'", "an object cannot be part of a text; write it with | json"),
        ("1 in 2", "`in` does not take a number and a number"),
        ("1 | lower", "lower does not take a number"),
        ("1 | length", "length does not take a number"),
        ("1 | first", "first does not take a number"),
        ("'' | last", "there is no last item: a text of 0"),
        ("'a' | abs", "abs does not take a text"),
        ("'a' | join", "join takes a list and a text between its items, not a text"),
        ("data.Owner[1:]", "an object has no first or last part"),
        ("data.Tags['a':]", "a part is given by whole numbers"),
        ("data.Tags[::0]", "a part cannot be taken in steps of 0"),
    ],
)
def test_what_has_no_value_says_why(text, message):
    assert failure(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an expression cannot be empty"),
        ("  \n", "an expression cannot be empty"),
        ("dta.Stage", 'column 1: unknown name "dta" (did you mean "data"?)'),
        ("data.a + foo", 'column 10: unknown name "foo" (a field of the event is written data.foo)'),
        ("data.foo + foo", 'column 12: unknown name "foo" (a field of the event is written data.foo)'),
        ("data.a == null", 'column 11: unknown name "null" (JSON\'s null is "none" here)'),
        ("steps.a", 'column 1: unknown name "steps" (there are: data, event, false, none, true)'),
        ("{{ data.a }}", "column 1: an expression stands without braces: write `data.Stage`"),
        ("data.a | uper", 'column 10: unknown filter "uper" (did you mean "upper"?)'),
        ("data.a is strin", 'column 11: unknown test "strin" (did you mean "string"?)'),
        ("data.a | default", "column 10: the filter default takes 1 to 2 values in brackets, without names"),
        ("data.a | lower(1)", "column 10: the filter lower takes no values in brackets, without names"),
        ("data.a | join(d=1)", "column 10: the filter join takes 1 at most in brackets, without names"),
        (
            "data.a | default(*data)",
            "column 10: the filter default takes 1 to 2 values in brackets, without names",
        ),
        ("data.a is none(1)", "column 11: the test none takes no values"),
        ("data._a", 'column 6: no name begins with _: _a (write the field in square brackets: ["_a"])'),
        ("data.a.upper()", "an expression calls nothing; it has filters, such as `data.Name | lower`"),
        ("(1, 2)", "write a list in square brackets: [a, b]"),
        ("1 < 2 < 3", "comparisons do not chain: write `a < b and b < c`"),
        ("1 if true", "`a if b` has no value when b is false: add `else`"),
        ("{1: 2}", 'the fields of an object are named by texts: {"name": data.Name}'),
        ("data.a b", "column 8: `b` is not expected after the expression"),
        ("data.a = 'b'", "column 8: `=` is not expected after the expression"),
        ("1 + ", "column 4: unexpected end"),
        ("data.a | *", "column 10: expected a name, got '*'"),
        ("[1, 2", "column 6: unexpected end, expected ','"),
        ("data.a is ", "column 10: unexpected end, expected a name"),
        ("data..a", "column 6: expected name or number"),
        ("data.a == == 'b c'", "column 11: unexpected '=='"),
        ("data.a b $", "`b` is not expected after the expression"),
        ("data $ 1", "column 6: unexpected char '$'"),
        ("1e999", "a number in it is too large"),
        ("'\\ud800'", "a text in it has half a character (a lone surrogate)"),
        ("x" * 2001, "an expression has at most 2,000 characters, this has 2,001"),
        ("not " * 60 + "true", "the expression is nested deeper than 50"),
        ("[" + "1," * 600 + "]", "the expression has more than 500 parts"),
    ],
)
def test_what_is_no_expression_says_why(text, message):
    assert refusal(text) == message


def test_expressions_with_one_text_are_one_value():
    assert Expression.parse("data.a") == Expression.parse("data.a")
    assert hash(Expression.parse("data.a")) == hash(Expression.parse("data.a"))
    assert Expression.parse("data.a") != Expression.parse("data.b")
    assert repr(Expression.parse("data.a")) == "Expression(text='data.a')"


def test_evaluating_changes_nothing():
    data = {"l": [1], "o": {"a": 1}}
    value("data.l + [2]", data)
    assert data == {"l": [1], "o": {"a": 1}}


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (-0.0, 0), ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}), (1e300, int(1e300))]
)
def test_equal_values_are_one_key(one, other):
    assert key_text(one) == key_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, "1"), (True, 1), (None, "null"), ([], {}), ("", None), (1.5, "1.5"), (2**53 + 1, 2.0**53)],
)
def test_different_values_are_different_keys(one, other):
    assert key_text(one) != key_text(other)


def test_a_key_is_json_with_sorted_names():
    assert key_text({"b": ["é", None, True], "a": 1.0}) == '{"a":1,"b":["é",null,true]}'


def test_a_key_can_always_be_written_as_utf8():
    assert key_text("\ud800").encode() == b'"\\ud800"'


def test_a_key_is_not_endless():
    assert len(key_text("x" * 1022)) == 1024
    with pytest.raises(ExpressionError, match="at most 1,024 characters, this value has 1,025"):
        key_text("x" * 1023)
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ExpressionError, match="too large for a key"):
        key_text(deep)


def test_what_was_looked_at_is_not_changed_by_compiling_it():
    text = "data.Tags[0:1] == ['a' ~ '']"
    before = str(read(text))
    assert value(text) is True
    assert str(read(text)) == before
