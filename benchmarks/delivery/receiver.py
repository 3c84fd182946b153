"""The receiver that deliveries go to: `sink.c` where there is a C compiler, else `benchmarks.sink`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.node import pin

SOURCE = Path(__file__).parent.parent / "sink.c"


class Sink:
    """A running receiver on core 1."""

    def __init__(self, command: list[str], kind: str) -> None:
        self.kind = kind
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        pin(self._process.pid, 1)

    def count(self) -> int:
        """Requests so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self, wanted: int) -> tuple[float, int]:
        """When there were so many, and how many there were then. Ends the program when they do not come."""
        deadline = time.monotonic() + 120
        while (count := self.count()) < wanted:
            if time.monotonic() > deadline:
                sys.exit(f"only {count} of {wanted} requests arrived")
            time.sleep(0.002)
        return time.monotonic(), count

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def sink() -> Iterator[Sink]:
    """The fastest receiver this machine allows."""
    compiler = shutil.which("cc")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "sink"
        if compiler and not subprocess.run([compiler, "-O2", "-o", program, SOURCE], check=False).returncode:
            made = Sink([str(program)], "C")
        else:
            made = Sink([sys.executable, "-m", "benchmarks.sink"], "asyncio: it may be the bottleneck")
        try:
            yield made
        finally:
            made.close()
