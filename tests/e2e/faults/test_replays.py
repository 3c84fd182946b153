"""A replay of many in whose middle everything dies, or Redis loses everything."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

BUNDLE = """
version: 1
webhooks:
  - {{id: erp, event: Lead_Post_Create, url: "{url}/erp"}}
"""


def check_replayed_once(serve, receiver, until, own_valkey, number, rate, strike, heal):
    sink = receiver()
    environment = {"HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=sink.url), environment=environment)
    status, _ = server.post([{"type": "Lead_Post_Create", "data": {"n": each}} for each in range(number)])
    assert status == 202
    until(lambda: _by_status(server) == {"Success": number}, seconds=60)

    code, out, err = server.run(
        "replay", "--status", "success", "--yes", "--detach", "--rate", rate, "-o", "json"
    )
    assert code == 0, err
    job = json.loads(out)
    assert job["count"] == number
    until(lambda: len(_replayed(server, job["id"])) >= 2, every=0.01)
    strike(server)
    assert len(_replayed(server, job["id"])) < number, "it was over before that"
    heal(server)

    until(lambda: _by_status(server) == {"Success": 2 * number}, seconds=60)
    code, out, err = server.run("replay", "--progress", job["id"], "-o", "json")
    said = json.loads(out)
    assert (code, said["state"], said["done"], said["skipped"]) == (0, "done", number, {}), err
    replayed = _replayed(server, job["id"])
    assert Counter(replayed) == dict.fromkeys(set(replayed), 1)
    assert len(replayed) == number
    assert all(len(arrivals) >= 2 for arrivals in sink.arrivals.by_message().values())
    with server.reader() as history:
        rounds = Counter(row.round for row in history.list(limit=10_000))
    assert rounds == {0: number, 1: number}


def _by_status(server):
    with server.reader() as history:
        return Counter(row.status for row in history.list(limit=10_000))


def _replayed(server, job):
    return [line["of"] for line in server.journal() if line["kind"] == "replay" and line["job"] == job]


def kill_everything(server):
    everything = [server.process.pid, *(each.pid for each in server.children("hookwright"))]
    for process in everything:
        os.kill(process, 9)
    server.process.wait()


@pytest.mark.fault(75)
def test_everything_dies_in_the_middle_of_it(serve, receiver, until, own_valkey):
    def heal(server):
        server.start()

    check_replayed_once(serve, receiver, until, own_valkey, 12, "4/s", kill_everything, heal)


@pytest.mark.slow
@pytest.mark.fault(75)
def test_everything_dies_again_and_again_in_the_middle_of_it(serve, receiver, until, own_valkey):
    def heal(server):
        for _ in range(4):
            server.start()
            kill_everything(server)
        server.start()

    check_replayed_once(serve, receiver, until, own_valkey, 500, "20/s", kill_everything, heal)


@pytest.mark.slow
@pytest.mark.fault(75)
def test_redis_loses_everything_in_the_middle_of_it(serve, receiver, until, own_valkey):
    def strike(_):
        own_valkey.flush()

    check_replayed_once(serve, receiver, until, own_valkey, 200, "40/s", strike, lambda _: None)
