from __future__ import annotations

import json
from functools import cache
from types import MappingProxyType

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.schemas.document import parse
from hookwright.schemas.schema import NOT_YET, as_built, config_schema
from hookwright.schemas.validate import validate

WEBHOOK = "{id: a, event: x, url: 'https://erp.example.com'"


def document(text):
    reading = parse(text.encode(), name="f.yaml")
    assert reading.document, reading.problems
    return reading.document


def told(text, fragments):
    return [(p.code, p.path, p.place.line, p.place.column) for p in validate(document(text), fragments)]


def test_problems_point_at_the_key_the_value_or_the_whole(fragments):
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, delay: 5, zzz: 1}}\n  - {{id: b}}\n"
    assert told(text, fragments) == [
        ("HW017", "/webhooks/0/delay", 3, 62), ("HW012", "/webhooks/0/zzz", 3, 65),
        ("HW014", "/webhooks/1", 4, 5), ("HW014", "/webhooks/1", 4, 5),
    ]  # fmt: skip


def test_failing_entries_keep_their_numbers_among_sound_ones(fragments):
    entries = [f"  - {WEBHOOK}{', delay: 5' if index in (3, 40) else ''}}}\n" for index in range(50)]
    found = told("version: 1\nwebhooks:\n" + "".join(entries), fragments)
    assert [(path, line) for _, path, line, _ in found] == [
        ("/webhooks/3/delay", 6),
        ("/webhooks/40/delay", 43),
    ]


def test_a_fault_behind_an_alias_is_told_for_each_use(fragments):
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, retry: &r {{initial: 5}}}}\n  - {WEBHOOK}, retry: *r}}\n"
    found = told(text, fragments)
    assert [path for _, path, *_ in found] == ["/webhooks/0/retry/initial", "/webhooks/1/retry/initial"]


def test_paths_are_json_pointers(fragments):
    found = told(f"version: 1\nwebhooks:\n  - {WEBHOOK}, labels: {{a~b/c: d}}}}\n", fragments)
    assert found == [("HW016", "/webhooks/0/labels/a~0b~1c", 3, 64)]


def test_without_fragments_any_type_and_any_source_is_taken():
    settings = "auth: {type: any, x: 1}, headers: {X-A: {vault: a/b}}"
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, {settings}}}\n"
    assert told(text, None) == []
    assert [code for code, *_ in told(text, {})] == ["HW019", "HW012"]


def test_fragments_may_be_read_only_mappings(fragments):
    frozen = MappingProxyType({family: MappingProxyType(types) for family, types in fragments.items()})
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, auth: {{type: bearer, token: {{env: T}}}}}}\n"
    assert told(text, frozen) == []


def test_what_a_plugin_asks_for_in_ways_of_its_own_is_explained_too(fragments):
    odd = {
        "type": "object",
        "properties": {"n": {"multipleOf": 5}, "k": {"oneOf": [{"const": 1}, {"const": 2}]}},
    }
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, auth: {{type: odd, n: 7, k: 3}}}}\n"
    found = validate(document(text), {**fragments, "auth": {"odd": odd}})
    assert [str(problem) for problem in found] == [
        'f.yaml:3:76: HW015 error: "n": 7 is not a multiple of 5',
        'f.yaml:3:82: HW015 error: "k": 3 is not valid under any of the given schemas',
    ]


def test_a_fragment_may_say_of_a_key_no_more_than_that_it_is_there(fragments):
    loose = {"type": "object", "properties": {"any": True, "token": {"$ref": "#/$defs/secret"}}}
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, auth: {{type: loose, any: 1, token: x}}}}\n"
    found = validate(document(text), {**fragments, "auth": {"loose": loose}})
    assert [(problem.code, problem.path) for problem in found] == [("HW020", "/webhooks/0/auth/token")]


def test_a_fragment_that_leads_outside_is_never_fetched(fragments):
    with pytest.raises(ValueError, match="which it may not"):
        validate(document("version: 1\n"), {"auth": {"x": {"$ref": "http://127.0.0.1:9/schema"}}})


def test_warnings_do_not_depend_on_errors_and_stand_in_order(fragments):
    defaults = "defaults: {headers: {Authorization: Bearer x}}"
    text = f"version: 1\n{defaults}\nwebhooks:\n  - {WEBHOOK}, delay: 5}}\n"
    found = validate(document(text), fragments)
    assert [(p.code, p.severity) for p in found] == [("HW021", "warning"), ("HW017", "error")]


