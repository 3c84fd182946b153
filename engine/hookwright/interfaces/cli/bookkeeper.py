"""`hookwright bookkeeper`: the process of a node that writes its history; started by `serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from hookwright.engine.book.bookkeeper import Bookkeeper
from hookwright.engine.book.retention import KEPT_DAYS, Keep
from hookwright.engine.history.digest import WINDOW
from hookwright.engine.journal.room import RESERVE
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.state import State
from hookwright.engine.stopping import stop_signals
from hookwright.plugins.loader import load_plugins

from .. import logs
from ..collector import spare_the_collector
from .commands import command
from .exits import Exit, Stop
from .options import option, shared


@command(hidden=True)
@option("--notice-window", type=click.IntRange(1), default=WINDOW, hidden=True, help="Milliseconds.")
@option("--reserve-bytes", type=click.IntRange(0), default=RESERVE, hidden=True, help="Bytes.")
@option("--keep-days", type=click.IntRange(1), default=KEPT_DAYS, hidden=True, help="Days.")
@option("--history-bytes", type=click.IntRange(0), hidden=True, help="Bytes.")
@shared("state", "redis_url", "plugins")
def bookkeeper(
    notice_window: int,
    reserve_bytes: int,
    keep_days: int,
    history_bytes: int | None,
    state: Path,
    redis_url: str | None,
    plugins: tuple[str, ...],
) -> None:
    """Keep the book of the node on --state until standard input ends.

    Signals are ignored: a signal to the whole group must not end it before the workers' last results came.
    Its parent closes standard input when they have; if the parent dies, the system does.
    """
    if redis_url is None:
        raise Stop(Exit.USAGE, "the bookkeeper needs --redis-url")
    for number in stop_signals():
        signal.signal(number, signal.SIG_IGN)
    logs.configure()
    ending = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ending,), name="stdin", daemon=True).start()
    encoders = load_plugins(allow=plugins or None).encoders
    node = State(state).prepare()
    ledger = RingingLedger(redis_url, Broker(redis_url).bell)
    keeper = Bookkeeper(
        state,
        node,
        ledger,
        encoders=encoders,
        notice_window=notice_window,
        reserve=reserve_bytes,
        keep=Keep(keep_days, history_bytes),
    )
    spare_the_collector()
    keeper.run(ending)


def _wait_for_the_end(ending: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ending.set()
