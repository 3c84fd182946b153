"""All benchmarks, one after the other: `python -m benchmarks`. Each prints ratios to a named baseline.

Some have longer forms, to be run by hand: `python -m benchmarks.delivery.footprint --deliveries 1000000`.
"""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    "match",
    "validate",
    "delivery",
    "delivery.isolation",
    "delivery.delays --later 20000",
    "delivery.resume --kills 1",
    "delivery.footprint",
    "delivery.idle --seconds 5",
    "intake",
    "latency",
    "memory",
    "lapps",
    "runs",
    "runs.first_step --seconds 3",
)

for run in RUNS:
    name, *arguments = run.split()
    if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode:
        sys.exit(f"benchmarks.{name} failed")
