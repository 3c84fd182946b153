"""What a hand-written actor on stock Dramatiq loses, and we do not, in one and the same outage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.delivery import actor

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stock(own_rig, tmp_path):
    """A worker with a hand-written actor; what it says."""
    log = tmp_path / "stock"
    command = [sys.executable, "-m", "benchmarks.delivery.actor", own_rig.url]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=out)
    yield log
    process.kill()
    process.wait()
    process.stdin.close()


@pytest.mark.slow
@pytest.mark.fault(8)
def test_a_retry_that_redis_cannot_take_is_lost_by_stock_dramatiq_and_not_by_us(
    own_rig, own_valkey, nursery, stock, until
):
    theirs, ours = own_rig.sink(500, 200), own_rig.sink(500, 200)
    theirs.gate.clear()
    ours.gate.clear()
    own_rig.publish(crm=f"{ours.url}, retry: {{attempts: 3, initial: 50ms}}")
    nursery(own_rig, 1)
    own_rig.offer("crm")
    broker = actor.broker(own_rig.url)
    actor.declare().send(theirs.url, "{}")
    broker.close()
    until(lambda: theirs.arrivals and ours.arrivals)
    own_valkey.kill()
    theirs.gate.set()
    ours.gate.set()
    until(lambda: "Unexpected failure in after_process_message" in stock.read_text(), seconds=60)
    own_valkey.start()

    assert list(own_rig.settled(1, 60).values()) == [["retry", "success"]]
    with own_valkey.client() as client:
        until(lambda: not client.keys("dramatiq:baseline*"), seconds=60)  # it is not even a dead letter
    assert (len(theirs.arrivals), len(ours.arrivals)) == (1, 2)
