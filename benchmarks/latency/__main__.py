"""From a sender's 202 to the first byte at the receiver, in milliseconds, on an idle system and under load.

The baseline is stock Dramatiq: from the return of `actor.send` to the receiver, an actor with a
`requests.Session` on the same Valkey. Also told: what the processes use of a core while nothing happens.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.delivery import actor
from benchmarks.latency.arrivals import Arrivals
from benchmarks.node import Node, serving

ENDPOINTS = 20
IDLE, BUSY = 10, 500  # events a second


def bundle(arrivals: Arrivals) -> str:
    hooks = [
        f"  - {{id: hook-{number}, event: Lead_Post_Create, match: {{group: [{number}]}},"
        f" url: '{arrivals.url}/{number}'}}\n"
        for number in range(ENDPOINTS)
    ]
    return "version: 1\nwebhooks:\n" + "".join(hooks)


def event(name: str, number: int) -> dict[str, object]:
    return {"name": name, "group": number % ENDPOINTS, "notes": "x" * 900}


def paced(rate: int, count: int, send: Callable[[str, int], None], arrivals: Arrivals) -> list[float]:
    """Milliseconds from the end of each `send` to the arrival of what was sent, sorted."""
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(began + number / rate - time.monotonic(), 0))
        name = f"{began}-{number}"
        send(name, number)
        sent[name] = time.monotonic()
    arrivals.wait_for(sent)
    return sorted((arrivals.times[name] - at) * 1000 for name, at in sent.items())


def poster(node: Node) -> Callable[[str, int], None]:
    connection = http.client.HTTPConnection(node.url.removeprefix("http://"))

    def send(name: str, number: int) -> None:
        body = json.dumps({"type": "Lead_Post_Create", "data": event(name, number)})
        connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 202:
            sys.exit(said.decode())

    return send


def sender(node: Node, arrivals: Arrivals) -> Callable[[str, int], None]:
    actor.broker(node.redis_url)
    post = actor.declare()

    def send(name: str, number: int) -> None:
        post.send(f"{arrivals.url}/{number % ENDPOINTS}", json.dumps(event(name, number)))

    return send


def idle(node: Node, seconds: float) -> dict[str, float]:
    """The share of a core that each process uses while nothing happens."""
    processes = node.processes()
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    time.sleep(seconds)
    return {
        name: (sum(process.cpu_times()[:2]) - before[name]) / seconds for name, process in processes.items()
    }


def tell(name: str, found: list[float]) -> None:
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    print(f"latency: {name:36} p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  longest {found[-1]:7.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    arrivals = Arrivals()
    with serving(bundle(arrivals)) as node:
        ours, theirs = poster(node), sender(node, arrivals)
        paced(IDLE, ENDPOINTS, ours, arrivals)  # connections are open from here on
        for rate in (IDLE, BUSY):
            tell(f"202 to receiver, {rate}/s", paced(rate, int(rate * seconds), ours, arrivals))
        shares = ", ".join(f"{name} {share:.1%}" for name, share in idle(node, seconds).items())
        print(f"latency: of a core while idle: {shares}")
        command = [sys.executable, "-m", "benchmarks.delivery.actor", node.redis_url]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as worker:
            paced(IDLE, ENDPOINTS, theirs, arrivals)
            found = paced(IDLE, int(IDLE * seconds), theirs, arrivals)
            tell(f"actor.send to receiver, {IDLE}/s", found)
            worker.terminate()


if __name__ == "__main__":
    main()
