"""Ledgers for tests, and a clock for their server."""

from __future__ import annotations

import pytest
import redis

from hookwright.engine.ledger import ledger as module
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.ledger.lua import Script

TIME = "redis.call('TIME')"


@pytest.fixture
def make(valkey):
    """Makes ledgers on the server, closed at the end."""
    made: list[Ledger] = []

    def build(worker: str = "w1", **how) -> Ledger:
        made.append(Ledger(valkey, worker=worker, **how))
        return made[-1]

    yield build
    for ledger in made:
        ledger.close()


class Clock:
    """What the scripts take for the server's time."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self.now = 1_795_435_200_000  # ms
        self.go(0)

    def flush(self) -> None:
        """The server loses everything."""
        self._client.flushall()
        self.go(0)

    def go(self, ms: int) -> None:
        self.now += ms
        self._client.hset("clock", mapping={"s": self.now // 1000, "us": self.now % 1000 * 1000})


@pytest.fixture
def clock(valkey, monkeypatch):
    """A clock that goes when it is told to, for every ledger made in this test."""
    scripts = {name: Script(name) for name in module._scripts}
    for script in scripts.values():
        assert script.text.count(TIME) == 1, "the scripts ask for the time in another way"
        script.text = script.text.replace(TIME, "redis.call('HMGET', 'clock', 's', 'us')")
        script.digest = "0" * 40  # unknown to the server, so the text is sent each time
    monkeypatch.setattr(module, "_scripts", scripts)
    with redis.Redis.from_url(valkey) as client:
        yield Clock(client)
