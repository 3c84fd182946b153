"""One fault, one file: `cases/err/NAME.yaml` and, in `NAME.out`, exactly what people are told about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.schemas.document import read
from hookwright.schemas.validate import validate

CASES = Path(__file__).parent / "cases"
FAULTY = sorted((CASES / "err").glob("*.yaml"))
SOUND = sorted((CASES / "ok").glob("*.yaml"))


def problems(path, fragments):
    reading = read(path, name=path.name)
    unread = {problem.place for problem in reading.problems}
    found = validate(reading.document, fragments) if reading.document else []
    beyond = [problem for problem in found if problem.place not in unread]
    return "".join(f"{problem}\n" for problem in [*reading.problems, *beyond])


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
    assert len(FAULTY) > 100
