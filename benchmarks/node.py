"""A real server to be measured: `hookwright serve` in a folder of its own, its processes put on cores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


class Node:
    """A running server. `folder` holds its bundle and state."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], log: Path, workers: int) -> None:
        self.folder = folder
        self.log = log
        self._process = process
        self._workers = workers
        self._wait_until_ready()

    @property
    def url(self) -> str:
        return str(json.loads((self.folder / "state" / "server.json").read_text())["url"])

    @property
    def redis_url(self) -> str:
        return "unix://" + (self.folder / "state" / "redis" / "socket").read_text().strip()

    def processes(self) -> dict[str, psutil.Process]:
        """By what they are: `serve`, `bookkeeper`, `worker`, `valkey`."""
        family = psutil.Process(self._process.pid)
        found = {"serve": family}
        for child in family.children(recursive=True):
            line = " ".join(child.cmdline())
            if " bookkeeper " in line:
                found["bookkeeper"] = child
            elif " worker " in line:
                found["worker"] = child
        pid = int((self.folder / "state" / "redis" / "pid").read_text())
        return found | {"valkey": psutil.Process(pid)}

    def place(self, core: int) -> None:
        """The accepting process has a core for itself, all others share the other one."""
        for name, process in self.processes().items():
            pin(process.pid, core if name == "serve" else 1 - core)

    def stop(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            if self._ready():
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                sys.exit(self.log.read_text())
            time.sleep(0.05)

    def _ready(self) -> bool:
        """Whether all works but workers, which there may be none of."""
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2):
                return True
        except urllib.error.HTTPError as answer:
            checks = json.loads(answer.read())["checks"]
            return all(each["ok"] for name, each in checks.items() if name != "workers") and not self._workers
        except (OSError, ValueError):
            return False


@contextmanager
def serving(
    bundle: str, *, workers: int = 1, program: str = "hookwright", arguments: tuple[str, ...] = ()
) -> Iterator[Node]:
    """A server with this bundle; `program` is the module that is run."""
    with tempfile.TemporaryDirectory(prefix="hw-bench-") as name:
        folder = Path(name)
        (folder / "hooks").mkdir()
        (folder / "hooks" / "webhooks.yaml").write_text(bundle, encoding="utf-8")
        command = [
            *(sys.executable, "-m", program, "serve", "--config", str(folder / "hooks")),
            *("--state", str(folder / "state"), "--port", "0", "--workers", str(workers)),
            *("--allow-target", "127.0.0.0/8", *arguments),
        ]
        log = folder / "log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        node = Node(folder, process, log, workers)
        try:
            yield node
        finally:
            node.stop()


def eventually(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until it is so. Ends the program when it does not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited {seconds:g} s in vain")
        time.sleep(0.005)


def pin(pid: int, core: int) -> None:
    """Put a process and its threads on one core, where the machine lets us."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
