"""Writes the reference pages that are generated from the code; `--check` says which of them are stale.

Each fact has one home: keys in the JSON Schema, event types in the catalogue, codes in their table, commands
in click, metrics where they are counted. The pages under docs/reference/ are made from there with the
templates under docs/templates/.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hookwright.interfaces.cli import root
from hookwright.interfaces.cli.exits import Exit
from hookwright.interfaces.cli.frames import frames
from hookwright.interfaces.cli.problem import lines_in
from hookwright.interfaces.examples import laid_out, problems_of
from hookwright.interfaces.http.metrics import Metrics
from hookwright.plugins.loader import load_plugins
from hookwright.rules.targets import retry_policy
from hookwright.schemas.catalogue import CatalogueEvent, load_catalogue
from hookwright.schemas.codes import CODES
from hookwright.schemas.explanation import explanation
from hookwright.schemas.payload import load_family
from hookwright.schemas.preset import load_preset, read_preset
from hookwright.schemas.resources import resource
from hookwright.schemas.schema import NOT_YET, load_schema
from hookwright.schemas.validate import config_schema

DOCS = Path(__file__).resolve().parent
REFERENCE = DOCS / "reference"
SECTIONS = {  # a part of the language, and the key of a bundle under which it stands
    "webhook": "webhooks",
    "rule": "rules",
    "action": "rules",
    "automation": "automations",
    "step": "automations",
    "target": "webhooks",
    "subscriber": "webhooks",
    "defaults": "defaults",
    "event": "events",
    "source": "sources",
    "schedule": "schedules",
}


def main() -> None:
    stale = [
        path.name for path, text in pages() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run `just docs-write`" if stale else 0)
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
    print(f"wrote {len(stale)} pages")


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page with its text."""
    environment = Environment(
        loader=FileSystemLoader(DOCS / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # Markdown from our own code
    )
    environment.filters["cell"] = cell
    facts = {
        "configuration": {"sections": list(configuration())},
        "events": {"types": load_catalogue().types, "families": list(families())},
        "problems": {"codes": list(CODES.values()), "explained": list(explained())},
        "cli": {"commands": list(commands(root, ())), "exits": exits()},
        "metrics": {"metrics": list(metrics())},
        "presets": {"presets": list(presets())},
    }
    for name, values in facts.items():
        yield REFERENCE / f"{name}.md", environment.get_template(f"{name}.md.j2").render(values)
    page = environment.get_template("reliability.md.j2").render(faults=list(faults()))
    yield DOCS / "reliability.md", page


def cell(text: object) -> str:
    """Text for a cell of a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def faults() -> Iterator[dict[str, Any]]:
    """Each fault with the tests that provoke it, and how they last ended."""
    folder = DOCS.parent / "tests/e2e/faults"
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    for fault in runpy.run_path(str(folder / "catalogue.py"))["FAULTS"]:
        named = {name: said for name, said in results.items() if fault.number in said["faults"]}
        yield {
            "fault": fault,
            "tests": [{"test": name.partition("::"), **said} for name, said in named.items()],
        }


def explained() -> Iterator[dict[str, Any]]:
    """Each code with its examples, and what `validate` says of the wrong one."""
    for code in CODES:
        found = explanation(code)
        with laid_out(found.wrong) as folder:
            problems = problems_of(folder)
            said = [click.unstyle(text) for text in frames(problems, lines_in(folder))]
        yield {"code": found.code, "why": found.why, "said": said, "wrong": found.wrong, "right": found.right}


def presets() -> Iterator[dict[str, Any]]:
    """Each preset's file, and what in it is not done yet."""
    for name in load_schema("config")["properties"]["preset"]["enum"]:
        preset, written = load_preset(name), read_preset(name)
        inactive = absent(written["defaults"], preset.defaults, "")
        yield {
            "name": name,
            "description": written["description"],
            "requires": ", ".join(f"`{key}`" for key in preset.requires),
            "retries": str(retry_policy(preset.defaults["retry"])),
            "text": resource(f"{name}.yaml", folder="presets").decode().strip(),
            "inactive": ", ".join(f"`{key}`" for key in inactive),
        }


def absent(written: Mapping[str, Any], active: Mapping[str, Any], above: str) -> Iterator[str]:
    """The keys, at any depth, that are written and not active."""
    for key, value in written.items():
        if key not in active:
            yield f"{above}{key}"
        elif isinstance(value, Mapping):
            yield from absent(value, active[key], f"{above}{key}.")


def configuration() -> Iterator[dict[str, Any]]:
    schema = config_schema(load_plugins(allow=()).fragments())
    definitions = schema["$defs"]
    yield section("bundle", schema, definitions)
    for name, root_key in SECTIONS.items():
        later = schema["properties"][root_key].get(NOT_YET) is True
        yield from sections(name, definitions[name], definitions, later=later)
    for family in ("auth", "notifier", "secret"):
        for name, options in sorted(definitions.get(family, {}).items()):
            if isinstance(options, Mapping) and "properties" in options:
                yield from sections(f"{family}: {name}", options, definitions)


def sections(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], *, later: bool = False
) -> Iterator[dict[str, Any]]:
    """The keys of a mapping, and those of each mapping, or list of mappings, written out among them."""
    yield section(name, schema, definitions, later=later)
    for key_name, value in schema["properties"].items():
        inner = value.get("items", value)
        if "properties" in inner:
            within = later or value.get(NOT_YET) is True
            yield from sections(f"{name}, {key_name}", inner, definitions, later=within)


