"""What the refusal of a list leads to: it is taken apart, until an event stands alone. A pure function."""

from __future__ import annotations

from msgspec.structs import replace

from ..call.transport import Reply
from ..delivery import Splitting
from .retry import Decision
from .wish import aborts

TOO_LARGE = 413
REFUSED = frozenset({400, TOO_LARGE, 422})  # said of what was sent, so of one event in it, or of their number


def taken_apart(decision: Decision, reply: Reply, split: Splitting | None) -> Decision:
    """The decision on a list that may be `split`; any other stands.

    Too large is too large at once. What else is wrong with a list may be the receiver's own trouble, so its
    tries come first; of halves it was said before. A receiver that gives the message up ends it as it is.
    """
    refused = decision.error == "status" and reply.status in REFUSED
    if split is None or not refused or aborts(reply.headers):
        return decision
    if split == "alone":
        reason = f"status {reply.status} for this event alone, after its batch was split"
        return replace(decision, outcome="failure", wait_ms=None, reason=reason)
    if split == "late" and reply.status != TOO_LARGE and decision.outcome != "failure":
        return decision
    return replace(decision, outcome="split", wait_ms=None, reason=f"status {reply.status}")
