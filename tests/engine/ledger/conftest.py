"""Ledgers for tests."""

from __future__ import annotations

import pytest

from hookwright.engine.ledger.ledger import Ledger


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
