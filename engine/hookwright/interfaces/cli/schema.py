"""`hookwright schema`: the JSON Schemas, for editors and other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hookwright.plugins.loader import load_plugins
from hookwright.schemas.schema import config_schema, load_schema

from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import note

FOLDER = Path(".hookwright")  # where the editor line of a bundle's files looks


@command()
@click.argument("name", type=click.Choice(["config", "event", "history"]), default="config")
@option("--write", is_flag=True, help=f"Write it to {FOLDER}/NAME.schema.json, where editors find it.")
@shared("plugins")
def schema(name: str, write: bool, plugins: tuple[str, ...]) -> None:
    """Print the JSON Schema (draft 2020-12) of NAME, with what the installed plugins add.

    `config` describes the YAML files of a bundle, `event` what is sent to the API, `history` the lines of the
    journal. An editor uses it through a first line like
    `# yaml-language-server: $schema=./.hookwright/config.schema.json`.
    """
    loaded = load_plugins(allow=plugins or None)
    for left_out in loaded.problems:
        note(f"warning: {left_out}")
    document: dict[str, Any] = config_schema(loaded.fragments()) if name == "config" else load_schema(name)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if not write:
        click.echo(text, nl=False)
        return
    path = FOLDER / f"{name}.schema.json"
    try:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stop(Exit.NO, f"{path}: {error.strerror}") from None
    note(f"wrote {path}")
