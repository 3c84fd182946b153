"""Replaying many deliveries: counted first, then left to the server, whose progress is shown."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

import click

from hookwright.schemas.grammar import rate as read_rate
from hookwright.schemas.grammar import spelt

from ..client import Client
from .asking import judged
from .exits import Exit, Stop
from .output import Output, note, print_document, print_lines

LOOK_SECONDS = 0.25
LINE_SECONDS = 5.0  # between two lines of progress on a pipe

Job: TypeAlias = Mapping[str, Any]
_CAUSES = {
    "notEnded": "had not ended",
    "inBatch": "went out in a batch",
    "beforeBatch": "ended before going into a batch",
    "notice": "are notices",
    "notConfigured": "go to nobody who is configured",
    "expunged": "were expunged",
    "unreadable": "cannot be read any more",
    "gone": "are no longer in the history",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which deliveries are to be replayed, in the words of the API, why, and how many at a time."""

    filter: Mapping[str, str]
    why: str
    rate: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How many at a time, whether to go on unasked and to leave without waiting; or the job that is meant."""

    rate: float
    yes: bool
    detach: bool
    progress: str | None
    cancel: str | None


def replay_many(client: Client, wish: Wish, output: Output, *, yes: bool, detach: bool) -> Exit:
    """Count, ask, begin, and show the progress unless detached."""
    counted = _post(client, wish, wish.filter, dry=True)
    ended = counted["count"] - counted["notEnded"]
    left_out = f"; {counted['notEnded']} more have not ended" if counted["notEnded"] else ""
    if not ended:
        raise Stop(Exit.NOTHING, f"nothing that has ended fits{left_out}")
    number, period = read_rate(wish.rate)
    note(f"{ended} to replay{left_out}; at {wish.rate} it takes {_long(ended * period // number)}")
    _confirm(ended, yes)
    job = _post(client, wish, counted["filter"])
    if detach:
        _print(job, output)
        return Exit.FINE
    note(f"{job['id']} goes on without this command; hookwright replay --cancel {job['id']} ends it")
    return _follow(client, job, output)


def follow_job(client: Client, name: str, output: Output) -> Exit:
    """Show the progress of a job until it has ended: 1 when it was cancelled."""
    return _follow(client, _get(client, name), output)


def cancel_job(client: Client, name: str, output: Output) -> Exit:
    """End a job. Raises `Stop`: 3 when it was done, 5 when there is none of that id."""
    _print(judged(client.delete(_path(name))).body, output)
    return Exit.FINE


def _post(client: Client, wish: Wish, chosen: Mapping[str, str], *, dry: bool = False) -> Job:
    asked = {"filter": chosen, "why": wish.why, "rate": wish.rate, "dry": dry}
    said: Job = judged(client.post("/v1/replays", json.dumps(asked).encode(), "application/json")).body
    return said


def _get(client: Client, name: str) -> Job:
    said: Job = judged(client.get(_path(name))).body
    return said


def _path(name: str) -> str:
    return f"/v1/replays/{quote(name, safe='')}"


def _confirm(count: int, yes: bool) -> None:
    """Without a terminal nobody can be asked. Raises `Stop`."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(Exit.USAGE, f"nothing was replayed; say --yes to replay these {count} without being asked")
    if not click.confirm(f"Replay {count} deliveries?", err=True):
        raise Stop(Exit.NO, "nothing was replayed")


def _follow(client: Client, job: Job, output: Output) -> Exit:
    with _view(job) as show:
        while job["state"] == "running":
            show(job)
            time.sleep(LOOK_SECONDS)
            job = _get(client, job["id"])
        show(job)
    _print(job, output)
    return Exit.FINE if job["state"] == "done" else Exit.NO


@contextmanager
def _view(job: Job) -> Iterator[Callable[[Job], None]]:
    """A bar on a terminal, a line now and then elsewhere, both on standard error."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    with click.progressbar(length=job["count"], label="replaying", file=sys.stderr) as bar:
        yield lambda now: bar.update(_dealt_with(now) - bar.pos)


class _Lines:
    """Says how a job stands, every few seconds and when that has changed."""

    def __init__(self) -> None:
        self._due = time.monotonic() + LINE_SECONDS
        self._said = -1

    def show(self, job: Job) -> None:
        now, number = time.monotonic(), _dealt_with(job)
        if now >= self._due and number != self._said:
            note(_sentence(job))
            self._due, self._said = now + LINE_SECONDS, number


def _dealt_with(job: Job) -> int:
    done: int = job["done"]
    skipped: Mapping[str, int] = job["skipped"]
    return done + sum(skipped.values())


def _print(job: Job, output: Output) -> None:
    if output == "json":
        print_document(job)
    elif output == "ndjson":
        print_lines([job])
    else:
        click.echo(_sentence(job))


def _sentence(job: Job) -> str:
    skipped = [f"{number} {_CAUSES.get(cause, cause)}" for cause, number in job["skipped"].items()]
    rest = f"; not replayed: {', '.join(skipped)}" if skipped else ""
    return f"{job['id']}  {job['state']}  {job['done']} of {job['count']} replayed{rest}"


def _long(milliseconds: int) -> str:
    return spelt(milliseconds // 1000 * 1000) if milliseconds >= 1000 else "less than 1s"
