"""The tree is the architecture: four source roots, one namespace, one example that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOTS = ("engine", "plugins", "rules", "schemas")


@pytest.mark.parametrize("root", ROOTS)
def test_the_namespace_has_no_init_file(root):
    assert not (ROOT / root / "hookwright" / "__init__.py").exists(), (
        f"{root}/hookwright/__init__.py would hide the other three folders: hookwright is a PEP 420 namespace"
    )


@pytest.mark.parametrize("root", ROOTS)
def test_every_portion_is_typed(root):
    assert list((ROOT / root / "hookwright").glob("*/py.typed"))


def test_every_module_says_what_it_is_for():
    for path in sorted(path for root in ROOTS for path in (ROOT / root).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert (path.name == "__init__.py" and not text) or re.match(r'(#![^\n]*\n)?r?"""\S', text), (
            f"{path.relative_to(ROOT)} has no module docstring"
        )


def test_no_module_has_a_name_that_says_nothing():
    empty = {"utils", "util", "helpers", "common", "misc", "manager", "base"}
    found = [path for root in ROOTS for path in (ROOT / root).rglob("*.py") if path.stem in empty]
    assert found == []
