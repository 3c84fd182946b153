"""Conservation: whatever is killed, every accepted delivery ends in exactly one record."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

BUNDLE = """
version: 1
bundle: crash
defaults:
  retry: {{attempts: 4, initial: 300ms, multiplier: 1}}
  timeout: 5s
  concurrency: 8
  disable_after: false  # `broken` never gets anything through
webhooks:
  - {{id: fine, event: Lead_Post_Create, url: "{url}/fine"}}
  - {{id: flaky, event: Lead_Post_Create, url: "{url}/flaky"}}
  - {{id: broken, event: Lead_Post_Update, url: "{url}/broken"}}
  - {{id: later, event: Lead_Post_Update, delay: 1s, url: "{url}/later"}}
"""
BATCHED = """
version: 1
bundle: crash
defaults: {{retry: {{attempts: 4, initial: 300ms, multiplier: 1}}, timeout: 5s, concurrency: 8}}
webhooks:
  - {{id: fine, event: Lead_Post_Create, url: "{url}/fine", batch: {{window: 700ms, max_events: 5}}}}
  - {{id: flaky, event: Lead_Post_Update, url: "{url}/flaky", batch: {{window: 2s, key: data.n % 3}}}}
"""
ANSWERS = {"/flaky": (500, 200), "/broken": (500,)}
TRIES = 4
IN_FLIGHT = 64  # of one worker: the most a single fault may have sent without a record


class Load:
    """Clients that send events with ids of their own, and send one again until it is acknowledged."""

    def __init__(self, server, events, seconds):
        self.server = server
        self.events = events
        self.pause = seconds / events * 8
        self.accepted = {}
        self.stopping = threading.Event()

    def run(self):
        with ThreadPoolExecutor(8) as pool:
            for number, deliveries in pool.map(self._send, range(self.events)):
                self.accepted[number] = deliveries

    def _send(self, number):
        kind = "Lead_Post_Create" if number % 2 else "Lead_Post_Update"
        event = {"type": kind, "id": str(number), "source": "/load", "data": {"n": number, "pad": "x" * 200}}
        while True:
            self.stopping.wait(self.pause)
            try:
                status, said = self.server.post(event, timeout=10)
            except (OSError, ValueError):
                continue
            if status == 202:
                return number, [each["id"] for each in said["deliveries"]]
            assert status == 503, said


class Nemesis:
    """Kills, one fault after the other, with a pause in between."""

    def __init__(self, server, faults, pause):
        self.server = server
        self.faults = faults
        self.pause = pause
        self.done = Counter()

    def run(self):
        wait = threading.Event().wait
        for fault in self.faults:
            wait(self.pause)
            getattr(self, fault)()
            self.done[fault] += 1

    def worker(self):
        for process in self.server.children(" worker "):
            process.kill()

    def valkey(self):
        os.kill(self._pid(), signal.SIGKILL)

    def flush(self):
        redis.Redis(unix_socket_path=self._socket()).flushall()

    def serve(self):
        self.server.kill()
        self.server.start()

    def bookkeeper(self):
        for process in self.server.children(" bookkeeper "):
            process.kill()

    def _socket(self):
        return (self.server.state / "redis" / "socket").read_text().strip()

    def _pid(self):
        return int((self.server.state / "redis" / "pid").read_text())


def settled_lines(server):
    """Every terminal line of the journal, by delivery."""
    found = {}
    for line in server.journal():
        if line["kind"] == "settled":
            found.setdefault(line["delivery"], []).append(line["status"])
    return found


def taken_along(server):
    """Every member that went into a batch, with the batches that took it."""
    found = {}
    for line in server.journal():
        for member in line["members"] if line["kind"] == "batch" else ():
            found.setdefault(member, []).append(line["id"])
    return found


def check_conservation(serve, receiver, until, *, events, seconds, faults):
    sink = receiver(ANSWERS)
    server = serve(BUNDLE.format(url=sink.url))
    load = Load(server, events, seconds)
    nemesis = Nemesis(server, faults, seconds / (len(faults) + 1))
    torment = threading.Thread(target=nemesis.run)
    torment.start()
    began = time.monotonic()
    load.run()
    torment.join()
    expected = {delivery for deliveries in load.accepted.values() for delivery in deliveries}
    assert len(expected) == 2 * events
    healed = time.monotonic()
    until(lambda: set(settled_lines(server)) >= expected, seconds=60, every=0.5)
    drained = time.monotonic() - healed
    assert server.stop() == 0

    lines = settled_lines(server)
    assert set(lines) == expected
    assert all(len(statuses) == 1 for statuses in lines.values())
    by_message = sink.arrivals.by_message()
    requests = Counter(len(arrivals) for arrivals in by_message.values())
    planned = sum(_planned(arrivals[0].path) for arrivals in by_message.values())
    extra = len(sink.arrivals.all) - planned
    print(
        f"{len(expected)} deliveries, faults {dict(nemesis.done)}: load {healed - began:.1f} s, drained in "
        f"{drained:.1f} s, {extra} extra requests, by requests a message {dict(sorted(requests.items()))}"
    )
    assert all(len({arrival.body for arrival in arrivals}) == 1 for arrivals in by_message.values())
    assert len(by_message) == len(expected)
    assert extra <= len(faults) * IN_FLIGHT
    return lines


def _planned(path):
    return {"/fine": 1, "/later": 1, "/flaky": 2, "/broken": TRIES}[path]


@pytest.mark.fault(3)
def test_nothing_is_lost_when_each_part_dies_once(serve, receiver, until):
    # Redis is emptied while a bookkeeper runs: results nobody booked are lost with it (a double fault).
    faults = ["worker", "valkey", "flush", "bookkeeper", "serve"]
    check_conservation(serve, receiver, until, events=150, seconds=8, faults=faults)


@pytest.mark.fault(72)
def test_every_member_goes_out_in_one_batch_when_each_part_dies_once(serve, receiver, until):
    faults = ["bookkeeper", "worker", "flush", "serve", "bookkeeper", "valkey"]
    sink = receiver(ANSWERS)
    server = serve(BATCHED.format(url=sink.url))
    load = Load(server, 200, 8)
    torment = threading.Thread(target=Nemesis(server, faults, 1).run)
    torment.start()
    load.run()
    torment.join()
    members = {delivery for deliveries in load.accepted.values() for delivery in deliveries}
    assert len(members) == 200
    until(lambda: set(taken_along(server)) >= members, seconds=60, every=0.5)
    batches = {batch for found in taken_along(server).values() for batch in found}
    until(lambda: set(settled_lines(server)) >= batches, seconds=60, every=0.5)
    assert server.stop() == 0

    assert all(len(found) == 1 for found in taken_along(server).values()), "in two batches"
    assert settled_lines(server) == {batch: ["Success"] for batch in batches}
    by_message = sink.arrivals.by_message()
    bodies = [{arrival.body for arrival in arrivals} for arrivals in by_message.values()]
    assert all(len(each) == 1 for each in bodies), "one message, two contents"
    assert sorted(each["n"] for (body,) in bodies for each in json.loads(body)) == list(range(200))
    with server.reader() as history:
        assert {history.show(each).row.status for each in members} == {"Success"}


@pytest.mark.slow
@pytest.mark.fault(3)
def test_nothing_is_lost_in_two_thousand_deliveries_under_kill(serve, receiver, until):
    faults = ["worker", "valkey", "worker", "serve", "flush", "worker"]
    check_conservation(serve, receiver, until, events=1000, seconds=40, faults=faults)
