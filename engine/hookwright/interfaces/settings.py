"""Settings that stand in a file: `hookwright.toml`, read once, with the position of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .printable import printable

SETTINGS_FILE = "hookwright.toml"
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


class SettingsError(Exception):
    """`hookwright.toml` cannot be used. The message begins with file, line and column."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What `hookwright.toml` says. Keys are option names with `_` for `-`; tables are commands."""

    path: Path
    values: Mapping[str, Any]
    text: str

    def place(self, *keys: str) -> str:
        """`hookwright.toml:3:1`, where the key stands, or the file's name when that cannot be told."""
        for line, column, found in _keys(self.text):
            if found == keys:
                return f"{self.path}:{line}:{column}"
        return str(self.path)


def read_settings(path: Path) -> SettingsFile:
    """The settings in `path`; empty when there is no such file. Raises `SettingsError`."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return SettingsFile(path, {}, "")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 (byte {error.start})") from None
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(_complaint(path, text, str(error))) from None
    return SettingsFile(path, _normal(values), text)


def _complaint(path: Path, text: str, message: str) -> str:
    found = _POSITION.search(message)
    if found is None:
        return f"{path}: {printable(message)}"
    line = found[1] or str(text.count("\n") + 1)
    return f"{path}:{line}:{found[2] or 1}: {printable(message[: found.start()])}"


def _normal(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key.replace("-", "_"): _normal(value) if isinstance(value, dict) else value
        for key, value in values.items()
    }


def _keys(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Every key and table header with its line and column."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _split(header[1])
            yield number, header.start(1) + 1, table
        elif key := _KEY.match(line):
            yield number, key.start(1) + 1, (*table, *_split(key[1]))


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \"'").replace("-", "_") for part in dotted.split("."))
