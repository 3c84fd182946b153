"""Adoption: this node takes over a node that is gone, its history and its deliveries."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial

from hookwright.engine.book.heartbeat import FRESH, read_heartbeat
from hookwright.engine.book.legacy import LOOK_EVERY, settle
from hookwright.engine.errors import JournalError
from hookwright.engine.heir import (
    Adopted,
    adopted,
    adopting,
    mark_adopted,
    mark_adopting,
    refuse_adopted,
    refuse_adopting,
)
from hookwright.engine.history.catching_up import book_lock
from hookwright.engine.journal.inheriting import inherit
from hookwright.engine.journal.sealing import KEY_FILE, vault_of
from hookwright.engine.kept_revisions import take_revisions
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.state import State, StateBusy, StateError

from .presence import Presence, present

_WATCHED = 3 * FRESH  # seconds to look at a sign of life, at most


@dataclass(frozen=True, slots=True)
class Taken:
    """The node that was taken over, and by whom. `already`: before; then the counts are 0.

    `booked` results were waiting, `segments` are its history, `open` deliveries go on here.
    """

    node: str
    by: str
    already: bool = False
    booked: int = 0
    segments: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Adoption:
    """One adoption: the folder that is taken over, this node's, and who hears how it goes.

    `redis` opens the Redis that the dead node used, once it is seen to be dead, and gives its URL.
    `checkpoint` is called after each step; tests end it there.
    """

    dead: State
    heir: State
    redis: Callable[[], AbstractContextManager[str]]
    say: Callable[[str], None]
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.time
    checkpoint: Callable[[str], None] = lambda _: None


def adopt(adoption: Adoption) -> Taken:
    """Take over everything. It may be ended at any point and called again.

    Raises `StateBusy` when either node runs or another one has adopted it, `StateError`, `EngineError` and
    `OSError`.
    """
    dead, heir = adoption.dead, adoption.heir
    node, by = name_of(dead), heir.prepare()
    if node == by:
        raise StateError(f"{dead.path} is this node's own folder, or a copy of it")
    with _alone(heir, "this node's server runs: stop it, adopt, and start it again"):
        refuse_adopted(heir)
        refuse_adopting(heir, node)
        _see_it_dead(adoption, node)
        with _alone(dead, f"the node {node} lives: its server runs on {dead.path}; stop it first"):
            refuse_adopting(dead)
            return _adopt(adoption, node, by)


def name_of(state: State) -> str:
    """The name of the node whose folder this is. Raises `StateError` when it is none."""
    try:
        name = (state.path / "node-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        name = ""
    if not name:
        raise StateError(f"{state.path} is not the state folder of a node: it has no node-id")
    return name


def _adopt(adoption: Adoption, node: str, by: str) -> Taken:
    dead, heir = adoption.dead, adoption.heir
    mark = adopted(dead)
    if mark and mark.by != by:
        raise StateBusy(f"the node {node} was adopted by {mark.by} already")
    if mark and mark.whole and adopting(heir) is None:
        return Taken(node, by, already=True)
    with adoption.redis() as url, closing(Ledger(url, worker=f"adopt-{secrets.token_hex(8)}")) as ledger:
        taken = Taken(node, by, already=True) if mark and mark.whole else _take(adoption, ledger, node, by)
        ledger.grounds.adopted(node, f"adopted by {by}")
        adoption.checkpoint("forgotten")
        mark_adopting(heir, None)
        return taken


def _take(adoption: Adoption, ledger: Ledger, node: str, by: str) -> Taken:
    """Everything but the last word in the ledger."""
    dead, heir = adoption.dead, adoption.heir
    here = present(ledger, node, dead, sleep=adoption.sleep, advice="stop it first")
    with here as presence, _worker(ledger):
        mark_adopted(dead, Adopted(by, whole=False))
        adoption.checkpoint("marked")
        settled = settle(dead.path, node, ledger, pause=partial(_pause, adoption, presence))
        adoption.checkpoint("settled")
        mark_adopting(heir, node)
        _take_keys(dead, heir)
        take_revisions(dead, heir)
        segments = inherit(dead.history, heir.history, node, copied=partial(_copied, adoption, presence))
        mark_adopted(dead, Adopted(by, whole=True))
        adoption.checkpoint("whole")
        return Taken(node, by, booked=settled.booked, segments=segments, open=settled.open)


def _take_keys(dead: State, heir: State) -> None:
    try:
        vault_of(heir.history).adopt(dead.path / KEY_FILE)
    except ValueError as error:
        raise JournalError(f"cannot take over the keys of what is redacted: {error}") from error


def _pause(adoption: Adoption, presence: Presence, flying: int) -> None:
    adoption.say(f"{flying} calls are under way; waiting for their end")
    presence.renew()
    adoption.sleep(LOOK_EVERY)


def _copied(adoption: Adoption, presence: Presence, segment: str) -> None:
    presence.renew()
    adoption.checkpoint(f"copied {segment}")


@contextmanager
def _worker(ledger: Ledger) -> Iterator[None]:
    """The ledger finds dead workers when a living one asks: this is one, for a while."""
    try:
        yield
    finally:
        ledger.leave()


@contextmanager
def _alone(state: State, busy: str) -> Iterator[None]:
    """Neither a server nor a bookkeeper runs on the folder. Raises `StateBusy`, saying `busy`."""
    with ExitStack() as stack:
        try:
            stack.enter_context(state.owned())
        except StateBusy:
            raise StateBusy(busy) from None
        if not stack.enter_context(book_lock(state.path)):
            raise StateBusy(busy)
        yield


def _see_it_dead(adoption: Adoption, node: str) -> None:
    """A folder that is mounted, or copied again and again, shows the sign of life of a node elsewhere."""
    folder, end = adoption.dead.path, adoption.clock() + _WATCHED
    first = read_heartbeat(folder)
    while first and abs(adoption.clock() - first.at) < FRESH and adoption.clock() < end:
        adoption.sleep(LOOK_EVERY)
        if read_heartbeat(folder) != first:
            raise StateBusy(f"the node {node} lives: its bookkeeper writes to {folder}; stop it first")
