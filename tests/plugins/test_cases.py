"""What people are told of a wrong value in a built-in plugin's configuration, as in tests/schemas/cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.plugins.loader import load_plugins
from hookwright.schemas.document import read
from hookwright.schemas.validate import validate

CASES = Path(__file__).parent / "cases"
FAULTY = sorted((CASES / "err").glob("*.yaml"))
SOUND = sorted((CASES / "ok").glob("*.yaml"))


@pytest.fixture(scope="module")
def fragments():
    return load_plugins(allow=()).fragments()


def problems(path, fragments):
    return "".join(f"{problem}\n" for problem in validate(read(path, name=path.name).document, fragments))


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_every_fault_is_told_as_written_beside_it(path, fragments):
    expected = path.with_suffix(".out").read_text("utf-8")
    assert expected.startswith(path.name)
    assert problems(path, fragments) == expected


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_sound_files_have_no_problems(path, fragments):
    assert problems(path, fragments) == ""


def test_every_expectation_has_its_file():
    assert {path.stem for path in FAULTY} == {path.stem for path in (CASES / "err").glob("*.out")}
