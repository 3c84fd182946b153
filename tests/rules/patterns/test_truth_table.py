"""Every answer of event-ruler 2.0.1 on record is ours too, unless it is listed as a deviation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookwright.rules import PatternError, PatternIndex

FOLDER = Path(__file__).parent
ROWS = [json.loads(line) for line in (FOLDER / "event_ruler.jsonl").read_text(encoding="utf-8").splitlines()]
DEVIATIONS = json.loads((FOLDER / "deviations.json").read_text(encoding="utf-8"))
CASES = [case for deviation in DEVIATIONS for case in deviation["cases"]]
OURS = {(case["pattern"], case["event"]): case for case in CASES if "event" in case}


def pairs() -> Iterator[tuple[str, str, bool]]:
    for row in ROWS:
        for answer, key in ((True, "yes"), (False, "no")):
            for event in row.get(key, ()):
                yield row["pattern"], event, answer


def matches(pattern: str, event: str) -> bool:
    return PatternIndex({"p": json.loads(pattern)}).match(json.loads(event)) == frozenset({"p"})


@pytest.mark.parametrize(("pattern", "event", "ruler"), list(pairs()))
def test_an_event_matches_as_in_event_ruler_unless_listed(pattern: str, event: str, ruler: bool) -> None:
    deviation = OURS.get((pattern, event))
    assert deviation is None or deviation["ruler"] is ruler, "the two data files disagree about event-ruler"
    assert matches(pattern, event) is (ruler if deviation is None else deviation["ours"])


@pytest.mark.parametrize("pattern", [row["pattern"] for row in ROWS if "rejected" in row])
def test_what_event_ruler_rejects_is_rejected_unless_listed(pattern: str) -> None:
    deviating = [case for case in CASES if case["pattern"] == pattern and case["ruler"] == "rejected"]
    if deviating:
        assert all("ours" in case for case in deviating)
        PatternIndex({"p": json.loads(pattern)})
    else:
        with pytest.raises(PatternError):
            PatternIndex({"p": json.loads(pattern)})


def test_the_whole_record_is_here() -> None:
    rejected = [row for row in ROWS if "rejected" in row]
    assert (len(ROWS), len(list(pairs())), len(rejected)) == (104, 235, 33)


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{deviation['name']}-{number}")
        for deviation in DEVIATIONS
        for number, case in enumerate(deviation["cases"])
        if kind in case
    ]


@pytest.mark.parametrize("case", cases("ours"))
def test_a_deviation_is_answered_as_listed(case: dict[str, Any]) -> None:
    assert matches(case["pattern"], case["event"]) is case["ours"]


@pytest.mark.parametrize("case", cases("error"))
def test_a_deviation_is_refused_as_listed(case: dict[str, Any]) -> None:
    with pytest.raises(PatternError) as caught:
        PatternIndex({"p": json.loads(case["pattern"])})
    assert caught.value.message == case["error"]


def test_the_reference_page_lists_every_deviation_and_no_other() -> None:
    names = [deviation["name"] for deviation in DEVIATIONS]
    page = (FOLDER.parents[2] / "docs" / "reference" / "patterns.md").read_text(encoding="utf-8")
    section = page.partition("\n## Deviations from event-ruler\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE) == names
    assert all(deviation["cases"] for deviation in DEVIATIONS)
