"""What Redis is rid of: what waits ends, what is in flight is left alone, and its file is written anew."""

from __future__ import annotations

from hookwright.engine.delivery import Result
from hookwright.engine.ledger.ledger import Ledger

from .work import NODE, REVISION, names, offer, outcomes, settle


def cancelled(*deliveries):
    return [
        Result(delivery=f"dlv_{each}", node=NODE, attempt=0, outcome="cancelled", at=1, reason="expunged")
        for each in deliveries
    ]


def test_what_waits_ends_once_and_what_is_in_flight_ends_by_itself(make, valkey):
    ledger = make()
    ledger.publish(REVISION, b"{}", {"webhook/a": 1})
    ledger.offer([offer("flies"), offer("ready"), offer("later", wait=60_000)])
    (claim,) = ledger.step(claim=1).claims
    for ended in (3, 0):  # of one that was never offered, too
        assert ledger.expunging.cancel(NODE, cancelled("flies", "ready", "later", "unknown")) == ended
    assert outcomes(ledger) == [(name, "cancelled") for name in ("ready", "later", "unknown")]
    assert ledger.depth().total == 1
    assert ledger.offer([offer("unknown")]).refused == ("dlv_unknown",)
    assert names(ledger.step(settles=[settle(claim)], claim=9)) == []
    assert outcomes(ledger) == [("flies", "success")]
    assert ledger.depth().total == 0


def test_the_file_of_the_server_is_written_anew(own_valkey, until):
    ledger = Ledger(own_valkey.url)
    with own_valkey.client() as client:
        client.set("a", "s3cret")
        client.delete("a")
    ledger.expunging.compact()
    ledger.close()

    def kept():
        return [path for path in own_valkey.folder.rglob("*.aof*") if b"s3cret" in path.read_bytes()]

    until(lambda: not kept())


def test_a_server_without_such_a_file_is_left_alone(make):
    make().expunging.compact()
