"""What lets an endpoint rest, besides its cap and its limit, in the form in which the scripts know it."""

from __future__ import annotations

import hashlib

from msgspec import Struct, structs

from hookwright.rules.model import Rate, Schedule, Target
from hookwright.rules.table import RoutingTable

BURST_SPAN = 100  # ms: so much of its rate an endpoint may use at once


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The defaults mean that nothing lets it rest. Times in milliseconds.

    `breaker` is (failures, probe, probe_max), `rate` (calls, span, burst, as people write it). `to` tells
    calls to one address from those to another: a new address is not to blame for the old one.
    """

    breaker: tuple[int, int, int] | None = None
    rate: tuple[int, int, int, str] | None = None
    retry_after: bool = False
    schedule: str = ""
    to: str = ""


FREE = Policy()


def policies_of(table: RoutingTable) -> dict[str, Policy]:
    """The policies of a table's endpoints, of those that have one."""
    found = {
        action.endpoint: policy_of(action.target, one.hold_outside)
        for one in table.subscribers
        for action in one.actions
    }
    return {endpoint: policy for endpoint, policy in found.items() if policy is not None}


def policy_of(target: Target, hold_outside: Schedule | None = None) -> Policy | None:
    """The policy of calls to a target at the times of a schedule, None when they have none."""
    breaker, rate = target.breaker, target.rate
    url = hashlib.sha256(target.url.encode()).hexdigest()[:12]
    policy = Policy(
        breaker=None if breaker is None else (breaker.failures, breaker.probe, breaker.probe_max),
        rate=None if rate is None else (rate.calls, rate.span, burst(rate), str(rate)),
        retry_after=target.retry.retry_after,
        schedule=str(hold_outside or ""),
    )
    return None if policy == FREE else structs.replace(policy, to=url)


def burst(rate: Rate) -> int:
    """How many calls may go out at once: those of a tenth of a second, and always one."""
    return max(1, rate.calls * BURST_SPAN // rate.span)
