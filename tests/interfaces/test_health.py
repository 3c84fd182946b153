"""Health: what keeps a node from being ready is named, and spooling is not a reason."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from hookwright.engine.book.heartbeat import Heartbeat, write_heartbeat
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.runner.signs import SignOfLife
from hookwright.engine.state import State
from hookwright.interfaces.health import SEEN_SECONDS, Idleness, depth, readiness


class Ledger:
    def __init__(self):
        self.alive = {"worker": 0.1}
        self.published = "sha256:r"

    def live(self):
        return self.published

    def depth(self):
        if self.alive is None:
            raise LedgerUnavailable("gone")
        return SimpleNamespace(ready=1, waiting=2, in_flight=3, workers=self.alive)


@pytest.fixture
def node(tmp_path):
    """The parts of a node that health looks at, all well."""
    state = State(tmp_path)
    state.prepare()
    found = SimpleNamespace(
        state=state,
        revisions=SimpleNamespace(table=SimpleNamespace(revision="sha256:r")),
        reachable=threading.Event(),
        offering=SimpleNamespace(spooled=7, full=False, crowded=False),
        ledger=Ledger(),
        room=SimpleNamespace(scarce=False),
        children=(SimpleNamespace(running=True, pid=1), SimpleNamespace(running=True, pid=9)),
        intake=SimpleNamespace(last_accepted=None),
        jobs=SimpleNamespace(busy=False),
        runner=SimpleNamespace(needed=False, sign=None),
    )
    found.reachable.set()
    beat(found)
    return found


def beat(node, **fields):
    values = {"pid": 1, "caught_up": True, "ledger": True, "journal": True, "open": 0, "held": 0}
    times = {"at": time.time(), "monotonic": time.monotonic()}
    write_heartbeat(node.state.path, Heartbeat(**{**values, **times, **fields}))


def failing(node):
    return {check.name: check.detail for check in readiness(node) if not check.ok}


@pytest.mark.fault(11)
def test_a_node_whose_queue_is_nearly_full_is_not_ready(node):
    node.offering.crowded = True
    assert failing(node) == {"queue": "its memory is nearly used up; events are refused"}


def test_a_node_with_all_its_parts_is_ready(node):
    assert failing(node) == {}
    assert depth(node) == {"ready": 1, "waiting": 2, "in_flight": 3}


def test_spooling_is_ready_and_a_full_spool_is_not(node):
    node.reachable.clear()
    node.ledger.alive = None
    beat(node, ledger=False, caught_up=False)
    assert failing(node) == {}
    assert depth(node) == {}
    node.offering.full = True
    assert failing(node) == {"queue": "unreachable, and the spool is full (7 deliveries wait in the journal)"}


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"caught_up": False}, "offering what is open"),
        ({"journal": False}, "cannot write the journal"),
        ({"monotonic": 0.0}, "not running"),
    ],
)
def test_a_bookkeeper_that_is_not_at_work_is_named(node, fields, detail):
    beat(node, **fields)
    assert failing(node) == {"bookkeeper": detail}


def test_the_sign_of_life_of_a_predecessor_does_not_count(node):
    beat(node, pid=2)
    assert failing(node) == {"bookkeeper": "not running"}


def test_a_missing_worker_is_named_with_what_to_do(node):
    node.ledger.alive = {}
    assert failing(node) == {"workers": "none seen; start one with `hookwright worker`"}


def test_idle_means_an_event_came_and_nothing_but_held_work_is_open(node):
    clock = SimpleNamespace(now=0.0)
    idleness = Idleness(2.0, lambda: clock.now)
    assert not idleness.over(node)
    accepted = time.time() - SEEN_SECONDS - 1
    node.intake.last_accepted = accepted
    beat(node, open=3, held=2)
    assert not idleness.over(node)
    beat(node, open=3, held=3)
    assert not idleness.over(node)
    clock.now = 1.9
    assert not idleness.over(node)
    clock.now = 2.0
    assert idleness.over(node)
    node.jobs.busy = True
    assert not idleness.over(node)
    node.jobs.busy = False
    beat(node, at=accepted)  # it has not looked since the event came
    assert not idleness.over(node)


def test_a_server_that_was_not_told_to_leaves_never(node):
    node.intake.last_accepted = 0.0
    assert not Idleness(None, lambda: 1e9).over(node)


def test_a_revision_of_another_node_is_named(node):
    node.ledger.published = "sha256:other"
    found = {check.name: check for check in readiness(node)}
    assert found["table"].ok
    assert "calls follow sha256:other" in found["table"].detail


def sign(**fields):
    times = {"at": time.time(), "monotonic": time.monotonic()}
    return SignOfLife(
        **{"pid": 2, "caught_up": True, "journal": True, "room": True, "open": 0, **times, **fields}
    )


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (None, "not running"),
        (sign(journal=False), "cannot write the journal"),
        (sign(room=False), "the disk is full: runs wait"),
        (sign(caught_up=False), "reading the journal"),
    ],
)
def test_a_node_with_automations_is_ready_once_its_runner_is(node, said, detail):
    node.runner.needed, node.runner.sign = True, said
    assert failing(node) == {"runner": detail}
    node.runner.sign = sign()
    assert failing(node) == {}


def test_a_server_with_open_runs_is_not_idle(node):
    idleness = Idleness(0.0, lambda: 0.0)
    node.intake.last_accepted = time.time() - 60
    node.runner.needed, node.runner.sign = True, sign(open=1)
    assert not idleness.over(node)
    node.runner.sign = None
    assert not idleness.over(node)
    node.runner.sign = sign()
    assert idleness.over(node)
