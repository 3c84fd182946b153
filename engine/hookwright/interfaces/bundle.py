"""The bundle a server runs: where it stands, and how it is loaded with the plugins at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hookwright.plugins.registry import Plugins
from hookwright.rules.load import Loaded, load


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder or a file of YAML, read anew at each `load`."""

    path: Path
    plugins: Plugins
    allow_undeclared_events: bool = False

    def load(self) -> Loaded:
        """All problems, and the model and its source unless one of them is an error."""
        encoders = {name: encoder.content_types for name, encoder in self.plugins.encoders.items()}
        return load(
            self.path,
            fragments=self.plugins.fragments(),
            encoders=encoders,
            allow_undeclared_events=self.allow_undeclared_events,
        )
