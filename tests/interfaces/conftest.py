"""Running the real command, on a pipe and on a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hookwright.interfaces.cli import root
from hookwright.interfaces.cli.commands import run

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run of the command ended."""

    code: int
    out: str
    err: str


Hookwright = Callable[..., Ran]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of its own, so that a developer's do not change a test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKWRIGHT_")}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        kept.pop(name, None)
    return {**kept, **(extra or {})}


@pytest.fixture
def hookwright(tmp_path: Path) -> Hookwright:
    """Runs `hookwright ARGUMENTS` in the test's folder, standard output and error piped."""

    def run(*arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str | bytes = b"") -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "hookwright", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(env),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def inside(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hookwright:
    """Runs `hookwright ARGUMENTS` in this process: the same code, without the start of an interpreter."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)

    def run_here(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = run(root, list(map(str, arguments)))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run_here


@pytest.fixture
def on_a_terminal(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs `hookwright ARGUMENTS` on a pseudo-terminal; returns its exit code and all it wrote."""

    def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        outer, inner = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "hookwright", *map(str, arguments)],
            cwd=tmp_path,
            env=environment({"TERM": "xterm-256color", **(env or {})}),
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        try:
            seen = b"".join(_read_all(outer))
            return process.wait(SECONDS), seen.decode()
        finally:
            process.kill()
            process.wait()
            os.close(outer)

    return run


def _read_all(descriptor: int) -> Iterator[bytes]:
    deadline = time.monotonic() + SECONDS
    with contextlib.suppress(OSError):  # Linux says EIO when the last writer has closed a terminal
        while time.monotonic() < deadline and select.select([descriptor], [], [], SECONDS)[0]:
            block = os.read(descriptor, 65536)
            if not block:
                return
            yield block


@dataclass(slots=True)
class Running:
    """A command that is still running."""

    process: subprocess.Popen[bytes]

    def line(self, stream: str = "stdout") -> str:
        pipe = getattr(self.process, stream)
        return pipe.readline().decode()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts `hookwright ARGUMENTS`; it is killed when the test ends."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "hookwright", *map(str, arguments)],
            cwd=tmp_path,
            env=environment({"PYTHONUNBUFFERED": "1", **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return Running(process)

    yield start
    for process in started:
        process.kill()
        process.communicate()
