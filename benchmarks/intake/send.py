"""The baseline: a program that sends one Dramatiq message an event, one after the other.

`python -m benchmarks.intake.send REDIS_URL SECONDS < event` prints how many were sent a second.
"""

from __future__ import annotations

import sys
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker


def main() -> None:
    url, seconds = sys.argv[1], float(sys.argv[2])
    dramatiq.set_broker(RedisBroker(url=url))

    @dramatiq.actor(queue_name="baseline")
    def handle(event: str) -> None:
        del event

    event = sys.stdin.read()
    handle.send(event)
    sent, began = 0, time.monotonic()
    while time.monotonic() < began + seconds:
        handle.send(event)
        sent += 1
    print(sent / (time.monotonic() - began))


if __name__ == "__main__":
    main()