@pytest.mark.parametrize(
    ("name", "suspect"),
    [
        ("X-Api-Key", True), ("apikey", True), ("api_key", True), ("Authorization", True),
        ("X-Auth-Token", True), ("Cookie", True), ("client_secret", True), ("sig", True),
        ("Monkey", False), ("Keyboard", False), ("X-Team", False),
        ("Tokenizer", False), ("X-Author", False),
    ],
)  # fmt: skip
def test_which_names_look_like_secrets(name, suspect, fragments):
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, query: {{{name}: x}}}}\n"
    assert [code for code, *_ in told(text, fragments)] == ["HW021"] * suspect


def test_a_wrong_url_is_told_without_the_secret_in_it(fragments):
    text = 'version: 1\nwebhooks:\n  - {id: a, event: x, url: "htps://x.example/?token=s3cret"}\n'
    (found,) = validate(document(text), fragments)
    assert (found.code, found.severity) == ("HW016", "error")
    assert found.message == '"url": "htps://x.example/?token=..." is not an address to call'


def test_references_and_rules_are_looked_at_for_secrets_too(fragments):
    text = """version: 1
rules:
  - id: r
    event: x
    actions:
      - post: {url: "https://a.example.com", headers: {X-Token: {env: T}, X-Key: k}}
"""
    assert told(text, fragments) == [("HW021", "/rules/0/actions/0/post/headers/X-Key", 6, 82)]


def test_what_the_steps_of_an_automation_call_is_looked_at_for_secrets(fragments):
    text = """version: 1
automations:
  - id: r
    event: x
    steps:
      - if: true
        then:
          - post: {url: "https://a.example.com", headers: {X-Key: k}}
    on_failure:
      - post: {url: "https://a.example.com", headers: {X-Key: {env: K}}, query: {token: t}}
"""
    assert [code_and_path[:2] for code_and_path in told(text, fragments)] == [
        ("HW021", "/automations/0/steps/0/then/0/post/headers/X-Key"),
        ("HW021", "/automations/0/on_failure/0/post/query/token"),
    ]


@cache
def _strict(fragments):
    schema = config_schema(json.loads(fragments))
    strict = as_built(schema, lambda what: False if what is True else {"not": what})
    return jsonschema_rs.Draft202012Validator(strict, offline=True)


SCRAPS = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**30, "", "a", "30s", "2xx", "a\n", "https://x.example", "{{ x }}", [],
     {}, [1], ["a"], {"env": "X"}, {"type": "bearer"}, {"a": {"b": None}}, [None], "x" * 5000]
)  # fmt: skip
KEYS = [
    "id",
    "event",
    "url",
    "retry",
    "headers",
    "auth",
    "success",
    "type",
    "batch",
    "match",
    "labels",
    "zzz",
    "query",
]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.just(1) | SCRAPS,
            "preset": SCRAPS,
            "defaults": st.dictionaries(st.sampled_from(KEYS), SCRAPS, max_size=4),
            "webhooks": SCRAPS
            | st.lists(SCRAPS | st.dictionaries(st.sampled_from(KEYS), SCRAPS), max_size=3),
            "rules": SCRAPS
            | st.lists(st.dictionaries(st.sampled_from([*KEYS, "actions"]), SCRAPS), max_size=2),
            "automations": SCRAPS
            | st.lists(st.dictionaries(st.sampled_from([*KEYS, "steps", "mode"]), SCRAPS), max_size=2),
            "schedules": SCRAPS | st.lists(st.dictionaries(st.sampled_from(["id", "timezone"]), SCRAPS)),
        },
    )
)
def test_a_no_always_has_an_explanation_and_a_yes_never(fragments, value):
    sound = _strict(json.dumps(fragments)).is_valid(value)
    found = validate(document(json.dumps(value)), fragments)
    assert sound == (not [problem for problem in found if problem.severity == "error"])
    assert NOT_YET not in "".join(map(str, found))
    assert len({str(problem) for problem in found}) == len(found)


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ("renamed_from: 5", ["HW022", "HW016"]),
        ("renamed_from: 5, delay: 5", ["HW022", "HW016", "HW017"]),
    ],
)
def test_what_is_not_supported_yet_and_what_is_wrong_with_it_are_both_told(settings, codes, fragments):
    found = told(f"version: 1\nwebhooks:\n  - {WEBHOOK}, {settings}}}\n", fragments)
    assert [code for code, *_ in found] == codes


