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
from hookwright.schemas.schema import NOT_YET, load_schema

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


def documented(page):
    """Each section of the configuration page: its keys, and whether each is marked as not supported yet."""
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `(\w+)`([^|]*)\|", section, re.MULTILINE)
        yield section.splitlines()[0], {key: "*not yet*" in marks for key, marks in rows}


def mappings(name, part, later, defs):
    """Every mapping written out in a part of the language, with its keys and whether each is supported."""
    properties = {key: resolved(value, defs) for key, value in part["properties"].items()}
    yield name, {key: later or value.get(NOT_YET) is True for key, value in properties.items()}
    for key, value in part["properties"].items():
        inner = value.get("items", value)
        if "properties" in inner:
            yield from mappings(f"{name}, {key}", inner, later or value.get(NOT_YET) is True, defs)


def resolved(value, defs):
    found = {}
    while value.get("$ref", "").startswith("#/$defs/"):
        found = {**value, **found}
        target = {"$defs": defs}
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return {**value, **found}


def test_every_key_of_the_language_is_documented_with_whether_it_is_supported():
    page = dict(documented((REFERENCE / "configuration.md").read_text(encoding="utf-8")))
    schema = load_schema("config")
    defs = schema["$defs"]
    expected = dict(mappings("bundle", {"properties": schema["properties"]}, False, defs))
    held = [part for part in schema["properties"].values() if "items" in part]
    parts = {part["items"]["$ref"].split("/")[-1]: part.get(NOT_YET) is True for part in held}
    parts |= dict.fromkeys(("action", "target", "subscriber", "defaults"), False)
    parts["step"] = parts["automation"]
    for name, later in parts.items():
        if not name.startswith("any_"):  # what plugins bring stands in sections of its own
            expected |= dict(mappings(name, defs[name], later, defs))
    assert {name: page[name] for name in page if ": " not in name} == expected


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
        "lead-for-ada",
        "leads-to-erp",
        "qualified-to-won",
        "score-over-80",
    ]


HOW_TO = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs" / "how-to").glob("*.md"))
    for number, block in enumerate(
        re.findall(r"```ya?ml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
    if block.startswith("version: 1\n")
]


# The Lapps of which how-tos show the code.
LAPPS = {"acme-score": {"type": "object", "properties": {"bonus": {"type": "integer"}}}}


@pytest.mark.parametrize("block", HOW_TO)
def test_bundles_in_how_tos_are_valid(block, tmp_path):
    file = tmp_path / "webhooks.yaml"
    file.write_text(block, encoding="utf-8")
    plugins = load_plugins(allow=())
    encoders = {name: encoder.content_types for name, encoder in plugins.encoders.items()}
    fragments = {**plugins.fragments(), "lapp": LAPPS}
    loaded = load(file, fragments=fragments, encoders=encoders)
    assert [str(problem) for problem in loaded.problems] == []


@pytest.mark.parametrize(
    "picture", sorted((ROOT / "docs" / "images").glob("*.svg")), ids=lambda path: path.name
)
def test_pictures_fetch_nothing_and_name_no_machine(picture):
    text = picture.read_text(encoding="utf-8")
    for word in ("@font-face", "url(http", "<script", "/tmp", "/home", "/root"):
        assert word not in text
