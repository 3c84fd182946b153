"""Loading plugins: built-ins and entry points, and every way a plugin can be broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import LoadProblem
from hookwright.plugins.testing import body_context
from hookwright.schemas.schema import config_schema

BUILT_IN = {"json", "form", "text"}
HEAD = """
from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import Encoded
"""

ENCODER = (
    HEAD
    + """
class Upper:
    name = "{name}"
    content_types = ["{content_type}"]
    schema = {{}}
    def encode(self, value, context):
        return Encoded(str(value).upper().encode())

@hookimpl
def hookwright_encoders():
    return [Upper()]
"""
)


def _encoder(name: str = "upper", content_type: str = "text/upper") -> str:
    return ENCODER.format(name=name, content_type=content_type)


def _problem() -> LoadProblem:
    (problem,) = load_plugins().problems
    return problem


def test_the_built_ins_are_there_without_any_plugin() -> None:
    plugins = load_plugins(allow=[])
    assert set(plugins.encoders) == BUILT_IN
    assert set(plugins.injectors) == {"api-key", "basic", "bearer", "header", "oauth2"}
    assert set(plugins.secrets) == {"env", "file"}
    assert plugins.problems == ()


def test_a_plugin_is_found_by_its_entry_point_and_used(install) -> None:
    install("hookwright-upper", _encoder())
    plugins = load_plugins()
    encoder = plugins.encoders["upper"]
    assert encoder.encode("abc", body_context("text/upper")).body == b"ABC"
    (listed,) = [one for one in plugins.loaded if one.name == "upper"]
    assert (listed.distribution, listed.version, listed.hooks, listed.provides, listed.error) == (
        "hookwright-upper", "1.2", ("hookwright_encoders",), ("encoder upper",), None,
    )  # fmt: skip


def test_an_object_with_marked_methods_is_a_plugin_too(install) -> None:
    code = (
        HEAD
        + """
class Vault:
    name = "vault"
    schema = {"type": "string"}
    def resolve(self, reference):
        return "from the vault: " + reference

class Plugin:
    @hookimpl
    def hookwright_secrets(self):
        return (Vault(),)

