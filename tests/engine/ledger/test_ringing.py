"""Workers are woken when something due was offered, and only then."""

from __future__ import annotations

import pytest

from hookwright.engine.delivery import Delivery
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.ledger.work import Offer

BODY = "0" * 64


def offer(name, wait=0):
    delivery = Delivery(
        id=f"dlv_{name}", message="msg_1", entity_type="webhook", entity_id="a", action="", event_id="e",
        event_source="s", event_type="t", node="nod_1", due=0, body=BODY,
    )  # fmt: skip
    return Offer(delivery, b"{}", wait=wait)


@pytest.mark.parametrize(("waits", "rung"), [((), 0), ((5_000,), 0), ((0,), 1), ((5_000, 0, 0), 1)], ids=str)
def test_it_rings_once_an_offer_that_holds_something_due(waits, rung, valkey):
    bells = []
    ledger = RingingLedger(valkey, lambda: bells.append(1))
    answer = ledger.offer([offer(number, wait) for number, wait in enumerate(waits)])
    assert (answer.added, len(bells)) == (len(waits), rung)
    ledger.close()
