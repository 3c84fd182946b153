"""Writes down how the tests of faults ended, for `docs/reliability.md`: a pytest plugin.

`python -m pytest -p tests.reliability -m "fault and not slow"` runs them and merges what came of it into
`tests/e2e/faults/results.json`; `just reliability` does so.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).parent / "e2e/faults/results.json"


class Recorder:
    """`found` is what each test came to, by its name without parameters; several of one name are one."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def take(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        properties = dict(report.user_properties)
        if "faults" not in properties or (report.when != "call" and report.passed):
            return
        name = report.nodeid.partition("[")[0]
        entry = self.found.setdefault(name, {"faults": [], "runs": 0, "failed": 0, "seconds": 0.0})
        entry["faults"] = sorted({*entry["faults"], *properties["faults"]})
        entry["form"] = properties["form"]
        entry["runs"] += 1
        entry["failed"] += report.failed
        entry["seconds"] = round(max(entry["seconds"], report.duration), 1)
        entry["day"] = datetime.now(UTC).date().isoformat()

    def write(self) -> None:
        before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        merged = before | self.found
        RESULTS.write_text(json.dumps(dict(sorted(merged.items())), indent=1) + "\n")


_recorder = Recorder()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        numbers = sorted({mark.args[0] for mark in item.iter_markers("fault")})
        if numbers:
            form = "long" if item.get_closest_marker("slow") else "short"
            item.user_properties += [("faults", numbers), ("form", form)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _recorder.take(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        _recorder.write()
