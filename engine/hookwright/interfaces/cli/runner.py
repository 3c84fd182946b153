"""`hookwright runner`: the process of a node that carries out runs of automations; started by `serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from hookwright.engine.delivery import Delivery
from hookwright.engine.intake.offering import Fresh, Offerable, Offering
from hookwright.engine.journal.room import RESERVE, Room
from hookwright.engine.kept_revisions import KeptRevisions
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.ledger.work import Offer
from hookwright.engine.runner.conduct import House
from hookwright.engine.runner.runner import Runner
from hookwright.engine.state import State
from hookwright.engine.stopping import stop_signals
from hookwright.plugins.loader import load_plugins

from .. import logs
from ..wiring import emitting_intake
from .commands import command
from .exits import Exit, Stop
from .options import option, shared

_MOST_QUEUED = 100_000  # deliveries; the bookkeeper offers those that find no room


@command(hidden=True)
@option("--reserve-bytes", type=click.IntRange(0), default=RESERVE, hidden=True, help="Bytes.")
@shared("state", "redis_url", "plugins")
def runner(reserve_bytes: int, state: Path, redis_url: str | None, plugins: tuple[str, ...]) -> None:
    """Carry out the runs of the node on --state until standard input ends.

    Signals are ignored: a signal to the whole group must not end it before its parent says so. If the parent
    dies, the system closes standard input.
    """
    if redis_url is None:
        raise Stop(Exit.USAGE, "the runner needs --redis-url")
    for number in stop_signals():
        signal.signal(number, signal.SIG_IGN)
    logs.configure()
    ending = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ending,), name="stdin", daemon=True).start()
    encoders = load_plugins(allow=plugins or None).encoders
    ledger = RingingLedger(redis_url, Broker(redis_url).bell)
    offering = Offering(_offer_to(ledger), limit=_MOST_QUEUED, clock=time.monotonic)
    folder = State(state)
    node, room = folder.prepare(), Room(state, reserve_bytes)
    house = House(
        state=state,
        history=folder.history,
        node=node,
        kept=KeptRevisions(folder.revisions),
        ledger=ledger.expunging,
        offer=_put_into(offering),
        take=lambda automation, times: ledger.ticks.take(automation, node, times),
        encoders=encoders,
        room=room,
        intake=lambda writer, table: emitting_intake(node, folder, encoders, table, writer, offering, room),
    )
    try:
        Runner(house).run(ending)
    finally:
        offering.close()


def _put_into(offering: Offering) -> Callable[[Sequence[tuple[Delivery, bytes]]], None]:
    def put(fresh: Sequence[tuple[Delivery, bytes]]) -> None:
        now = time.monotonic()
        offering.put([Fresh(delivery, body, now) for delivery, body in fresh])

    return put


def _offer_to(ledger: RingingLedger) -> Callable[[Sequence[Offerable]], None]:
    def offer(fresh: Sequence[Offerable]) -> None:
        now = int(time.time() * 1000)
        ledger.offer([Offer(one.delivery, one.body, wait=max(one.delivery.due - now, 0)) for one in fresh])

    return offer


def _wait_for_the_end(ending: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ending.set()
