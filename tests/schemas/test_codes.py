from __future__ import annotations

import re
from pathlib import Path

from hookwright.schemas.codes import CODES

ROOT = Path(__file__).parents[2]
USED = re.compile(r"\bHW[0-9]{3}\b")


def in_folders(*names):
    files = [
        file
        for name in names
        for file in (ROOT / name / "hookwright").rglob("*.py")
        if file.name != "codes.py"
    ]
    return {code for file in files for code in USED.findall(file.read_text("utf-8"))}


def test_every_code_that_is_used_is_in_the_table():
    assert in_folders("schemas", "rules", "plugins", "engine") <= set(CODES)


def test_every_code_of_a_single_document_is_used():
    own = {code for code in CODES if code < "HW100"}
    assert own <= in_folders("schemas")


def test_every_code_of_a_document_has_a_case():
    told = "".join(
        path.read_text("utf-8") for path in (Path(__file__).parent / "cases" / "err").glob("*.out")
    )
    assert {code for code in CODES if code < "HW100"} <= set(USED.findall(told))


def test_codes_are_in_order_and_each_says_one_sentence():
    assert list(CODES) == sorted(CODES)
    for code, entry in CODES.items():
        assert entry.code == code
        assert entry.title[0].islower() or entry.title.split()[0].isupper() or entry.title.startswith("JSON")
        assert entry.meaning.endswith(".")
    assert len({entry.title for entry in CODES.values()}) == len(CODES)
