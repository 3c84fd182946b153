"""The file of the API's bundle: webhooks made over the API, as YAML that people read and move into git."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeAlias

from hookwright.engine.state import sync_folder, write_private
from hookwright.rules.event import JSON
from hookwright.schemas.document import Reading, parse, read
from hookwright.schemas.schema import load_schema
from hookwright.schemas.writer import to_yaml

Webhook: TypeAlias = dict[str, JSON]  # as written in YAML, with an `id`
HEADER = """\
# Webhooks made over the API. The server writes this file; change them there, since what is written here
# by hand is lost with the next change. To move one into git: write it into a file of the bundle that
# `serve --config` names (`hookwright webhooks export` prints them all), then `hookwright webhooks delete ID`.
"""


_LIST = "webhooks:\n"


def read_webhooks(path: Path) -> Reading:
    """The document in the file; one that says nothing when there is no file."""
    if not path.exists():
        return parse(b"version: 1\n", name=str(path))
    return read(path, name=str(path))


def write_webhooks(path: Path, text: str | None) -> None:
    """Replace the file whole and on disk; with None there is none afterwards. Raises OSError."""
    if text is None:
        if path.exists():
            path.unlink()
            sync_folder(path.parent)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, text)


def to_text(webhooks: Iterable[Mapping[str, JSON]]) -> str:
    """The text of the file: ordered by id, keys in the order in which the reference has them."""
    ordered = sorted(webhooks, key=lambda one: str(one["id"]))
    entries = [_entry(json.dumps(in_order(one))) for one in ordered]
    return "".join((HEADER, "version: 1\n", _LIST if entries else "webhooks: []\n", *entries))


@lru_cache(maxsize=10_000)  # one changes, all others are written again
def _entry(webhook: str) -> str:
    return to_yaml({"webhooks": [json.loads(webhook)]}).removeprefix(_LIST)


def in_order(webhook: Mapping[str, JSON]) -> dict[str, JSON]:
    """The webhook with its keys in the order in which the reference has them, id and description first."""
    places = _places()
    return {key: webhook[key] for key in sorted(webhook, key=lambda key: (places.get(key, len(places)), key))}


@cache
def _places() -> Mapping[str, int]:
    keys = list(load_schema("config")["$defs"]["webhook"]["properties"])
    first = ["id", "description"]
    return {key: place for place, key in enumerate((*first, *(key for key in keys if key not in first)))}
