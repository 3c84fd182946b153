"""The bundle a server runs: where it stands, and how it is loaded with the plugins at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookwright.plugins.registry import Plugins
from hookwright.rules.beside import load_beside
from hookwright.rules.load import Loaded, load, load_nothing
from hookwright.rules.source import Source
from hookwright.schemas.document import Document


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder or a file of YAML, read anew at each `load`. With `optional` it may be absent.

    With `text` that is the one file there is, and `path` only what it is called.
    """

    path: Path
    plugins: Plugins
    allow_undeclared_events: bool = False
    optional: bool = False
    text: bytes | None = None

    def load(self) -> Loaded:
        """All problems, and the model and its source unless one of them is an error."""
        if self.optional and not self.path.exists():
            return load_nothing(
                encoders=self._encoders(), allow_undeclared_events=self.allow_undeclared_events
            )
        return load(
            self.path,
            fragments=self.plugins.fragments(),
            encoders=self._encoders(),
            allow_undeclared_events=self.allow_undeclared_events,
            text=self.text,
        )

    def beside(self, document: Document, host: Source) -> Loaded:
        """The API's bundle, which `document` is, beside `host`: both as one source."""
        return load_beside(document, host, fragments=self.plugins.fragments(), encoders=self._encoders())

    def _encoders(self) -> Mapping[str, Sequence[str]]:
        return {name: tuple(encoder.content_types) for name, encoder in self.plugins.encoders.items()}
