"""A disk that takes nothing: no event is acknowledged, nothing is called for it, and it goes on by itself."""

from __future__ import annotations

import json
import resource
import urllib.error
import urllib.request

import psutil
import pytest

BUNDLE = """
version: 1
webhooks:
  - {{id: plain, event: Lead_Post_Create, url: "{url}/plain"}}
"""
EVENT = {"type": "Lead_Post_Create", "data": {}}


def limit(server, size):
    """The largest file that `serve` and its bookkeeper may write; needs no root, and is taken off again."""
    for process in (psutil.Process(server.process.pid), *server.children(" bookkeeper ")):
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        process.rlimit(resource.RLIMIT_FSIZE, (size, hard))


def readiness(server):
    try:
        with urllib.request.urlopen(server.url + "/readyz", timeout=5) as answer:
            return json.loads(answer.read())["checks"]
    except urllib.error.HTTPError as error:
        return json.loads(error.read())["checks"]


@pytest.mark.fault(18)
def test_a_disk_that_takes_nothing_takes_no_event_and_loses_none(serve, receiver, until):
    sink = receiver(delay=0.5)
    server = serve(BUNDLE.format(url=sink.url))
    status, first = server.post(EVENT)
    assert status == 202
    until(lambda: len(sink.arrivals.all) == 1)
    limit(server, 0)
    status, said = server.post(EVENT)
    assert (status, said["title"]) == (503, "Journal unavailable")
    until(lambda: not readiness(server)["bookkeeper"]["ok"])
    limit(server, resource.RLIM_INFINITY)
    status, second = server.post(EVENT)
    assert status == 202
    for said in (first, second):
        assert server.ended(said["deliveries"][0]["id"]).status == "Success"
    assert [len(each) for each in sink.arrivals.by_message().values()] == [1, 1]
