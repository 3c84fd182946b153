"""`/v1/events/{id}/expunge`: what it answers, what it refuses."""

from __future__ import annotations

import json
import threading

import pytest

from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..conftest import write_journal
from .conftest import TOKENS, Running, serving

ADMIN = TOKENS["admin"]


@pytest.fixture
def filled(tmp_path):
    """An API over a journal, and somebody who keeps the index."""
    journal = write_journal(tmp_path / "state")
    over = threading.Event()

    def follow():
        while not over.wait(0.05):
            catch_up(journal.state)

    thread = threading.Thread(target=follow)
    thread.start()
    with serving(Running(State(journal.state)), Listen(), {}) as running:
        yield running
    over.set()
    thread.join()


def ask(running, event, method="POST", body=None):
    raw = None if body is None else json.dumps(body).encode()
    headers = {} if raw is None else {"Content_Type": "application/json"}
    return running.request(method, f"/v1/events/{event}/expunge", raw, token=ADMIN, **headers)


def test_the_order_is_answered_and_given_again_it_is_the_same(filled):
    event = filled.request("GET", "/v1/deliveries", None, token=ADMIN).json()["deliveries"][0]["eventId"]
    assert ask(filled, event, "GET").status == 404
    first = ask(filled, event, body={"why": "asked for"})
    said = first.json()
    assert (first.status, said["id"], said["state"], said["why"]) == (202, event, "In Progress", "asked for")
    assert ask(filled, event, body={"why": "again"}).json() == said
    assert ask(filled, event, "GET").json() == said


def test_what_cannot_be_is_refused(filled):
    assert ask(filled, "nothing").status == 404
    assert ask(filled, "nothing", body={"wy": 1}).json()["problems"][0]["nearest"] == "why"
    assert ask(filled, "nothing", body={"why": 1}).status == 422
