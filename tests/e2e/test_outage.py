"""A Redis of our own choosing: checked at start, missed without loss, refused when it would lose keys."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

BUNDLE = """
version: 1
webhooks:
  - {{id: plain, event: Lead_Post_Create, url: "{url}/plain"}}
"""
EVENT = {"type": "Lead_Post_Create", "data": {}}


def refusal(server):
    """The whole answer to an event that is refused."""
    request = urllib.request.Request(
        server.url + "/v1/events", b'{"type": "Lead_Post_Create"}', {"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        return error
    return None


def test_events_are_spooled_while_redis_is_away_refused_when_the_spool_is_full_and_all_delivered_after(
    serve, receiver, own_valkey, until
):
    sink = receiver()
    environment = {"HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=sink.url), environment=environment, arguments=("--spool-limit", "20"))
    own_valkey.kill()
    accepted = []
    while True:
        status, said = server.post(EVENT)
        if status != 202:
            break
        accepted.append(said["deliveries"][0]["id"])
        assert len(accepted) < 100
    assert 10 <= len(accepted) <= 40
    assert status == 503
    refused = refusal(server)
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert urllib.request.urlopen(server.url + "/livez", timeout=5).status == 200
    own_valkey.start()
    until(lambda: server.post(EVENT)[0] == 202, seconds=20)
    for delivery in accepted:
        assert server.ended(delivery).status == "Success"
    requests = [len(arrivals) for arrivals in sink.arrivals.by_message().values()]
    assert requests == [1] * len(requests)
    assert len(requests) >= len(accepted)


@pytest.mark.slow
def test_a_server_without_memory_is_spooled_past_until_the_spool_is_full(serve, receiver, own_valkey, until):
    sink = receiver()
    environment = {"HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=sink.url), environment=environment, arguments=("--spool-limit", "20"))
    own_valkey.client().config_set("maxmemory", "1")
    accepted = []
    while (answer := server.post(EVENT))[0] == 202:
        accepted.append(answer[1]["deliveries"][0]["id"])
        assert len(accepted) < 100
    assert answer[0] == 503
    own_valkey.client().config_set("maxmemory", "0")
    until(lambda: server.post(EVENT)[0] == 202)
    for delivery in accepted:
        assert server.ended(delivery).status == "Success"


@pytest.mark.fault(12)
def test_a_server_that_evicts_keys_is_refused_at_the_start(serve, own_valkey):
    own_valkey.client().config_set("maxmemory-policy", "allkeys-lru")
    server = serve(
        BUNDLE.format(url="http://127.0.0.1:9"),
        ready=False,
        environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url},
    )
    assert server.process.wait(20) == 6
    assert "noeviction" in server.log.read_text()
    server.process = None


def test_a_server_that_does_not_answer_is_said_in_one_line(serve):
    url = "redis://:hunter2-secret@127.0.0.1:1/0"
    server = serve(
        BUNDLE.format(url="http://127.0.0.1:9"), ready=False, environment={"HOOKWRIGHT_REDIS_URL": url}
    )
    assert server.process.wait(20) == 6
    said = server.log.read_text()
    assert "error: Redis: " in said
    assert "Traceback" not in said
    assert "hunter2-secret" not in said
    server.process = None
