"""Workers are woken when something due was offered, and only then."""

from __future__ import annotations

import pytest

from hookwright.engine.delivery import Delivery
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.ledger.broker import Broker
from hookwright.engine.ledger.ringing import RingingLedger
from hookwright.engine.ledger.wire import OFFERS_PER_CALL
from hookwright.engine.ledger.work import Offer

BODY = "0" * 64


def offer(name, wait=0):
    delivery = Delivery(
        id=f"dlv_{name}", message="msg_1", entity_type="webhook", entity_id="a", action="", event_id="e",
        event_source="s", event_type="t", node="nod_1", due=0, body=BODY,
    )  # fmt: skip
    return Offer(delivery, b"{}", wait=wait)


class Bell:
    """The bell of a real broker, which counts."""

    def __init__(self, url):
        self.broker = Broker(url)
        self.rung = 0
        self.broken = False

    def __call__(self):
        self.rung += 1
        script, arguments = self.broker.bell()
        return script, arguments[:1] if self.broken else arguments

    def messages(self):
        return self.broker.client.llen("{hw:0}:dramatiq:deliver")


@pytest.fixture
def bell(valkey):
    made = Bell(valkey)
    yield made
    made.broker.close()


@pytest.fixture
def ledger(valkey, bell):
    made = RingingLedger(valkey, bell)
    yield made
    made.close()


@pytest.mark.parametrize(("waits", "rung"), [((), 0), ((5_000,), 0), ((0,), 1), ((5_000, 0, 0), 1)], ids=str)
def test_it_rings_once_an_offer_that_holds_something_due(waits, rung, ledger, bell):
    answer = ledger.offer([offer(number, wait) for number, wait in enumerate(waits)])
    assert (answer.added, bell.rung, bell.messages()) == (len(waits), rung, rung)


def test_many_offers_are_several_calls_and_one_bell(ledger, bell):
    answer = ledger.offer([offer(number) for number in range(OFFERS_PER_CALL + 1)])
    assert (answer.added, bell.rung) == (OFFERS_PER_CALL + 1, 1)
    assert ledger.offer([offer(0)]).added == 0


def test_scripts_that_redis_forgot_are_sent_again(ledger, bell):
    ledger.offer([offer(1)])
    bell.broker.client.script_flush()
    assert (ledger.offer([offer(2)]).added, bell.messages()) == (1, 1)


def test_after_a_fault_every_answer_belongs_to_its_question(ledger, bell):
    bell.broken = True
    with pytest.raises(LedgerUnavailable):
        ledger.offer([offer(1)])
    bell.broken = False
    assert ledger.offer([offer(1), offer(2)]).added == 1, "the first one had been taken in"
