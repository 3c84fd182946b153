"""Files that a bundle names beside its YAML: each is read once a load, whoever names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """The files below a bundle's folder; a bundle without one (`root` is None) names none.

    `read` makes of a file the text that is kept; it raises OSError or ValueError, with words for people.
    """

    root: Path | None
    read: Callable[[Path], str]
    _read: dict[str, str] = field(default_factory=dict)
    _faults: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> Mapping[str, str]:
        """What was read, by the name it stands under in the bundle."""
        return dict(self._read)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were looked for; a change of one changes the bundle."""
        names = (*self._read, *self._faults)
        return tuple(self.root / name for name in names) if self.root else ()

    def text(self, name: str) -> str:
        """What was read under this name, after `fault` found nothing wrong with it."""
        return self._read[name]

    def fault(self, name: str, root: Path) -> str | None:
        """Why the file cannot be read; None when it was."""
        if name not in self._read and name not in self._faults:
            try:
                self._read[name] = self.read(root / name)
            except (OSError, ValueError) as error:
                self._faults[name] = str(error)
        return self._faults.get(name)
