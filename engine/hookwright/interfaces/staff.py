"""The staff of a node: its child processes, as the server starts and ends them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hookwright.engine.journal.room import RESERVE
from hookwright.engine.state import State
from hookwright.rules.table import RoutingTable

from .children import Child
from .runner_child import RunnerChild

STOP_WORKERS = 13.0  # seconds: attempts in flight get ten of them to finish
STOP_BOOKKEEPER = 4.0
UNHEARD_WORKERS, UNHEARD_BOOKKEEPER = 8.0, 1.0  # while the ledger hears no outcome: calls are made again


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a node needs to know. `redis_url` None means a private server beside the state folder.

    `worker_arguments` are handed to every worker, `bookkeeper_arguments` to the bookkeeper,
    `runner_arguments` to the runner. `spool_limit` bounds the deliveries accepted while the ledger does not
    answer, `disk_reserve` is the bytes of disk below which none are.
    """

    state: Path
    workers: int = 1
    redis_url: str | None = None
    spool_limit: int = 100_000
    disk_reserve: int = RESERVE
    worker_arguments: Sequence[str] = ()
    bookkeeper_arguments: Sequence[str] = ()
    runner_arguments: Sequence[str] = ()


def start_children(settings: NodeSettings, url: str) -> list[Child]:
    """The bookkeeper first, then the workers; all started."""
    state = ("--state", str(settings.state))
    made = [
        _child(settings, url, "bookkeeper", "bookkeeper", *state, *settings.bookkeeper_arguments),
        *(
            _child(settings, url, f"worker-{number}", "worker", *settings.worker_arguments)
            for number in range(settings.workers)
        ),
    ]
    for each in reversed(made):
        each.start()
    return made


@contextmanager
def running_runs(
    settings: NodeSettings, url: str, table: Callable[[], RoutingTable]
) -> Iterator[RunnerChild]:
    """The runner, which is started by looking after it."""
    state = ("--state", str(settings.state))
    child = _child(settings, url, "runner", "runner", *state, *settings.runner_arguments)
    made = RunnerChild(child, State(settings.state), table)
    try:
        yield made
    finally:
        made.end()


def _child(settings: NodeSettings, url: str, name: str, *arguments: str) -> Child:
    environment = {
        **os.environ,
        "HOOKWRIGHT_REDIS_URL": url,
        "HOOKWRIGHT_STATE": str(settings.state),
    }
    return Child(name, arguments, environment, clock=time.monotonic)


def end_workers(workers: Sequence[Child], reachable: threading.Event) -> None:
    for worker in workers:
        worker.hang_up()
    deadline = time.monotonic() + (STOP_WORKERS if reachable.is_set() else UNHEARD_WORKERS)
    for worker in workers:
        worker.wait(deadline - time.monotonic())


def end_bookkeeper(bookkeeper: Child, reachable: threading.Event) -> None:
    bookkeeper.hang_up()
    bookkeeper.wait(STOP_BOOKKEEPER if reachable.is_set() else UNHEARD_BOOKKEEPER)
