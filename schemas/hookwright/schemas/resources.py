"""The data files that ship in this folder."""

from __future__ import annotations

from importlib.resources import files


def resource(name: str, *, folder: str = "") -> bytes:
    """The bytes of a file. Raises FileNotFoundError when there is none of this name."""
    root = files("hookwright.schemas")
    return (root / folder / name if folder else root / name).read_bytes()


def resource_names(folder: str) -> list[str]:
    """The names of the files in a folder, sorted."""
    return sorted(file.name for file in (files("hookwright.schemas") / folder).iterdir() if file.is_file())
