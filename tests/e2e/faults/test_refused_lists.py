"""Lists that a real receiver refuses, while a bookkeeper and a worker die: halved, and each event taken."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

BUNDLE = """
version: 1
bundle: refused
webhooks:
  - id: lists
    event: Lead_Post_Create
    url: "http://127.0.0.1:{port}/lists"
    batch: {{window: 300ms, max_events: 50, on_too_large: split}}
    retry: {{attempts: 1}}
"""
POISON = 7
MOST = 10


class Picky(BaseHTTPRequestHandler):
    """Takes lists of ten at most, and none with the poisonous event."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        numbers = [each["n"] for each in json.loads(self.rfile.read(int(self.headers["Content-Length"])))]
        status = 413 if len(numbers) > MOST else 422 if POISON in numbers else 200
        with self.server.lock:
            self.server.answered.append((self.headers["webhook-id"], status, numbers))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def picky():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Picky)
    server.lock, server.answered = threading.Lock(), []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def emit(server, first, count):
    """Post so many events in one request; the ids of their deliveries."""
    batch = [
        {"specversion": "1.0", "id": f"n{n}", "source": "/load", "type": "Lead_Post_Create", "data": {"n": n}}
        for n in range(first, first + count)
    ]
    status, said = server.post(batch, content_type="application/cloudevents-batch+json")
    assert status == 202, said
    return [delivery["id"] for event in said["events"] for delivery in event["deliveries"]]


def check(server, picky, until, accepted):
    """Each event was taken, but for the poisonous one, which stands alone with its reason."""
    rows = until(lambda: _ended(server, accepted), seconds=60, every=0.2)
    taken = Counter(n for _, status, numbers in picky.answered if status == 200 for n in numbers)
    assert taken.keys() == set(range(len(accepted))) - {POISON}
    failed = {each: row.reason for each, row in rows.items() if row.status != "Success"}
    reason = "status 422 for this event alone, after its batch was split"
    assert failed == {accepted[POISON]: reason}
    assert [400 < status < 500 for _, status, numbers in picky.answered if numbers == [POISON]].count(
        False
    ) == 0
    settled = [each["delivery"] for each in server.journal() if each["kind"] == "settled"]
    assert len(settled) == len(set(settled)), "ended twice"
    assert server.run("audit")[0] == 0


def _ended(server, accepted):
    with server.reader() as history:
        rows = {each: history.show(each).row for each in accepted}
    return rows if all(row.status != "In Queue" for row in rows.values()) else None


@pytest.mark.fault(72)
def test_a_poisonous_event_and_lists_that_are_too_large_cost_no_other_event(serve, picky, until):
    server = serve(BUNDLE.format(port=picky.server_port))
    accepted = emit(server, 0, 30)
    (bookkeeper,) = server.children(" bookkeeper ")
    until(lambda: picky.answered)
    bookkeeper.kill()
    check(server, picky, until, accepted)


@pytest.mark.slow
@pytest.mark.fault(72)
def test_lists_are_split_while_workers_and_bookkeepers_die(serve, picky, until):
    server = serve(BUNDLE.format(port=picky.server_port), workers=2)
    accepted = []
    for turn in range(20):
        accepted += emit(server, len(accepted), 50)
        seen = len(picky.answered)
        until(lambda seen=seen: len(picky.answered) > seen, seconds=30)
        for child in server.children(" worker " if turn % 3 == 2 else " bookkeeper ")[:1]:
            child.kill()
    check(server, picky, until, accepted)
