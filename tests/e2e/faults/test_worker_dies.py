"""A worker killed at each point of an attempt: what it held goes on, with one request more at most."""

from __future__ import annotations

import time

import psutil
import pytest
from tests.e2e.faults.nursery import Nursery

SENT = ("answered", "settling")  # points at which the receiver has had the request
LONG = [pytest.param(5.0, marks=pytest.mark.slow)]  # the lease as it is


def goes_on(rig, sink, death):
    """Seconds from the death of the worker to the end of the only delivery; its outcomes."""
    (outcomes,) = rig.settled(1).values()
    took = time.monotonic() - death
    print(f"went on within {took:.2f} s, {len(sink.arrivals)} requests, {outcomes}")
    assert took < 10
    return outcomes


@pytest.mark.fault(2)
@pytest.mark.parametrize("lease", [1.0, *LONG])
@pytest.mark.parametrize("point", Nursery.POINTS)
def test_a_delivery_goes_on_when_its_worker_dies(rig, nursery, until, point, lease):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    workers = nursery(rig, 2, lease=lease)
    workers.arm(point)
    rig.offer("crm")
    until(lambda: not workers.is_armed(point))
    outcomes = goes_on(rig, sink, time.monotonic())
    assert outcomes == (["success"] if point == "settled" else ["lost", "success"])
    assert len(sink.arrivals) == (2 if point in SENT else 1)
    assert len(set(sink.ids)) == 1


@pytest.mark.fault(2)
@pytest.mark.parametrize("lease", [1.0, *LONG])
def test_a_delivery_goes_on_when_its_worker_dies_before_the_answer(rig, nursery, until, lease):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    workers = nursery(rig, 2, lease=lease)
    sink.gate.clear()
    rig.offer("crm")
    until(lambda: sink.arrivals)
    port = int(sink.url.rpartition(":")[2])
    (caller,) = [each for each in workers.workers() if calls(each, port)]
    caller.kill()
    death = time.monotonic()
    sink.gate.set()
    assert goes_on(rig, sink, death) == ["lost", "success"]
    assert len(sink.arrivals) == 2
    assert len(set(sink.ids)) == 1


def calls(process: psutil.Process, port):
    return any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp"))


@pytest.mark.fault(7)
@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("each", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_workers_that_share_one_redis_send_nothing_twice(rig, nursery, count, each):
    sink = rig.sink(delay=0.2)  # over a second for one worker, in which the other begins
    rig.publish(**{f"hook{n}": f"{sink.url}/{n}, concurrency: 75" for n in range(4)})
    nursery(rig, count)
    for number in range(4):
        rig.offer(f"hook{number}", each)
    assert set(map(tuple, rig.settled(4 * each, 60).values())) == {("success",)}
    assert len(sink.ids) == len(set(sink.ids)) == 4 * each
    assert len({result.worker for result in rig.booked}) > 1
