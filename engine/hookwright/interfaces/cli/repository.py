"""File names as a code host knows them: relative to the top of the repository, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path

WORKSPACE = "GITHUB_WORKSPACE"  # where GitHub Actions has checked out the repository


def in_repository(file: str) -> str:
    """`file`, which is named from the current folder, as the repository names it; absolute if it is outside.

    Without `GITHUB_WORKSPACE` the current folder counts as the top.
    """
    root = Path(os.environ.get(WORKSPACE) or os.curdir).resolve()
    path = Path(file)
    found = path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name
    return (found.relative_to(root) if found.is_relative_to(root) else found).as_posix()
