"""Problems as SARIF 2.1.0, the format code hosts and editors exchange results of an analysis in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from hookwright.schemas.codes import CODES
from hookwright.schemas.explanation import ExampleFile, explanation
from hookwright.schemas.problem import Place, Problem, Related

from ..printable import printable
from .repository import in_repository
from .source import Source, source_lines
from .span import columns

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_log(problems: Sequence[Problem], source: Source = source_lines) -> dict[str, Any]:
    """One run with a rule for each code that occurs. Files are named from the top of the repository."""
    codes = sorted({problem.code for problem in problems})
    seen: Counter[str] = Counter()
    driver = {
        "name": "hookwright",
        "semanticVersion": version("hookwright"),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes, seen, source) for problem in problems],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    entry, told = CODES[code], explanation(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in entry.title.replace("'", "").split()),
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.meaning},
        "help": {
            "text": f"{entry.meaning} {' '.join(told.why.split())}",
            "markdown": "\n\n".join([told.why, *_shown("Wrong", told.wrong), *_shown("Right", told.right)]),
        },
    }


def _shown(title: str, files: Sequence[ExampleFile]) -> list[str]:
    return [f"{title}, `{file.name}`:\n\n```yaml\n{file.shown}```" for file in files]


def _result(problem: Problem, codes: Sequence[str], seen: Counter[str], source: Source) -> dict[str, Any]:
    hint = f" ({problem.hint})" if problem.hint else ""
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": _message(f"{problem.message}{hint}"),
        "locations": [_location(problem.place, source, problem.length)],
        **_related(problem.related, source),
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(problem, seen)},
    }


def _related(related: Sequence[Related], source: Source) -> Mapping[str, Any]:
    places = [
        {"id": number, **_location(each.place, source), "message": _message(each.text)}
        for number, each in enumerate(related, start=1)
    ]
    return {"relatedLocations": places} if places else {}


def _message(text: str) -> dict[str, str]:
    """A brace that is none of a placeholder is written twice (3.11.5 of the specification)."""
    return {"text": printable(text).replace("{", "{{").replace("}", "}}")}


def _location(place: Place, source: Source, length: int = 0) -> dict[str, Any]:
    """GitHub asks for a line: what is wrong with a whole file is said of its first one."""
    region: dict[str, int] = {"startLine": max(place.line, 1)}
    if place.line:
        region["startColumn"] = max(place.column, 1)
        if found := columns(place, source, length):
            region["endColumn"] = max(found[1], region["startColumn"])
    return {"physicalLocation": {"artifactLocation": _artifact(place.file), "region": region}}


def _artifact(file: str) -> dict[str, str]:
    """A relative URI is one of the repository; only what stands elsewhere is named in full."""
    named = in_repository(file)
    if PurePosixPath(named).is_absolute():
        return {"uri": f"file://{quote(named)}"}
    return {"uri": quote(named), "uriBaseId": "%SRCROOT%"}


def _fingerprint(problem: Problem, seen: Counter[str]) -> str:
    """Stays the same when lines are added above: made of what is wrong, and of the place in the document."""
    told = (problem.code, in_repository(problem.place.file), problem.path, problem.message)
    digest = hashlib.sha256("\0".join(told).encode("utf-8", "backslashreplace")).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
