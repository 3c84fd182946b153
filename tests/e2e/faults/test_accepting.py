"""A server killed at each point of accepting an event, clients that hang up, a Redis that fills up."""

from __future__ import annotations

import json
import random
import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter

import pytest

BUNDLE = """
version: 1
webhooks:
  - {{id: plain, event: Lead_Post_Create, url: "{url}/plain"}}
  - {{id: later, event: Lead_Post_Update, delay: 1s, url: "{url}/later"}}
"""
POINTS = ("written", "synced", "offering", "offered")

# The server as it is, but that it dies at a point once the file `armed` stands in its folder.
CHILD = """
import os, signal, sys
from pathlib import Path
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.interfaces.cli import main

point, left = sys.argv[1], int(sys.argv[2])

def reached(name):
    global left
    if name == point and Path("armed").exists():
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

def fsync(descriptor):
    reached("written")
    os.fdatasync(descriptor)
    reached("synced")

offer = RingingLedger.offer

def offering(self, offers):
    if offers:
        reached("offering")
    answer = offer(self, offers)
    if offers:
        reached("offered")
    return answer

Writer.__init__.__kwdefaults__["fsync"] = fsync
RingingLedger.offer = offering
main(sys.argv[3:])
"""


def serve_until(server, point, count=1):
    """Start the server so that it dies at the `count`th time it gets to `point`."""
    (server.folder / "armed").unlink(missing_ok=True)
    command = [sys.executable, "-c", CHILD, point, str(count), "serve", "--config", server.config]
    with server.log.open("ab") as log:
        server.process = subprocess.Popen(
            [*command, "--state", server.state, "--port", "0", *server.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=server.folder,
            start_new_session=True,
        )
    server.until(server.ready)
    (server.folder / "armed").touch()


def send_until_dead(server, begin, most=2000):
    """Send events of known ids one by one until the server is gone: those it answered, and the last one.

    What is accepted while an offer is under way goes out with the next, so a few offers may take many events.
    """
    answered = []
    for number in range(begin, begin + most):
        try:
            status, _ = server.post({"id": f"e{number}", "source": "/s", "type": "Lead_Post_Create"})
        except (OSError, ValueError):
            return answered, f"e{number}"
        assert status == 202
        answered.append(f"e{number}")
    pytest.fail("the server did not die")


def check_killed_at(serve, receiver, until, points):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url), ready=False)
    server.process.kill()  # its settings are what was wanted
    server.process.wait()
    sent = 0
    expected = set()
    for point, count in points:
        serve_until(server, point, count)
        answered, unanswered = send_until_dead(server, sent)
        sent += len(answered) + 1
        assert server.process.wait(10) == -signal.SIGKILL
        server.start()
        status, said = server.post({"id": unanswered, "source": "/s", "type": "Lead_Post_Create"})
        assert (status, said["id"]) == (202, unanswered)
        expected |= {*answered, unanswered}
        if (point, count) != points[-1]:
            server.kill()

    def ended():
        return {row.event_id for row in server.reader().list(limit=10_000) if row.status == "Success"}

    until(lambda: ended() == expected, seconds=30)
    assert server.stop() == 0
    lines = Counter(line["event"]["id"] for line in server.journal() if line["kind"] == "accepted")
    assert lines == dict.fromkeys(expected, 1)
    assert len(sink.arrivals.by_message()) == len(expected)


@pytest.mark.fault(1)
@pytest.mark.parametrize("point", POINTS)
def test_what_was_answered_is_there_once_when_the_server_dies(serve, receiver, until, point):
    check_killed_at(serve, receiver, until, [(point, 3)])


@pytest.mark.slow
@pytest.mark.fault(1)
def test_what_was_answered_is_there_once_when_the_server_dies_again_and_again(serve, receiver, until):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    check_killed_at(serve, receiver, until, [(rng.choice(POINTS), rng.randint(1, 20)) for _ in range(30)])


@pytest.mark.fault(53)
@pytest.mark.parametrize("events", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_an_event_whose_client_hung_up_and_sent_it_again_is_delivered_once(serve, receiver, until, events):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url))
    host, _, port = server.url.removeprefix("http://").partition(":")
    body = b'{"type": "Lead_Post_Create", "data": {}}'
    for number in range(events):
        head = f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        head += f"Idempotency-Key: k{number}\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(head.encode() + body)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    said = [server.post(body, headers={"Idempotency-Key": f"k{number}"}) for number in range(events)]
    assert {status for status, _ in said} == {202}
    until(lambda: len(sink.arrivals.by_message()) == events, seconds=30)
    deliveries = [answer["deliveries"][0]["id"] for _, answer in said]
    for delivery in deliveries:
        assert server.ended(delivery).status == "Success"
    assert len(sink.arrivals.all) == events
    assert sum(line["kind"] == "accepted" for line in server.journal()) == events


@pytest.mark.fault(11)
@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_a_redis_that_fills_up_is_worked_off_while_events_are_refused(
    serve, receiver, own_valkey, until, rounds
):
    sink = receiver()
    environment = {"HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=sink.url), environment=environment)
    accepted = []
    for _ in range(rounds):
        for _ in range(20):
            status, said = server.post({"type": "Lead_Post_Update", "data": {}})
            assert status == 202
            accepted.append(said["deliveries"][0]["id"])
        until(lambda: _offered(own_valkey) == 20)
        with own_valkey.client() as client:
            client.config_set("maxmemory", 1)
        refused = until(lambda: _refusal(server))
        assert (refused.code, refused.headers["Retry-After"]) == (503, "5")
        until(lambda: _offered(own_valkey) == 0)  # all was sent and settled meanwhile
        for delivery in accepted[-20:]:
            assert server.ended(delivery).status == "Success"
        with own_valkey.client() as client:
            client.config_set("maxmemory", 0)
        until(lambda: _refusal(server) is None)
    until(lambda: set(accepted) <= {row.id for row in server.reader().list(limit=10_000)})
    assert all(len(each) == 1 for each in sink.arrivals.by_message().values())


def _offered(valkey):
    with valkey.client() as client:
        return int(client.get("{hw:0}:total") or 0)


def _refusal(server):
    """The answer to an event that is refused; None when it is taken."""
    raw = json.dumps({"type": "Lead_Post_Create", "data": {}}).encode()
    request = urllib.request.Request(server.url + "/v1/events", raw, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10):
            return None
    except urllib.error.HTTPError as error:
        return error
