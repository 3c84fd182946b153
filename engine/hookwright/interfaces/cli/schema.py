"""`hookwright schema`: the JSON Schemas, for editors and other programs."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Plugins
from hookwright.schemas.editor import editor_schema
from hookwright.schemas.schema import JSONSchema, config_schema, load_schema

from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import note

FOLDER = Path(".hookwright")  # where the editor line of a bundle's files looks


@command()
@click.argument(
    "name", type=click.Choice(["config", "event", "history", "explanation", "timeline"]), default="config"
)
@option("--write", is_flag=True, help=f"Write it to {FOLDER}/NAME.schema.json, where editors find it.")
@shared("plugins")
def schema(name: str, write: bool, plugins: tuple[str, ...]) -> None:
    """Print the JSON Schema (draft 2020-12) of NAME, with what the installed plugins add.

    `config` describes the YAML files of a bundle, `event` what is sent to the API, `history` the lines of the
    journal, `explanation` what `explain -o json` prints, `timeline` the files that `simulate` plays. An
    editor uses it through a first line like
    `# yaml-language-server: $schema=./.hookwright/config.schema.json`.
    """
    loaded = load_plugins(allow=plugins or None)
    for left_out in loaded.problems:
        note(f"warning: {left_out}")
    document = _configuration(loaded) if name == "config" else load_schema(name)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if not write:
        click.echo(text, nl=False)
        return
    path = FOLDER / f"{name}.schema.json"
    try:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        changed = _refresh(path, text.encode())
    except OSError as error:
        raise Stop(Exit.NO, f"{path}: {error.strerror}") from None
    note(f"wrote {path}" if changed else f"{path} is up to date")


def _refresh(path: Path, content: bytes) -> bool:
    """Whether the file had to be written. An editor that reads it meanwhile sees the old one or the new."""
    if path.is_file() and path.read_bytes() == content:
        return False
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        new = Path(file.name)  # of nobody else: a link that lies in wait would be written through
        try:
            file.write(content)
            file.flush()
            new.chmod(0o644)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    return True


def _configuration(plugins: Plugins) -> JSONSchema:
    encoders = {name: encoder.content_types for name, encoder in plugins.encoders.items()}
    return editor_schema(config_schema(plugins.fragments()), encoders)
