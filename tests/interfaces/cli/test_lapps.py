"""`hookwright lapps`, with a plugin that is really installed and children that are really started."""

from __future__ import annotations

import json

import pytest
from tests import wild
from tests.wild import SITE

from hookwright.interfaces.diagnosis import Level, look_at_secrets
from hookwright.plugins.loader import load_plugins
from hookwright.rules.load import load

ENV = {"PYTHONPATH": str(SITE)}
EVENT = ("--type", "Lead_Post_Create", "--data", '{"n": 5}')


@pytest.fixture
def lapps(hookwright):
    def run(*arguments, **env):
        return hookwright("lapps", *arguments, env={**ENV, **env})

    return run


def test_the_list_says_what_each_takes(lapps):
    head, first, *_ = lapps("list").out.splitlines()
    assert head.split() == ["NAME", "PLUGIN", "DISTRIBUTION", "CONFIG"]
    assert first.split() == ["echo", "wild", "hookwright-wild", "key?,", "least?"]
    document = json.loads(lapps("list", "-o", "json").out)
    assert set(document["lapps"][0]) == {"name", "plugin", "distribution", "schema"}


def test_a_value_is_printed_and_logs_go_aside(lapps):
    ran = lapps("run", "talks", *EVENT, "--lapp-config", '{"key": {"env": "WILD"}}', WILD="s3cret-value")
    assert (ran.code, ran.out) == (0, '"[redacted]"\n')
    assert "printed [redacted]\nWARNING wild: logged\nsaid aside\n" in ran.err


def test_what_went_wrong_is_told_and_counts(lapps, tmp_path):
    event = tmp_path / "event.json"
    event.write_text('{"type": "Lead_Post_Create", "data": {"n": 7}}')
    ran = lapps("run", "fails", "-e", str(event), "-o", "json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (document["value"], document["error"], document["stage"]) == (None, "lapp", "test")
    assert document["reason"] == "ValueError: no luck with 7 and None"
    assert "Traceback" in document["logs"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ech", *EVENT), 5, "error: there is no Lapp 'ech' (did you mean \"echo\"?)"),
        (("echo",), 4, "name an event"),
        (("echo", *EVENT, "--lapp-config", "{"), 4, "error: --lapp-config:1:2: "),
        (("echo", *EVENT, "--lapp-config", '{"leest": 1}'), 4, "error: --lapp-config: "),
        (
            ("echo", *EVENT, "--lapp-config", "@nowhere.json"),
            4,
            "error: nowhere.json: No such file or directory",
        ),
        (("talks", *EVENT, "--lapp-config", '{"key": {"env": "NOT_SET"}}'), 6, "NOT_SET"),
    ],
)
def test_what_cannot_be_called_is_told_on_one_line(inside, arguments, code, said):
    with wild.installed():
        ran = inside("lapps", "run", *arguments)
    assert ran.code == code
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_the_doctor_looks_for_the_secrets_of_lapps(tmp_path, monkeypatch):
    monkeypatch.delenv("WILD", raising=False)
    lapp = "{name: talks, config: {key: {env: WILD}}}"
    file = tmp_path / "hooks.yaml"
    file.write_text(f"version: 1\nwebhooks: [{{id: a, event: Task_Create, type: lapp, lapp: {lapp}}}]\n")
    with wild.installed():
        plugins = load_plugins(allow=["wild"])
    loaded = load(file, fragments=plugins.fragments())
    (finding,) = look_at_secrets(loaded.model, plugins, None)
    assert (finding.level, "WILD" in finding.detail) == (Level.FAIL, True)