def test_that_it_is_not_supported_yet_is_said_once_of_all_that_stands_in_it(fragments):
    text = "version: 1\nsources: [{id: w, source: 1, type_field: a}, {id: v, source: /v, type_field: a}]\n"
    assert told(text, fragments) == [("HW022", "/sources", 2, 1), ("HW013", "/sources/0/source", 2, 27)]


def test_in_a_long_list_that_is_not_supported_yet_the_faulty_entries_keep_their_numbers(fragments):
    entries = [f"{{id: s{n}, source: {'1' if n == 700 else '/a'}}}" for n in range(1000)]
    found = told(f"version: 1\nsources: [{', '.join(entries)}]\n", fragments)
    assert [(code, path) for code, path, *_ in found] == [
        ("HW022", "/sources"),
        ("HW013", "/sources/700/source"),
    ]


def test_the_form_a_plugin_asks_for_is_told_in_its_own_words(fragments):
    """The value is not quoted: where the name of a variable is wanted the secret itself may stand."""
    name = {"type": "string", "pattern": "^[A-Z]+$", "description": "Capital letters only."}
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, headers: {{X-A: {{env: low}}}}}}\n"
    found = validate(document(text), {**fragments, "secret": {"env": name}})
    assert [str(problem) for problem in found] == [
        'f.yaml:3:76: HW016 error: "env" does not have the right form (Capital letters only.)'
    ]


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ("url: ''", ["HW018"]),
        ("content_type: json", ["HW016"]),
        ("auth: {type: 3}", ["HW013"]),
        ("headers: {X-A: {env: ''}}", ["HW018"]),
        ("headers: {X-Api-Key: '{{ data.a }}'}", ["HW021"]),
        ("headers: {X-A: {env: A, fiel: b}}", ["HW012"]),
        ("headers: {X-A: {env: A, file: b}}", ["HW023"]),
        ("headers: {X-A: {}}", ["HW023"]),
        ("retry: {schedule: [], attempts: 0}", ["HW018", "HW018", "HW023"]),
    ],
)
def test_one_mistake_is_one_problem(settings, codes, fragments):
    url = "" if settings.startswith("url") else "url: 'https://e/', "
    found = told(f"version: 1\nwebhooks:\n  - {{id: a, event: x, {url}{settings}}}\n", fragments)
    assert sorted(code for code, *_ in found) == codes


def test_a_value_a_plugin_rules_out_is_told_with_what_the_plugin_says(fragments):
    odd = {"type": "object", "properties": {"n": {"not": {"const": "Host"}, "description": "not Host"}}}
    text = f"version: 1\nwebhooks:\n  - {WEBHOOK}, auth: {{type: odd, n: Host}}}}\n"
    (problem,) = validate(document(text), {**fragments, "auth": {"odd": odd}})
    assert str(problem) == 'f.yaml:3:76: HW015 error: "n" cannot be "Host" (not Host)'


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("method: HEAD", "one of: POST, PUT, PATCH, GET, DELETE"),
        ("id: 7", 'put it in quotes: "7"'),
        ("delay: 7", "a bare number has no unit: write 7s"),
        ("r\u0435try: {}", 'did you mean "retry"? (not with U+0435, CYRILLIC SMALL LETTER IE)'),
    ],
)
def test_hints_say_what_is_to_be_written_now(settings, hint, fragments):
    own = "" if settings.startswith("id") else "id: a, "
    text = f"version: 1\nwebhooks:\n  - {{{own}event: x, url: 'https://e/', {settings}}}\n"
    assert [problem.hint for problem in validate(document(text), fragments)] == [hint]


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("application/json; charset=utf-8", []),
        ("text/csv", []),  # whether an encoder makes it is not for the schema to say
        ("text/plain ; a=b", []),
        ("text/csv\\r\\n;a", ["HW016"]),
        ("text/csv;\\rX-A: b", ["HW016"]),
        ("text/csv;\\0", ["HW016"]),
    ],
)
def test_a_content_type_is_one_line(written, codes, fragments):
    text = f'version: 1\nwebhooks:\n  - {WEBHOOK}, content_type: "{written}"}}\n'
    assert [code for code, *_ in told(text, fragments)] == codes
