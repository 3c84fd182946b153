"""`type: acme-journal`: appends each notice to a file, as a line of JSON."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hookwright.plugins.errors import NotifyError
from hookwright.plugins.hookspecs import Network, Notice, Notify, Secrets


class JournalNotifier:
    """Writes a line at once, so that two workers can share a file."""

    name = "acme-journal"
    schema: dict[str, Any] = {
        "type": "object",
        "description": "Appends each notice to a file on the worker's machine.",
        "properties": {
            "path": {
                "type": "string",
                "minLength": 1,
                "description": "The file; it is made if it is not there.",
                "examples": ["notices.jsonl"],
            }
        },
        "required": ["path"],
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, Any], secrets: Secrets, network: Network) -> Notify:
        path = config["path"]

        def tell(notice: Notice) -> None:
            line = json.dumps(asdict(notice)).encode() + b"\n"
            try:
                file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    os.write(file, line)
                finally:
                    os.close(file)
            except OSError as error:
                raise NotifyError(f"{path}: {error.strerror}") from None

        return tell
