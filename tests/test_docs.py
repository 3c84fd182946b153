"""The documentation is true: hooks, commands and codes are described, links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest

from hookwright.interfaces.cli import root
from hookwright.interfaces.http.routes import ROUTES
from hookwright.plugins import hookspecs
from hookwright.plugins.loader import load_plugins
from hookwright.rules.load import load
from hookwright.schemas.codes import CODES

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def hooks():
    return [
        name
        for name, _ in inspect.getmembers(hookspecs, inspect.isfunction)
        if name.startswith("hookwright_")
    ]


def commands(command=root, path=()):
    context = click.Context(command)
    if not isinstance(command, click.Group):
        return [(" ".join(("hookwright", *path)), command)]
    names = command.list_commands(context)
    return [found for name in names for found in commands(command.get_command(context, name), (*path, name))]


@pytest.mark.parametrize("hook", hooks())
def test_every_hook_is_documented(hook):
    assert f"`{hook}" in (REFERENCE / "hooks.md").read_text(encoding="utf-8") or f"def {hook}(" in (
        REFERENCE / "hooks.md"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_has_help_and_is_documented_with_every_flag(name, command):
    page = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert command.help
    section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts} has no help"
            assert f"`{option.envvar}`" in section, f"{name} {option.opts} is not in cli.md"


def test_every_route_is_documented_with_its_role():
    rows = re.findall(
        r"^\| `([A-Z]+) (/\S*)` \| (\S+) \|", (REFERENCE / "api.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(
        (entry.method, entry.path.replace(":path", ""), entry.role or "-") for entry in ROUTES
    )


def test_every_problem_code_is_documented():
    page = (REFERENCE / "problems.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"| {code} |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_the_example_is_valid_without_a_warning():
    plugins = load_plugins(allow=())
    encoders = {name: encoder.content_types for name, encoder in plugins.encoders.items()}
    loaded = load(ROOT / "webhooks.example.yaml", fragments=plugins.fragments(), encoders=encoders)
    assert [str(problem) for problem in loaded.problems] == []
    assert [subscriber.id for subscriber in loaded.model.subscribers] == [
        "big-deal-won",
        "calls-to-warehouse",
        "fair-leads-to-legacy",
        "hot-leads",
        "leads-to-erp",
    ]


HOW_TO = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs" / "how-to").glob("*.md"))
    for number, block in enumerate(
        re.findall(r"```ya?ml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
    if block.startswith("version: 1\n")
]


@pytest.mark.parametrize("block", HOW_TO)
def test_bundles_in_how_tos_are_valid(block, tmp_path):
    file = tmp_path / "webhooks.yaml"
    file.write_text(block, encoding="utf-8")
    plugins = load_plugins(allow=())
    encoders = {name: encoder.content_types for name, encoder in plugins.encoders.items()}
    loaded = load(file, fragments=plugins.fragments(), encoders=encoders)
    assert [str(problem) for problem in loaded.problems] == []


@pytest.mark.parametrize(
    "picture", sorted((ROOT / "docs" / "images").glob("*.svg")), ids=lambda path: path.name
)
def test_pictures_fetch_nothing_and_name_no_machine(picture):
    text = picture.read_text(encoding="utf-8")
    for word in ("@font-face", "url(http", "<script", "/tmp", "/home", "/root"):
        assert word not in text
