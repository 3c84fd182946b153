"""Workers with wrong clocks, with much to do later, and with too few descriptors."""

from __future__ import annotations

import time

import pytest

HOUR, DAY = 3600, 86_400
SHIFTS = (2 * HOUR, -2 * HOUR, DAY, -DAY, 20 * 365 * DAY)  # the last: beyond 2038
RETRY = "concurrency: 16, retry: {attempts: 3, initial: 500ms, multiplier: 1}"


@pytest.mark.fault(16)
def test_workers_with_wrong_clocks_send_nothing_early_and_nothing_again(rig, nursery):
    workers = nursery(rig, len(SHIFTS), shifts=SHIFTS)
    sink = rig.sink(500, 200)
    rig.publish(crm=f"{sink.url}, {RETRY}")
    rig.offer("crm", 20, wait=HOUR * 1000)
    offered = time.monotonic()
    for jump in (False, True):  # the clocks jump to the other side while deliveries wait
        soon = rig.offer("crm", 10, wait=1000)
        rig.offer("crm", 10)
        if jump:
            (workers.folder / "jump").touch()
        ended = rig.settled(40 if jump else 20)
        assert set(map(tuple, ended.values())) == {("retry", "success")}
        delayed = {offer.delivery.message for offer in soon}
        assert min(each.at for each in sink.arrivals if each.header("webhook-id") in delayed) - offered >= 1
        offered = time.monotonic()
    tries = {}
    for each in sink.arrivals:
        tries.setdefault(each.header("webhook-id"), []).append(each.at)
    assert {len(each) for each in tries.values()} == {2}
    assert min(second - first for first, second in tries.values()) >= 0.5
    stamps = [int(each.header("webhook-timestamp")) for each in sink.arrivals]
    assert max(abs(stamp - time.time()) for stamp in stamps) < 60  # Redis has the time
    assert rig.ledger.depth().waiting == 20


@pytest.mark.fault(17)
@pytest.mark.parametrize("later", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_what_is_due_in_a_second_goes_out_then_whatever_is_due_in_an_hour(rig, nursery, until, later):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    for _ in range(later // 1000):
        rig.offer("crm", 1000, wait=HOUR * 1000)
    nursery(rig, 1)
    offered = time.monotonic()
    rig.offer("crm", wait=1000)
    until(lambda: sink.arrivals)
    took = sink.arrivals[0].at - offered
    print(f"due in 1 s, sent after {took:.3f} s")
    assert 1 <= took < 2
    assert rig.ledger.depth().waiting == later


@pytest.mark.fault(25)
def test_a_worker_without_descriptors_tries_again_and_closes_what_it_opened(rig, nursery, until):
    sink = rig.sink(delay=0.2)
    how = "concurrency: 40, retry: {attempts: 30, initial: 100ms, multiplier: 1}"
    rig.publish(**{f"hook{n}": f"{sink.url}/{n}, {how}" for n in range(4)})
    workers = nursery(rig, 1, descriptors=64)
    for number in range(4):
        rig.offer(f"hook{number}", 50)
    ended = rig.settled(200, seconds=30)
    refused = [result for result in rig.booked if result.outcome == "retry"]
    print(f"{len(refused)} tries found no descriptor: { ({each.error for each in refused}) }")
    assert {outcomes[-1] for outcomes in ended.values()} == {"success"}
    assert refused, "64 descriptors were enough"
    (worker,) = workers.workers()
    print(f"{worker.num_fds()} descriptors are open now")
    elsewhere = rig.sink()
    rig.publish(other=elsewhere.url)
    rig.offer("other")
    assert rig.settled(201)
    assert len(elsewhere.arrivals) == 1
