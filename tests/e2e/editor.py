"""An editor as far as a language server sees one: opens files, asks at a place, is told what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CURSOR = "|"


class Editor:
    """Speaks the Language Server Protocol with a server on its standard input and output."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._told: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        markup = ["markdown", "plaintext"]
        document = {
            "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": markup}},
            "hover": {"contentFormat": markup},
        }
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder.as_uri(),
                "capabilities": {"textDocument": document},
            },
        )
        self._tell("initialized", {})

    def close(self) -> None:
        self.ask("shutdown", None)
        with self._process:  # closes the pipes and waits
            self._tell("exit", None)

    def open(self, text: str, name: str = "webhooks.yaml") -> list[dict[str, Any]]:
        """Open a file with this text; what the server finds wrong with it."""
        self._show(text, name)
        while True:
            for message in self._told:
                if message["params"]["uri"] == self._uri:
                    return list(message["params"]["diagnostics"])
            self._told.clear()
            self._take()

    def complete(self, text: str) -> dict[str, dict[str, Any]]:
        """What is offered where the cursor (the only `|` of the text) stands, by label."""
        place = self._at_cursor(text)
        return {item["label"]: item for item in self.ask("textDocument/completion", place)["items"]}

    def hover(self, text: str) -> str:
        """What is shown over the place of the cursor."""
        found = self.ask("textDocument/hover", self._at_cursor(text))
        return str(found["contents"]["value"]) if found else ""

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            answer = self._take()
            if answer.get("id") == self._number and "method" not in answer:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _at_cursor(self, text: str) -> dict[str, Any]:
        before, after = text.split(CURSOR)
        self._show(before + after, "webhooks.yaml")
        lines = before.split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        return {"textDocument": {"uri": self._uri}, "position": place}

    def _show(self, text: str, name: str) -> None:
        self._number += 1
        self._uri = (self._folder / f"{self._number}-{name}").as_uri()
        opened = {"uri": self._uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": opened})

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        raw = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(raw), raw))
        self._process.stdin.flush()

    def _take(self) -> dict[str, Any]:
        """The next message. What is asked of an editor is answered as by one that has no settings."""
        message = self._read()
        if message.get("method") == "textDocument/publishDiagnostics":
            self._told.append(message)
        elif "method" in message and "id" in message:
            asked = message["params"].get("items", ()) if isinstance(message["params"], dict) else ()
            self._send({"id": message["id"], "result": [None for _ in asked]})
        return message

    def _read(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        size = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the language server has ended"
        message: dict[str, Any] = json.loads(stream.read(size))
        return message
