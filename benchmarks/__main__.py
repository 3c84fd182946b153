"""All benchmarks, one after the other: `python -m benchmarks`. Each prints ratios to a named baseline."""

from __future__ import annotations

import subprocess
import sys

for name in ("match", "validate", "delivery", "intake", "latency", "memory"):
    if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
        sys.exit(f"benchmarks.{name} failed")
