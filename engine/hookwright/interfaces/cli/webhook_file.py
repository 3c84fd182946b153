"""A webhook in a file: read as YAML or JSON, and what the server finds wrong told with its line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hookwright.schemas.document import Document, parse, read_bytes
from hookwright.schemas.problem import Place, Problem

from ..client import Answer
from .asking import judged
from .exits import Exit, Stop
from .frames import frames

_LIMIT = 256 * 1024  # bytes; the server takes no more


@dataclass(frozen=True, slots=True)
class WebhookFile:
    """One webhook as read. `body` is it as JSON."""

    document: Document

    @property
    def body(self) -> bytes:
        return json.dumps(self.document.value).encode()

    def judged(self, answer: Answer) -> Answer:
        """The answer, if it is a success; else every problem on standard error, where it stands in the file.

        Raises `Stop`.
        """
        problems = answer.body.get("problems") if isinstance(answer.body, dict) else None
        if answer.status != 422 or not problems:
            return judged(answer)
        for text in frames([self._problem(each) for each in problems]):
            click.echo(f"{text}\n", err=True)
        raise Stop(Exit.NO, f"not valid; nothing was changed (HTTP {answer.status})")

    def _problem(self, said: Mapping[str, Any]) -> Problem:
        code, pointer = str(said.get("code", "")), str(said["pointer"])
        place = self._place(pointer, key=code == "HW012")
        return Problem(code, str(said["message"]), place, said.get("hint"))

    def _place(self, pointer: str, *, key: bool) -> Place:
        value: Any = self.document.value
        path: list[str | int] = []
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            path.append(int(name) if isinstance(value, list) and name.isdecimal() else name)
            try:
                value = value[path[-1]]
            except (LookupError, TypeError):
                value = None
        return self.document.place(path, key=key)


def read_webhook(file: str) -> WebhookFile:
    """The webhook in `file`, `-` for standard input. Raises `Stop`."""
    name = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read(_LIMIT + 1) if file == "-" else read_bytes(Path(file), _LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Stop(Exit.USAGE, f"{name}: {reason}") from None
    reading = parse(raw, name=name)
    for text in frames(reading.problems):
        click.echo(f"{text}\n", err=True)
    if reading.problems or reading.document is None:
        raise Stop(Exit.NO, f"{name} cannot be read; nothing was sent")
    if not isinstance(reading.document.value, dict):
        raise Stop(Exit.NO, f"{name}: not a webhook; write its keys, such as `event:` and `url:`")
    return WebhookFile(reading.document)