plugin = Plugin()
"""
    )
    install("hookwright-vault", code, entry_points="[hookwright]\nvault = hookwright_vault:plugin\n")
    assert load_plugins().secret_store()({"vault": "x"}) == "from the vault: x"


BROKEN = {
    "does not import": ("import no_such_module_anywhere", "ModuleNotFoundError: No module named"),
    "has a syntax error": ("def broken(:", "SyntaxError"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "raises a base exception": ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
    "raises what cannot be printed": (
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Odd()",
        "Odd",
    ),
    "has no hooks": ("x = 1", "it has none of the hooks hookwright_encoders"),
    "forgot the mark": ("def hookwright_encoders(): return []", "not marked with @hookimpl"),
    "knows a hook we do not": (
        HEAD + "@hookimpl\ndef hookwright_teapots(): return []",
        "this version of Hookwright has no hook hookwright_teapots",
    ),
    "takes arguments": (
        HEAD + "@hookimpl\ndef hookwright_encoders(config): return []",
        "PluginValidationError",
    ),
    "wraps": (
        HEAD + "@hookimpl(wrapper=True)\ndef hookwright_encoders():\n    return (yield)",
        "is a wrapper; a plugin may only add",
    ),
    "raises in its hook": (
        HEAD + "@hookimpl\ndef hookwright_encoders(): raise KeyError('oh')",
        "KeyError: 'oh'",
    ),
    "exits in its hook": (HEAD + "@hookimpl\ndef hookwright_encoders(): raise SystemExit", "SystemExit"),
    "returns no list": (HEAD + "@hookimpl\ndef hookwright_encoders(): return 7", "returned int, not a list"),
    "returns nonsense": (
        HEAD + "@hookimpl\ndef hookwright_encoders(): return ['json']",
        "hookwright_encoders: str has no usable name",
    ),
    "has a name nobody can write": (_encoder(name="Not A Name"), "Upper has no usable name"),
    "claims a strange content type": (_encoder(content_type="Text"), "claims 'Text'"),
    "lacks the method": (
        HEAD + "class E:\n    name='e'\n    schema={}\n@hookimpl\ndef hookwright_injectors(): return [E()]",
        "E 'e' has no method build",
    ),
    "returns the class": (
        HEAD + "class E:\n    name='e'\n    schema={}\n    def build(self, c, s): pass\n"
        "@hookimpl\ndef hookwright_injectors(): return [E]",
        "'e' has no method build",
    ),
    "has an attribute that raises": (
        HEAD + "class E:\n    @property\n    def name(self): raise OSError('x')\n"
        "@hookimpl\ndef hookwright_injectors(): return [E()]",
        "OSError: x",
    ),
}  # fmt: skip

SCHEMAS = {
    "no map": ("None", "no usable schema"),
    "not JSON": ("{'a': {1, 2}}", "no usable schema"),
    "a cycle": ("(lambda s: s.update(a=s) or s)({})", "no usable schema"),
    "no JSON Schema": ("{'type': 'strong'}", "is not valid"),
    "refers to a file": ("{'allOf': [{'$ref': 'file:///etc/passwd'}]}", 'refers to "file:///etc/passwd"'),
    "refers to an address": ("{'allOf': [{'$ref': 'http://127.0.0.1/x'}]}", 'refers to "http://127.0.0.1/x"'),
    "refers to our inside": ("{'allOf': [{'$ref': '#/$defs/target'}]}", 'refers to "#/$defs/target"'),
    "has a pattern no validator knows": ("{'properties': {'a': {'pattern': '('}}}", "no regular expression"),
    "has a pattern one validator does not know": (r"{'allOf': [{'pattern': r'\p{L}'}]}", "no regular exp"),
    "moves the base": ("{'$id': 'http://127.0.0.1/'}", "with $id"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_left_out_with_the_reason_and_the_others_go_on(
    install, code: str, reason: str
) -> None:
    install("hookwright-broken", code)
    install("hookwright-upper", _encoder())
    plugins = load_plugins()
    (problem,) = plugins.problems
    assert (problem.plugin, problem.distribution) == ("broken", "hookwright-broken")
    assert reason in problem.reason
    assert "\n" not in problem.reason
    assert set(plugins.encoders) == BUILT_IN | {"upper"}
    assert [one.error for one in plugins.loaded if one.name == "broken"] == [problem.reason]


@pytest.mark.parametrize(("schema", "reason"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_plugin_whose_schema_would_break_the_whole_language_is_left_out(
    install, schema: str, reason: str
) -> None:
    code = f"class I:\n    name='odd'\n    schema={schema}\n    def build(self, c, s): pass\n"
    install("hookwright-odd", HEAD + code + "@hookimpl\ndef hookwright_injectors(): return [I()]")
    assert reason in _problem().reason


def test_an_entry_point_that_names_a_class_is_told_so(install) -> None:
    install("hookwright-a", "class P: pass", entry_points="[hookwright]\na = hookwright_a:P\n")
    assert "it must name a module or an object" in _problem().reason


def test_a_plugin_is_taken_whole_or_not_at_all(install) -> None:
    second = "\n@hookimpl\ndef hookwright_secrets(): raise ValueError('later')\n"
    install("hookwright-half", _encoder() + second)
    plugins = load_plugins()
    assert "upper" not in plugins.encoders
    assert "ValueError: later" in plugins.problems[0].reason


def test_a_built_in_name_cannot_be_taken_over(install) -> None:
    install("hookwright-aaa", _encoder(name="json"))
    plugins = load_plugins()
    assert type(plugins.encoders["json"]).__name__ == "JsonEncoder"
    assert "another plugin adds encoder json too" in plugins.problems[0].reason


def test_a_name_two_plugins_claim_is_given_to_neither(install) -> None:
    install("hookwright-one", _encoder())
    install("hookwright-two", _encoder())
    plugins = load_plugins()
    assert "upper" not in plugins.encoders
    assert [problem.plugin for problem in plugins.problems] == ["one", "two"]
    assert set(load_plugins(allow=["one"]).encoders) == BUILT_IN | {"upper"}


def test_the_same_module_under_two_entry_points_counts_once(install) -> None:
    points = "[hookwright]\na = hookwright_twice\nb = hookwright_twice\n"
    install("hookwright-twice", _encoder(), entry_points=points)
    plugins = load_plugins()
    assert "upper" in plugins.encoders
    assert [(problem.plugin, problem.reason) for problem in plugins.problems] == [
        ("b", "the same plugin is named by another entry point")
    ]


def test_only_allowed_plugins_are_imported(install, capfd: pytest.CaptureFixture[str]) -> None:
    install("hookwright-upper", _encoder())
    install("hookwright-loud", "print('imported')\n" + _encoder("loud", "text/loud"))
    plugins = load_plugins(allow=["Hookwright_Upper"])
    assert set(plugins.encoders) == BUILT_IN | {"upper"}
    assert capfd.readouterr() == ("", "")
    assert [one.name for one in plugins.loaded if one.distribution != "hookwright"] == ["upper"]


def test_an_empty_name_allows_none_and_is_not_missed(install) -> None:
    install("hookwright-upper", _encoder())
    plugins = load_plugins(allow=[""])
    assert "upper" not in plugins.encoders
    assert plugins.problems == ()


def test_an_allowed_plugin_that_is_not_installed_is_a_problem() -> None:
    assert load_plugins(allow=["not-there"]).problems == (
        LoadProblem("not-there", "?", "it is allowed but not installed"),
    )


def test_what_a_plugin_prints_while_loading_stays_off_stdout(
    install, capfd: pytest.CaptureFixture[str]
) -> None:
    install("hookwright-loud", "print('hello')\n" + _encoder())
    load_plugins()
    assert capfd.readouterr() == ("", "hello\n")


def test_damaged_metadata_is_a_problem_of_that_distribution_only(install, tmp_path: Path) -> None:
    install("hookwright-upper", _encoder())
    info = tmp_path / "site-packages" / "hurt-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_bytes(b"Name: hurt\nVersion: 1\n")
    (info / "entry_points.txt").write_bytes(b"[hookwright\n\xff = ")
    plugins = load_plugins()
    assert "upper" in plugins.encoders
    assert "its metadata cannot be read" in plugins.problems[0].reason


def test_an_interrupt_while_loading_is_not_swallowed(install) -> None:
    install("hookwright-slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_plugins()


def test_fragments_are_copies_by_family_and_name(install) -> None:
    install("hookwright-upper", _encoder())
    plugins = load_plugins()
    fragments = plugins.fragments()
    assert {family: set(names) for family, names in fragments.items()} == {
        "auth": {"api-key", "basic", "bearer", "header", "oauth2"},
        "signing": {"github", "hmac", "standard-webhooks", "timestamped"},
        "notifier": {"email", "log", "slack", "webhook"},
        "secret": {"env", "file"},
        "lapp": set(),
    }
    fragments["auth"]["bearer"]["properties"].clear()
    assert plugins.fragments()["auth"]["bearer"]["properties"]


def test_the_fragments_complete_the_schema_of_the_configuration(install) -> None:
    code = "class I:\n    name='hmac'\n    schema={'properties': {'key': {'$ref': '#/$defs/secret'}}}\n"
    code += "    def build(self, c, s): pass\n@hookimpl\ndef hookwright_injectors(): return [I()]"
    install("hookwright-hmac", HEAD + code)
    plugins = load_plugins()
    assert plugins.problems == ()
    schema = config_schema(plugins.fragments())
    webhook = {"id": "a", "event": "E", "url": "https://e.example/"}
    validator = jsonschema.Draft202012Validator(schema)
    for auth, valid in [
        ({"type": "bearer", "token": {"env": "T"}}, True),
        ({"type": "basic", "user": "u", "password": {"file": "p"}}, True),
        ({"type": "basic", "user": {"env": "U"}, "password": {"file": "p"}}, True),
        ({"type": "header", "name": "X-Key", "value": {"env": "K"}}, True),
        ({"type": "hmac", "key": {"env": "K"}}, True),
        ({"type": "bearer", "token": "literal"}, False),
        ({"type": "bearer", "token": {"vault": "x"}}, False),
        ({"type": "bearer", "token": {"env": "not a name"}}, False),
        ({"type": "bearer"}, False),
        ({"type": "digest"}, False),
    ]:
        document = {"version": 1, "bundle": "b", "webhooks": [{**webhook, "auth": auth}]}
        assert validator.is_valid(document) is valid, auth


def test_what_was_loaded_cannot_be_edited() -> None:
    with pytest.raises(TypeError):
        load_plugins(allow=[]).encoders["json"] = None  # type: ignore[index]


def test_importing_the_marks_does_not_load_requests_or_the_built_ins() -> None:
    dear = ("requests", "jsonschema", "hookwright.plugins.builtin")
    code = f"import sys, hookwright.plugins; print([m for m in sys.modules if m.startswith({dear})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
