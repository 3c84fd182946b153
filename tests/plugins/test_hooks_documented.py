"""docs/reference/hooks.md says everything about each hook, and its example is a plugin that works."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hookwright.plugins import errors, hookspecs
from hookwright.plugins.contributions import FAMILIES
from hookwright.plugins.loader import load_plugins

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
HOOKS = [name for name in vars(hookspecs) if name.startswith("hookwright_")]
SHAPES = [
    hookspecs.Encoder,
    hookspecs.Injector,
    hookspecs.Notifier,
    hookspecs.Network,
    hookspecs.SecretSource,
    hookspecs.Lapp,
]
GIVEN = [
    hookspecs.Attempt,
    hookspecs.BodyContext,
    hookspecs.FailedDelivery,
    hookspecs.LappEvent,
    hookspecs.Notice,
]


def _block(first_line: str) -> str:
    found = re.search(rf"```\w+\n{re.escape(first_line)}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, first_line
    return found[1]


def test_every_declared_hook_is_loaded() -> None:
    assert list(FAMILIES) == HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_section_with_its_exact_arguments(hook: str) -> None:
    signature = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert f"\n## `{hook}({signature})`\n" in PAGE


@pytest.mark.parametrize("shape", SHAPES)
def test_every_attribute_of_a_shape_is_in_its_table(shape: type) -> None:
    for name, value in vars(shape).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(value):
            arguments = ", ".join(list(inspect.signature(value).parameters)[1:])
            assert f"| `{name}({arguments})` |" in PAGE
        else:
            assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("value", GIVEN)
def test_every_field_a_plugin_is_given_is_named(value: type) -> None:
    for name in inspect.signature(value).parameters:
        assert f"`{name}`" in PAGE


def test_every_error_a_plugin_may_raise_is_named() -> None:
    for error in (errors.EncodeError, errors.InvalidHeader, errors.MissingSecret, errors.RefusedInjector):
        assert error.__name__ in PAGE


def test_the_built_ins_are_listed() -> None:
    plugins = load_plugins(allow=[])
    for name in (*plugins.encoders, *plugins.injectors, *plugins.notifiers, *plugins.secrets):
        assert re.search(rf"^(Built in: .*|- )`{name}`", PAGE, re.MULTILINE), name


def test_the_example_loads_and_passes_its_own_contract_test(install, tmp_path: Path) -> None:
    code = _block("# hookwright_shout.py")
    install("hookwright-shout", code)
    plugins = load_plugins()
    assert plugins.problems == ()
    assert "text/x-shout" in plugins.encoders["shout"].content_types

    (tmp_path / "test_hookwright_shout.py").write_text(_block("# test_hookwright_shout.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_hookwright_shout.py"]
    environment = {"PYTHONPATH": str(tmp_path / "site-packages"), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout
