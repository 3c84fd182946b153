"""`hookwright validate` on 5,000 webhooks against `yaml.safe_load` and plain jsonschema on the same files.

Both are whole processes, from the start of the interpreter to the last line of output, and run in turn;
medians over rounds. Hookwright's also resolves events, reads patterns, merges presets and names file, line
and column of everything; the baseline looks at the schema only, so it finds nothing in three of the bundles.
The seconds are those of the processor, so that a busy machine changes little; compare the ratio.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hookwright.plugins.loader import load_plugins
from hookwright.schemas.schema import config_schema

from .bundles import KINDS, WEBHOOKS, write

ROUNDS = 3


def main() -> None:
    """Print a line for each bundle."""
    print(f"{WEBHOOKS:,} webhooks    validate s  safe_load + jsonschema s   ratio")
    with tempfile.TemporaryDirectory() as place:
        schema = Path(place, "schema.json")
        schema.write_text(json.dumps(config_schema(load_plugins(allow=()).fragments())))
        for kind in KINDS:
            folder = Path(place, kind)
            folder.mkdir()
            write(folder, kind)
            print(_line(kind, folder, schema), flush=True)
    start = statistics.median(_seconds("hookwright", "--version") for _ in range(ROUNDS))
    print(f"hookwright --version: {start:.2f} s")


def _line(kind: str, folder: Path, schema: Path) -> str:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds("hookwright", "validate", str(folder)))
        theirs.append(_seconds("benchmarks.validate.plain", str(folder), str(schema)))
    one, other = statistics.median(ours), statistics.median(theirs)
    return f"{kind:<17} {one:>11.2f} {other:>25.2f} {other / one:>6.1f}x"


def _seconds(module: str, *arguments: str) -> float:
    """What a Python process takes of the processor."""
    before = _of_children()
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{module} failed: {done.stderr.decode()}")
    return _of_children() - before


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
