"""Journalling: a plan becomes the lines that accept it; what is redacted stands in them sealed."""

from __future__ import annotations

import msgspec

from ..delivery import Delivery
from ..journal.acceptance import accepted_entries
from ..journal.sealing import Concealed, SealedEvent, Secret, Vault
from ..journal.writer import Entry
from .plan import Plan
from .redacting import Redaction
from .stencil import Drawn


def plan_entries(plan: Plan | Drawn, vault: Vault) -> list[Entry]:
    """The lines of a plan. Raises `JournalError`, also when no key can be had for what is redacted."""
    if isinstance(plan, Drawn):
        return [plan.entry]
    redaction = plan.redaction
    if redaction is None:
        return accepted_entries(
            plan.event, plan.revision, plan.deliveries, plan.bodies, plan.fingerprint, runs=plan.runs
        )
    sealed = SealedEvent(
        event=redaction.shown,
        data=vault.seal(Secret(plan.event.raw, (), redaction.hidden)),
        bodies={
            each.id: _concealed(each, plan, redaction, vault)
            for each in plan.deliveries
            if each.id in plan.shown
        },
    )
    deliveries = [_grouped(each, redaction, vault) for each in plan.deliveries]
    fingerprint = vault.keyed(plan.fingerprint)
    return accepted_entries(
        plan.event, plan.revision, deliveries, plan.bodies, fingerprint, sealed, plan.runs
    )


def _concealed(delivery: Delivery, plan: Plan, redaction: Redaction, vault: Vault) -> Concealed:
    secret = Secret(plan.bodies[delivery.body], delivery.headers, delivery.hidden, delivery.filled)
    headers = tuple((name, redaction.mask(value)) for name, value in delivery.headers)
    return vault.conceal(secret, plan.shown[delivery.id], headers, delivery.shown)


def _grouped(delivery: Delivery, redaction: Redaction, vault: Vault) -> Delivery:
    """The value of a batch's key that says what is hidden becomes a digest: it still tells groups apart."""
    batch = delivery.batch
    if batch is None or redaction.mask(batch.key) == batch.key:
        return delivery
    return msgspec.structs.replace(delivery, batch=msgspec.structs.replace(batch, key=vault.keyed(batch.key)))
