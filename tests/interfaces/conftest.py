"""Running the real command, on a pipe and on a terminal."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import structlog

from hookwright.engine.delivery import Delivery, Received, Result, Sent, Status, Timing
from hookwright.engine.history.digest import Pair
from hookwright.engine.history.history import History
from hookwright.engine.history.notice import failure_notice, opened_notice
from hookwright.engine.identifiers import delivery_id, message_id, run_id
from hookwright.engine.instant import milliseconds
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.opened import opened_entries
from hookwright.engine.journal.outcome import entries as booked_entries
from hookwright.engine.journal.runs import Began, PlannedRun, RunLine, StepLine
from hookwright.engine.journal.writer import Entry, Writer
from hookwright.engine.state import State
from hookwright.interfaces.cli import root
from hookwright.interfaces.cli.commands import run
from hookwright.rules.event import Event

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
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "GITHUB_WORKSPACE"):
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
def logging_restored() -> Iterator[None]:
    """Puts logging back as it was before the test configured it."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def inside(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logging_restored: None,
) -> Hookwright:
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

    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, answer: str = ""
    ) -> tuple[int, str]:
        outer, inner = pty.openpty()
        os.write(outer, answer.encode())  # it waits there until it is asked for
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


HOSTILE = "\x1b[2J\u202e<script>"


@dataclass(frozen=True, slots=True)
class Journalled:
    """What `journal` wrote: the state folder and the ids of its deliveries, oldest first."""

    state: Path
    ids: tuple[str, ...]


def _delivery(number: int, event: Event, body: bytes) -> Delivery:
    message = message_id(event.source, event.id, "webhook", f"hook-{number}", "")
    return Delivery(
        id=delivery_id(message),
        message=message,
        entity_type="webhook",
        entity_id=f"hook-{number}",
        action="",
        event_id=event.id,
        event_source=event.source,
        event_type=event.type,
        node="nod_x",
        due=1_795_000_000_000 + number,
        body=hashlib.sha256(body).hexdigest(),
        place="hooks/crm.yaml:14",
    )


def _result(delivery: Delivery, attempt: int, outcome: Literal["retry", "success"], status: int) -> Result:
    return Result(
        delivery=delivery.id,
        node="nod_x",
        attempt=attempt,
        outcome=outcome,
        at=1_795_000_000_000 + attempt,
        worker="w",
        revision="sha256:r",
        request=Sent(method="POST", url="http://127.0.0.1:1/hook", headers=(("X-Team", "growth"),)),
        response=Received(status=status, headers=(("X-Odd", HOSTILE),), body=f"body {HOSTILE}\nline two"),
        error="status" if outcome == "retry" else None,
        timing=Timing(total=0.25),
        next=1_795_000_010_000 if outcome == "retry" else None,
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journalled:
    return write_journal(tmp_path / "state")


def write_journal(folder: Path) -> Journalled:
    """A state folder with three deliveries: one open, one retrying, one that succeeded at its second try."""
    state = State(folder)
    state.prepare()
    deliveries: list[Delivery] = []
    with closing(Writer(state.history, "intake")) as intake, closing(Writer(state.history, "book")) as book:
        for number in range(3):
            raw = b'{"n": %d, "text":"gr\xc3\xbc\xc3\x9fe"}' % number
            event = Event(f"evt_{number}", "/shop", "Lead_Post_Create", json.loads(raw), raw)
            deliveries.append(_delivery(number, event, raw))
            entries = accepted_entries(event, "sha256:r", deliveries[-1:], {deliveries[-1].body: raw})
            intake.append_many(entries).result()
        booked = [
            *booked_entries(_result(deliveries[1], 1, "retry", 500), 0),
            *booked_entries(_result(deliveries[2], 1, "retry", 500), 0),
            *booked_entries(_result(deliveries[2], 2, "success", 200), 1),
        ]
        book.append_many(booked).result()
    return Journalled(state.path, tuple(each.id for each in deliveries))


RUN = run_id("welcome", "/shop", "evt_0")


def write_runs(folder: Path) -> Path:
    """A state folder with two runs of an automation: one ended after a step, one waits for its turn."""
    state, due = State(folder), "2026-11-23T12:00:00.000Z"
    state.prepare()
    with closing(Writer(state.history, "intake")) as intake, closing(Writer(state.history, "runs")) as runs:
        for number in range(2):
            raw = b'{"n":%d}' % number
            event = Event(f"evt_{number}", "/shop", "Lead_Post_Create", json.loads(raw), raw)
            run = PlannedRun(
                id=run_id("welcome", event.source, event.id), entity_id="welcome", due=due, place="a.yaml:3"
            )
            intake.append_many(accepted_entries(event, "sha256:r", (), {}, runs=(run,))).result()
        said = RunLine(
            run=RUN,
            entity_id="welcome",
            status=Status.IN_QUEUE,
            revision="sha256:r",
            trigger=Began(source="/shop", id="evt_0", type="Lead_Post_Create"),
            due=due,
            begun=True,
        )
        step = StepLine(run=RUN, path="steps/0", state="started", step_at=due, place="a.yaml:5")
        ended = msgspec.structs.replace(
            step,
            state="ended",
            step_at="2026-11-23T14:00:00.000Z",
            output=msgspec.Raw(b'{"timed_out":false}'),
        )
        over = msgspec.structs.replace(said, status=Status.SUCCESS)
        lines = [Entry("run", said), Entry("step", step), Entry("step", ended), Entry("run", over)]
        runs.append_many(lines).result()
    return folder


def end(state: Path, delivery: str) -> None:
    """Book that a delivery succeeded, as a bookkeeper would."""
    with History(state):  # enters what was opened
        pass
    settled = Result(delivery=delivery, node="nod_x", attempt=1, outcome="success", at=1_795_000_000_000)
    with closing(Writer(State(state).history, "book")) as book:
        book.append_many(booked_entries(settled, 0)).result()
    with History(state):
        pass


@pytest.fixture
def notice(journal: Journalled) -> str:
    """A notice about the newest delivery of `journal`; its id."""
    with History(journal.state) as found:
        rows = found.list(limit=1)
    pair, at = Pair("webhook", "hook-2", "admins"), milliseconds(rows[0].updated)
    told = failure_notice(pair, rows[0].id, 1, rows, at)
    opened, body = opened_notice(told, pair, [rows[0].id], rows, at)
    with closing(Writer(State(journal.state).history, "book")) as book:
        book.append_many(opened_entries(opened, body)).result()
    return opened.id
