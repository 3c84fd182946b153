"""Seeded crash schedules: whatever dies, stops, is lost or lies, what was acknowledged ends exactly once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from lupa.lua51 import LuaError
from tests.simulation.verdict import problems
from tests.simulation.world import World

SEEDS = range(40)
WORKERS = os.cpu_count() or 1
MEMORY = Path("/dev/shm")
MUST_HAPPEN = {  # else the schedules prove less than they seem to
    "kill one worker",
    "stall one worker",
    "lose redis",
    "restart redis",
    "bring back older data",
    "cut power",
    "break the disk",
    "torn tails",
    "segments cut",
    "killed at fsynced",
    "killed at acknowledged",
    "killed at batched",
    "killed at split",
    "splits",
    "leases lost",
    "rests",
    "breakers open",
    "retries",
    "batches",
    "turns in vain",
}


def lived(seed: int, **options) -> World:
    """A world after its time, its folder gone."""
    folder = Path(tempfile.mkdtemp(prefix="hw-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    try:
        world = World(seed, folder / "state", **options)
        try:
            world.run()
            world.found = problems(world)
        except LuaError as error:
            world.found = [f"a script broke down: {error}"]
        world.counts["leases lost"] += len(world.lines("lease_lost"))
        world.counts["batches"] += len(world.lines("batch"))
        world.counts["splits"] += sum(line["outcome"] == "split" for line in world.lines("attempt"))
        world.counts["retries"] += sum(line["outcome"] == "retry" for line in world.lines("attempt"))
        return world
    finally:
        shutil.rmtree(folder)


def live_through(seeds, **options) -> Counter[str]:
    """Live through each seed; fails naming the first that broke a promise, so that it can be run alone."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        world = lived(seed, **options)
        assert not world.found, f"seed {seed}: {world.found}"
        counts += world.counts
    return counts


def red(seeds, **options) -> int | None:
    """The first seed under which a promise is broken."""
    return next((seed for seed in seeds if lived(seed, **options).found), None)


@pytest.mark.fault(3)
@pytest.mark.fault(8)
@pytest.mark.fault(10)
@pytest.mark.fault(14)
@pytest.mark.fault(22)
def test_whatever_breaks_each_acknowledged_delivery_ends_once():
    counts = live_through(SEEDS)
    assert not {name for name in MUST_HAPPEN if not counts[name]}, counts


@pytest.mark.slow
@pytest.mark.fault(3)
def test_thousands_of_schedules_keep_every_promise():
    first = int(os.environ.get("HOOKWRIGHT_SEED", "1000"))
    began = time.monotonic()
    shares = [range(first + start, first + 5000, WORKERS) for start in range(WORKERS)]
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        counts = sum(pool.map(live_through, shares), Counter())
    spent = time.monotonic() - began
    print(f"5000 schedules from seed {first}: {5000 / spent * 60:.0f} a minute, {dict(counts)}")


# Taken out one at a time: these lines keep the promises, and the schedules notice.
WITHOUT = {
    "the token of a claim": (
        "written_claim(worker, id)\n  local began, body, order, name = string.match(written or '', '^(%d+)",
        (
            "written_claim(holder_of(id) or worker, id)\n"
            "  worker = holder_of(id) or worker\n"
            "  local body, order, name, began = string.match(written or '', '^%d+"
        ),
    ),
    "the enqueueing of a retry": (
        "add_try(id) end\n    redis.call('ZADD', P .. 'due', due_after(wait), id)",
        "add_try(id) end",
    ),
    "the reaping of dead workers": ("        give_back(id, name, worker)\n", ""),
}


@pytest.mark.parametrize("what", WITHOUT)
def test_schedules_notice_when_the_ledger_loses(what):
    changes = {what: WITHOUT[what]}
    assert not lived(0, events=2, faults=0, changes=changes).scripts.unused, (
        "the text is written otherwise now"
    )
    assert red(range(200), events=25, faults=12, changes=changes) is not None


def test_schedules_notice_when_the_fsync_does_nothing():
    assert red(SEEDS, honest=False) is not None
