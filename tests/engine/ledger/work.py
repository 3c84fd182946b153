"""Work for ledgers in tests: what is offered, what becomes of it, and what was claimed."""

from __future__ import annotations

import hashlib
from typing import Any

from hookwright.engine.delivery import Delivery, Result
from hookwright.engine.ledger.ledger import Claim, Ledger, Offer, Settle
from hookwright.engine.ledger.work import Rest, Tick

NODE = "nod_1"
REVISION = "sha256:r1"


def offer(
    name: str, endpoint: str = "webhook/a", *, attempts: int = 0, wait: int = 0, **fields: Any
) -> Offer:
    """An offer to `webhook/ID` or `rule/ID/actions/0/post`; further fields are those of the delivery."""
    kind, identifier, action = [*endpoint.split("/", 2), ""][:3]
    delivery = Delivery(
        id=f"dlv_{name}",
        message=f"msg_{name}",
        entity_type=kind,
        entity_id=identifier,
        action=action,
        event_id=f"evt_{name}",
        event_source="/test",
        event_type="Lead_Post_Create",
        node=NODE,
        due=0,
        body=hashlib.sha256(b"{}").hexdigest(),
        **fields,
    )
    return Offer(delivery, b"{}", attempts, wait)


def settle(
    claim: Claim,
    outcome: str = "success",
    wait: int | None = None,
    rest: Rest | None = None,
    error: str | None = None,
) -> Settle:
    d = claim.delivery
    result = Result(
        delivery=d.id, node=d.node, attempt=claim.attempt, outcome=outcome, at=1, worker="w", error=error
    )
    return Settle(claim.token, result, wait, rest)


def names(tick: Tick) -> list[str]:
    return [claim.delivery.id.removeprefix("dlv_") for claim in tick.claims]


def outcomes(ledger: Ledger) -> list[tuple[str, str]]:
    """What the node has not heard of yet, in order: names and outcomes."""
    return [(r.delivery.removeprefix("dlv_"), r.outcome) for _, r in ledger.results(NODE, block_ms=0)]
