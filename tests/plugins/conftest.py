"""Installs plugins for a test: real distributions with real entry points, on a path of the test's own."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install("hookwright-x", code)` makes a distribution whose one module holds `code`; returns its name.

    `entry_points` replaces the usual text of `entry_points.txt`.
    """
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def add(distribution: str, code: str, *, entry_points: str | None = None) -> str:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(textwrap.dedent(code))
        info = site / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        short = distribution.removeprefix("hookwright-")
        (info / "entry_points.txt").write_text(entry_points or f"[hookwright]\n{short} = {module}\n")
        return distribution

    yield add
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(site) in str(sys.modules[name].__file__):
            del sys.modules[name]
