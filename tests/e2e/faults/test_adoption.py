"""A node whose machine is gone is adopted by another: whatever it had, in every state, ends exactly once."""

from __future__ import annotations

import json
import os
import signal

import pytest

BUNDLE = """
version: 1
bundle: shared
events: [{{type: t.fine}}, {{type: t.later}}, {{type: t.flaky}}, {{type: t.slow}}, {{type: t.many}}]
defaults: {{retry: {{attempts: 3, initial: 3s, multiplier: 1}}, timeout: 2s}}
webhooks:
  - {{id: fine, event: t.fine, url: "{url}/fine"}}
  - {{id: later, event: t.later, delay: 4s, url: "{url}/later"}}
  - {{id: flaky, event: t.flaky, url: "{url}/flaky"}}
  - {{id: slow, event: t.slow, url: "{slow}/slow"}}
  - {{id: many, event: t.many, url: "{url}/many", batch: {{window: 5s}}}}
"""


def send(server, kind, number):
    _, said = server.post({"type": kind, "id": f"{kind}-{number}", "source": "/t", "data": {"n": number}})
    return said["deliveries"][0]["id"]


def status(server, delivery):
    with server.reader() as history:
        found = history.show(delivery)
    return found and found.row.status


@pytest.fixture
def pair(module_serve, valkey_server, module_receiver):
    """Two nodes on one Redis, a worker of the first, and two receivers, one of which is slow."""
    valkey_server.flush()
    sink = module_receiver(answers={"/flaky": (500, 200)})
    slow = module_receiver(delay=1.5)
    bundle = BUNDLE.format(url=sink.url, slow=slow.url)
    environment = {"HOOKWRIGHT_REDIS_URL": valkey_server.url}
    servers = [module_serve(bundle, environment=environment, ready=False, workers=n) for n in (1, 0)]
    for server in servers:
        server.until(server.ready, seconds=20)
    return (*servers, sink, slow)


@pytest.mark.fault(74)
def test_all_that_a_dead_node_had_ends_exactly_once_at_its_heir(pair, until):
    dead, heir, sink, slow = pair
    done = send(dead, "t.fine", 1)
    dead.ended(done)
    given = {
        kind: [send(dead, kind, number) for number in range(3)] for kind in ("t.later", "t.flaky", "t.many")
    }
    until(lambda: sum(each.path == "/flaky" for each in sink.arrivals.all) == 3)
    given["t.slow"] = [send(dead, "t.slow", number) for number in range(2)]
    until(lambda: len(slow.arrivals.all) == 2)
    os.killpg(dead.process.pid, signal.SIGKILL)
    dead.process.wait()

    code, _, said = heir.run("journal", "adopt", str(dead.state))
    assert (code, "stop it" in said) == (3, True), said
    heir.stop()
    code, out, said = heir.run("journal", "adopt", str(dead.state), "-o", "json")
    assert code == 0, said
    told = json.loads(out)
    assert told["open"] >= 6
    again, out, _ = heir.run("journal", "adopt", str(dead.state), "-o", "json")
    assert (again, json.loads(out)["already"]) == (0, True)

    heir.arguments[heir.arguments.index("0")] = "1"  # workers
    heir.start()
    every = [done, *(each for some in given.values() for each in some)]
    until(lambda: {status(heir, each) for each in every} == {"Success"}, seconds=25)
    lost = {line["delivery"] for line in heir.journal() if line["kind"] == "lease_lost"}
    assert lost == set(given["t.slow"])  # what was under way when the machine went
    code, out, said = heir.run("audit", "--ended", "-o", "json")
    assert code == 0, out + said
    arrived = [*sink.arrivals.by_message().values(), *slow.arrivals.by_message().values()]
    assert len(arrived) == 10  # the three of `many` are one call
    assert sum(map(len, arrived)) <= 10 + 3 + 2  # the retries, and what was in flight
    known, answer = heir.post({"type": "t.fine", "id": "t.fine-1", "source": "/t", "data": {"n": 1}})
    assert (known, answer["duplicate"]) == (202, True)
    dead.start(ready=False)
    assert dead.process.wait(20) != 0
    assert "was adopted by" in dead.log.read_text()
