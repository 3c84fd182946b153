"""One fault, one case: a file or folder under `cases/`, and beside it the exact text of its problems.

`err` cases are refused; `ok` cases load, with the warnings of their `.out` file if they have one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.rules.load import load

CASES = Path(__file__).parent / "cases"


def cases(kind: str) -> list[str]:
    return sorted(path.name for path in (CASES / kind).iterdir() if path.suffix != ".out")


def expected(kind: str, name: str) -> str:
    path = (CASES / kind / name).with_suffix(".out")
    return path.read_text() if path.exists() else ""


def said(name: str) -> str:
    return "".join(f"{problem}\n" for problem in load(Path(name)).problems)


@pytest.mark.parametrize("name", cases("err"))
def test_a_faulty_bundle_is_refused_with_these_words(name, monkeypatch):
    monkeypatch.chdir(CASES / "err")
    loaded = load(Path(name))
    assert said(name) == expected("err", name)
    assert loaded.errors
    assert loaded.model is None
    assert loaded.source is None


@pytest.mark.parametrize("name", cases("ok"))
def test_a_sound_bundle_loads_with_no_more_than_these_warnings(name, monkeypatch):
    monkeypatch.chdir(CASES / "ok")
    loaded = load(Path(name))
    assert said(name) == expected("ok", name)
    assert loaded.errors == ()
    assert loaded.model is not None


def test_every_expectation_belongs_to_a_case():
    for kind in ("err", "ok"):
        stems = {Path(name).stem for name in cases(kind)}
        assert {path.stem for path in (CASES / kind).glob("*.out")} <= stems
