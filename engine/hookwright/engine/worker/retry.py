"""What an answer means: Success, another try after a wait, or Failure. A pure function."""

from __future__ import annotations

from random import Random

from msgspec import Struct, structs

from hookwright.rules.model import RetryPolicy

from ..call.transport import Reply
from ..delivery import Outcome
from .wish import ABORT, DELIVERY, aborts, retry_after

JITTER = 0.1  # of the wait, and only ever later: a wait is never shorter than configured
FINAL_ERRORS = frozenset({"blocked_target", "invalid_header"})  # another try would end the same way
UNAUTHORIZED = 401
POISON = "poison"  # whatever touches the delivery breaks down
POISON_TRIES = 3  # then it is set aside, however many tries there may be
OVERLOADED = frozenset({429, 502, 503, 504})  # said of the receiver as a whole, not of one delivery


class Decision(Struct, frozen=True, gc=False):
    """`wait_ms` is set with outcomes "retry" and "held" only.

    `error` is an `ErrorClass` or `plugin:<name>`; `reason` is for people. `rest_ms` is for how long the
    receiver wants no calls at all from this endpoint.
    """

    outcome: Outcome
    wait_ms: int | None = None
    error: str | None = None
    reason: str = ""
    rest_ms: int | None = None


def decide(
    reply: Reply, attempt: int, policy: RetryPolicy, success: frozenset[int], rng: Random, now: int
) -> Decision:
    """Judge try number `attempt` (from 1), answered at `now` (Unix milliseconds).

    Success needs a complete header block, no error and a status in `success`; how much of the body came does
    not matter. A redirect is a status like any other. `rng` spreads the retries of many deliveries. In an
    answer that is no Success the receiver may ask for no further try, or for a longer wait.
    """
    error, reason = _fault(reply, success)
    if error is None:
        return Decision("success")
    if error != "status":  # headers beside a broken answer may be anybody's
        return refuse(error, reason, attempt, policy, rng)
    if aborts(reply.headers):
        return Decision("failure", None, error, f"{reason}; the receiver says {DELIVERY}: {ABORT}")
    asked = (retry_after(reply.headers, now) if policy.retry_after else None) or 0
    decision = refuse(error, reason, attempt, policy, rng, asked)
    return structs.replace(decision, rest_ms=asked) if asked and reply.status in OVERLOADED else decision


def refuse(
    error: str, reason: str, attempt: int, policy: RetryPolicy, rng: Random, least: int = 0
) -> Decision:
    """The way on after `error`: final at once, or another try while there is one left.

    It comes after the configured wait or after `least` milliseconds, whichever is longer.
    """
    if error in FINAL_ERRORS:
        return Decision("failure", None, error, reason)
    if error == POISON and attempt >= min(POISON_TRIES, policy.tries):
        return Decision("failure", None, error, f"set aside: {reason}")
    if attempt > len(policy.waits):
        return Decision("failure", None, error, "attempts exhausted")
    wait = policy.waits[attempt - 1]
    return Decision("retry", max(wait, least) + int(rng.uniform(0, wait * JITTER)), error, reason)


def renewed(decision: Decision) -> Decision:
    """What the refusal of a token that was good before leads to: another try at once, beyond the tries if
    need be, with a token fetched anew. That one is not old enough to be renewed again.
    """
    reason = f"status {UNAUTHORIZED}; the next try has a new token"
    return Decision("retry", 0, decision.error, reason)


def _fault(reply: Reply, success: frozenset[int]) -> tuple[str | None, str]:
    if reply.error is not None:
        return reply.error, reply.message
    if not reply.complete or reply.status is None:
        return "protocol", reply.message or "the answer ended inside its headers"
    if reply.status not in success:
        return "status", f"status {reply.status}"
    return None, ""
