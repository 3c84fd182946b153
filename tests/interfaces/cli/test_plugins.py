"""`hookwright plugins`, with a plugin that is really installed."""

import json
import textwrap

import pytest

GOOD = """
from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import Encoded

print("a plugin may print")

class Shout:
    name = "shout"
    content_types = ("text/x-shout",)
    schema = {}

    def encode(self, value, context):
        return Encoded(str(value).upper().encode("utf-8", "replace"))

class Plugin:
    @hookimpl
    def hookwright_encoders(self):
        return [Shout()]

@hookimpl
def hookwright_encoders():
    return [Shout()]

plugin = Plugin()
"""
BAD = GOOD.replace('"shout"', '"mumble"').replace(".encode(", '.encode("utf-16"), ("X", "a\\nb").index(')


@pytest.fixture
def site(tmp_path):
    """`site(name, code)` installs a plugin; the environment that finds it."""
    folder = tmp_path / "site"

    def install(name, code):
        module = f"hookwright_{name}"
        info = folder / f"{module}-1.2.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(textwrap.dedent(code))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hookwright-{name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[hookwright]\n{name} = {module}\n")
        return {"PYTHONPATH": str(folder)}

    return install


def test_the_list_tells_where_each_plugin_is_from_and_what_it_adds(hookwright, site):
    site("broken", "import nothing_of_that_name")
    env = site("shout", GOOD)
    ran = hookwright("plugins", "list", env=env)
    assert ran.code == 0
    head, *lines = ran.out.splitlines()
    assert head.split() == ["NAME", "DISTRIBUTION", "VERSION", "HOOKS", "PROVIDES"]
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["shout"] == ["hookwright-shout", "1.2", "encoders", "encoder", "shout"]
    assert rows["email"][:2] == ["built", "in"]
    assert rows["broken"] == ["hookwright-broken", "1.2", "left", "out"]
    assert "warning: plugin broken of hookwright-broken: ModuleNotFoundError: No module named" in ran.err


def test_json_tells_everything_and_is_only_json(hookwright, site):
    site("broken", "raise SystemExit")
    env = site("shout", GOOD)
    said = json.loads(hookwright("plugins", "list", "-o", "json", env=env).out)
    by_name = {each["name"]: each for each in said["plugins"]}
    assert by_name["shout"] == {
        "name": "shout",
        "distribution": "hookwright-shout",
        "version": "1.2",
        "hooks": ["hookwright_encoders"],
        "provides": ["encoder shout"],
        "error": None,
    }
    assert by_name["broken"]["error"] == "SystemExit"
    assert said["problems"] == [
        {"plugin": "broken", "distribution": "hookwright-broken", "reason": "SystemExit"}
    ]
    lines = hookwright("plugins", "list", "-o", "ndjson", "--plugins", "shout", env=env).out.splitlines()
    assert "broken" not in [json.loads(line)["name"] for line in lines]


def test_check_passes_a_plugin_that_keeps_its_contract(hookwright, site):
    ran = hookwright("plugins", "check", env=site("shout", GOOD))
    assert (ran.code, ran.err.splitlines()[-1]) == (0, "6 passed, 0 skipped, 0 failed")
    assert "passed   encoder shout: the value is left as it was" in ran.out
    assert "a plugin may print" in ran.err


def test_check_fails_one_that_does_not(hookwright, site):
    env = site("mumble", BAD)
    ran = hookwright("plugins", "check", "mumble", "-o", "json", env=env)
    assert ran.code == 1
    failed = [each for each in json.loads(ran.out)["checks"] if each["outcome"] == "failed"]
    assert {each["contribution"] for each in failed} == {"encoder mumble"}
    assert any(each["detail"] for each in failed)


def test_check_fails_one_that_cannot_be_loaded(hookwright, site):
    ran = hookwright("plugins", "check", env=site("broken", "x = 1"))
    assert ran.code == 1
    assert "error: the plugin broken is left out: it has none of the hooks" in ran.err


@pytest.mark.parametrize("place", ["mine:plugin", "mine:"])
def test_check_takes_a_plugin_that_is_not_installed(hookwright, tmp_path, place):
    (tmp_path / "mine.py").write_text(GOOD)
    ran = hookwright("plugins", "check", place)
    assert (ran.code, ran.err.splitlines()[-1]) == (0, "6 passed, 0 skipped, 0 failed")


def test_check_says_what_cannot_be_imported(hookwright):
    ran = hookwright("plugins", "check", "mine:plugin")
    assert ran.code == 1
    assert "error: the plugin mine:plugin is left out: ModuleNotFoundError" in ran.err


def test_check_leaves_nothing_behind(hookwright, tmp_path):
    (tmp_path / "mine.py").write_text(GOOD)
    before = {path.name for path in tmp_path.iterdir()}
    hookwright("plugins", "check", "log", "email", "slack", "webhook")
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "error: no plugin is installed beside the built-in ones"),
        (["jsom"], "error: there is no plugin 'jsom'; there are: api-key, basic, bearer, email"),
    ],
)
def test_nothing_to_check_is_an_end_of_its_own(inside, names, said):
    ran = inside("plugins", "check", *names)
    assert ran.code == 5
    assert said in ran.err
