"""The baseline: a Dramatiq actor as written by hand, with a `requests.Session` a thread; records nothing.

`python -m benchmarks.delivery.actor REDIS_URL` works until its standard input ends.
"""

from __future__ import annotations

import sys
import threading

import dramatiq
import requests
from dramatiq.brokers.redis import RedisBroker

THREADS = 8
_local = threading.local()


def broker(url: str) -> RedisBroker:
    made = RedisBroker(url=url)
    dramatiq.set_broker(made)
    return made


def declare() -> dramatiq.Actor[[str, str], None]:
    @dramatiq.actor(queue_name="baseline")
    def post(url: str, body: str) -> None:
        if not hasattr(_local, "session"):
            _local.session = requests.Session()
        headers = {"Content-Type": "application/json"}
        _local.session.post(url, data=body.encode(), headers=headers, timeout=15).raise_for_status()

    return post


def main() -> None:
    made = broker(sys.argv[1])
    declare()
    worker = dramatiq.Worker(made, worker_threads=THREADS)
    worker.start()
    sys.stdin.read()
    worker.stop()


if __name__ == "__main__":
    main()
