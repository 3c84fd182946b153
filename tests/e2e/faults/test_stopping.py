"""Signals while calls are in flight: they end or are handed back, and what is cut off comes again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest
from tests.e2e.faults.test_worker_dies import calls

BUNDLE = """
version: 1
webhooks:
  - {{id: slow, event: Lead_Post_Create, url: "{url}/slow"}}
"""
SIGNALS = [signal.SIGTERM, signal.SIGHUP]


@pytest.mark.fault(5)
@pytest.mark.parametrize("sign", SIGNALS)
def test_a_worker_told_to_stop_lets_its_calls_end(rig, until, sign):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    sink.gate.clear()
    rig.offer("crm", 8)
    command = [sys.executable, "-m", "hookwright", "worker", "--allow-target", "127.0.0.0/8"]
    environment = {**os.environ, "HOOKWRIGHT_REDIS_URL": rig.url}
    worker = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(sink.arrivals) == 4)
        worker.send_signal(sign)
        sink.gate.set()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
    assert [result.outcome for result in rig.book()] == ["success"] * len(sink.arrivals)
    assert rig.ledger.depth().in_flight == 0
    assert rig.ledger.depth().ready == 8 - len(sink.arrivals)
    assert not rig.ledger.depth().workers


@pytest.mark.fault(5)
def test_a_second_signal_ends_a_worker_at_once_and_its_delivery_goes_on(rig, nursery, until):
    sink = rig.sink()
    rig.publish(crm=sink.url)
    workers = nursery(rig, 2, lease=1.0)
    sink.gate.clear()
    rig.offer("crm")
    until(lambda: sink.arrivals)
    port = int(sink.url.rpartition(":")[2])
    (caller,) = [each for each in workers.workers() if calls(each, port)]
    until(lambda: told(caller))
    assert f"{caller.pid} ended: {128 + signal.SIGTERM}" in workers.log()
    sink.gate.set()
    assert rig.settled(1) == {rig.booked[0].delivery: ["lost", "success"]}


def told(process):
    """Send SIGTERM; whether there is nobody to get it any more."""
    try:
        process.terminate()
    except psutil.NoSuchProcess:
        return True
    return False


@pytest.mark.fault(5)
def test_a_server_whose_terminal_closes_lets_its_calls_end(serve, receiver, until):
    sink = receiver(delay=0.5)
    server = serve(BUNDLE.format(url=sink.url))
    _, said = server.post({"type": "Lead_Post_Create", "data": {}})
    until(lambda: sink.arrivals.all)
    os.killpg(server.process.pid, signal.SIGHUP)
    assert server.process.wait(20) == 0
    with server.reader() as history:
        row = history.show(said["deliveries"][0]["id"]).row
    assert (row.status, len(sink.arrivals.of(row))) == ("Success", 1)