def section(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], *, later: bool = False
) -> dict[str, Any]:
    """With `later`, none of its keys is supported yet."""
    required = set(schema.get("required", ()))
    keys = [
        key(name, value, definitions, name in required, later=later)
        for name, value in schema.get("properties", {}).items()
    ]
    return {"name": name, "description": schema.get("description", ""), "keys": keys}


def key(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], required: bool, *, later: bool
) -> dict[str, Any]:
    described = resolved(schema, definitions)
    examples = [json.dumps(example, ensure_ascii=False) for example in described.get("examples", ())][:2]
    marked = True if later else described.get(NOT_YET, False)
    return {
        "name": name,
        "required": required,
        "description": described.get("description", ""),
        "examples": examples,
        "later": marked is True,
        "partly": bool(marked) and marked is not True,
    }


def resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property with what it refers to, step by step; the nearer description wins."""
    found = dict(schema)
    reference = found.pop("$ref", "")
    while reference.startswith("#/$defs/"):
        target: Any = {"$defs": definitions}
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        reference = target.get("$ref", "")
        found = {**target, **found}
    return found


def families() -> Iterator[dict[str, Any]]:
    """The families of the catalogue, in the order of their first event."""
    types = load_catalogue().types
    for name in dict.fromkeys(event.family for event in types):
        members = [event for event in types if event.family == name]
        family = load_family(members[0].catalogue, name)
        first = next(
            event for event in members if event.type not in family.own or len(members) == len(family.own)
        )
        others = [event for event in members if event is not first]
        yield {
            "family": family,
            "first": first,
            "sample": json.dumps(first.payload.body, indent=2, ensure_ascii=False),
            "others": [{"event": event, "differences": differences(first, event)} for event in others],
        }


def differences(first: CatalogueEvent, event: CatalogueEvent) -> list[tuple[str, str]]:
    """The fields of a sample that are not as in the first one of its family; "" for one it lacks."""
    theirs, own = dict(leaves(first.sample)), dict(leaves(event.sample))
    names = [name for name in {**theirs, **own} if theirs.get(name, ...) != own.get(name, ...)]
    return [(name, json.dumps(own[name], ensure_ascii=False) if name in own else "") for name in names]


def leaves(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from leaves(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", inner


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    context = click.Context(command, info_name=" ".join(("hookwright", *path)))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))
        return
    yield {
        "name": context.command_path,
        "help": (command.help or "").strip(),
        "usage": " ".join(command.collect_usage_pieces(context)),
        "options": [option(each, context) for each in command.params if isinstance(each, click.Option)],
    }


def option(parameter: click.Option, context: click.Context) -> dict[str, Any]:
    flags, text = parameter.get_help_record(context) or ("", "")
    return {"flags": flags, "help": text.split("  [")[0], "env": parameter.envvar or ""}


def metrics() -> Iterator[dict[str, str]]:
    """What a server without any traffic shows."""
    for family in Metrics(dict, dict, dict, dict).registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        yield {"name": name, "type": family.type, "help": family.documentation}


def exits() -> list[tuple[int, str]]:
    """The exit codes with the sentence that follows each in its source."""
    lines = (Path(sys.modules[Exit.__module__].__file__ or "")).read_text(encoding="utf-8").splitlines()
    said = {
        line.split("=")[0].strip(): lines[at + 1].strip().strip('"') for at, line in enumerate(lines[:-1])
    }
    return [(int(each), said[each.name]) for each in Exit]


if __name__ == "__main__":
    main()
