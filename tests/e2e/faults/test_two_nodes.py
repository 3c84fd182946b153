"""Two accepting nodes on one Redis: each books its own, a switch reaches both, and nothing is sent twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

BUNDLE = """
version: 1
bundle: shared
webhooks:
  - {{id: a, event: Lead_Post_Create, url: "{url}/a"}}
  - {{id: b, event: Lead_Post_Update, url: "{url}/b"}}
"""


@pytest.fixture(scope="module")
def pair(module_serve, module_receiver, valkey_server):
    """Two nodes with a worker each, and the receiver both send to."""
    sink = module_receiver()
    environment = {"HOOKWRIGHT_REDIS_URL": valkey_server.url}
    return [module_serve(BUNDLE.format(url=sink.url), environment=environment) for _ in range(2)], sink


def send(server, number, kind="Lead_Post_Create"):
    _, said = server.post({"type": kind, "data": {"n": number}})
    return said["deliveries"][0]["id"]


@pytest.mark.fault(7)
def test_each_node_books_what_it_accepted_and_nothing_is_sent_twice(pair):
    servers, sink = pair
    given = {server: [send(server, number) for number in range(20)] for server in servers}
    for server, deliveries in given.items():
        rows = [server.ended(delivery) for delivery in deliveries]
        assert {row.status for row in rows} == {"Success"}
        assert {row["id"] for row in server.history()} == set(deliveries)
        assert [len(sink.arrivals.of(row)) for row in rows] == [1] * 20


@pytest.mark.fault(7)
def test_what_is_switched_at_one_node_stands_in_the_book_of_the_other(pair, until):
    (one, other), _ = pair
    assert one.run("subscriber", "pause", "b", "--reason", "their week off")[0] == 0

    def booked():
        lines = [line for line in other.journal() if line["kind"] == "subscriber"]
        return [(line["entityId"], line["change"], line["reason"]) for line in lines]

    until(lambda: booked() == [("b", "paused", "their week off")])
    held = send(other, 1, "Lead_Post_Update")
    row = until(lambda: next((each for each in other.history() if each["id"] == held), None))
    assert (row["state"], row["reason"]) == ("held", "paused: their week off")
    assert other.run("subscriber", "resume", "b")[0] == 0
    assert other.ended(held).status == "Success"
    until(lambda: "enabled" in [line["change"] for line in one.journal() if line["kind"] == "subscriber"])


@pytest.mark.fault(7)
def test_a_copy_of_a_living_nodes_folder_is_refused(pair, tmp_path):
    (one, _), _ = pair
    copy = tmp_path / "copy"
    shutil.copytree(one.state, copy, ignore=shutil.ignore_patterns("*.sock"))
    command = [
        sys.executable,
        "-m",
        "hookwright",
        "serve",
        "--config",
        one.config,
        "--state",
        copy,
        "--port",
        "0",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env=one.environment, timeout=30, check=False
    )
    assert done.returncode != 0
    assert "another server runs as the node" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault(7)
def test_the_end_of_one_node_does_not_stop_the_other(pair):
    (one, other), _ = pair
    os.killpg(one.process.pid, signal.SIGKILL)
    one.process.wait()
    assert other.ended(send(other, 99)).status == "Success"
