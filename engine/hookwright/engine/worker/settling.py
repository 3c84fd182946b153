"""From the end of an attempt to its `Settle`: the record of what was sent and seen, secrets masked. Pure."""

from __future__ import annotations

import base64
import codecs
from dataclasses import dataclass
from random import Random

from msgspec import structs

from hookwright.rules.model import Target
from hookwright.schemas.grammar import spelt

from ..call.prepare import Prepared, Refusal
from ..call.transport import Reply
from ..delivery import Received, Result, Timing, too_old
from ..ledger.work import Claim, Rest, Settle
from .flight import Flight
from .lapp import Ran
from .notifying import Told
from .refusal import taken_apart
from .retry import POISON, UNAUTHORIZED, Decision, decide, refuse, renewed

DEADLY = "set aside: workers died again and again while they had it"
HELD_WAIT = 30_000  # ms until a delivery that is not ready is looked at again

_utf8 = codecs.getincrementaldecoder("utf-8")


@dataclass(frozen=True, slots=True)
class Clerk:
    """Writes settles. `worker` goes into the record, `rng` spreads retries; `now` is Unix milliseconds."""

    worker: str
    rng: Random

    def ended(self, flight: Flight, ending: Reply | Refusal | Told | Ran, now: int) -> Settle:
        """A claim that was being carried out has come to this."""
        claim, target, revision = flight.claim, flight.target, flight.revision
        match ending:
            case Told():
                return self._settle(claim, Decision("success"), revision, now)
            case Refusal():
                return self.refused(claim, ending, target, revision, now)
            case Ran():
                return self.ran(claim, ending, target, revision, now)
        assert isinstance(flight.prepared, Prepared), "nothing answers what was not sent"
        return self.answered(claim, flight.prepared, target, ending, revision, now)

    def answered(
        self, claim: Claim, prepared: Prepared, target: Target, reply: Reply, revision: str, now: int
    ) -> Settle:
        """An attempt was made and has ended."""
        reply = prepared.mask.reply(reply)
        decision = decide(reply, claim.attempt, target.retry, target.success, self.rng, now)
        if reply.status == UNAUTHORIZED and decision.error == "status" and prepared.renew is not None:
            decision = renewed(decision) if prepared.renew() else decision
        decision = taken_apart(decision, reply, claim.delivery.split)
        return self._settle(claim, decision, revision, now, prepared, reply)

    def ran(self, claim: Claim, ran: Ran, target: Target, revision: str, now: int) -> Settle:
        """A Lapp was called, and has ended."""
        decision = Decision("success")
        if ran.error is not None:
            decision = refuse(ran.error, ran.reason, claim.attempt, target.retry, self.rng)
        settle = self._settle(claim, decision, revision, now)
        timing = Timing(first_byte=ran.seconds, total=ran.seconds)
        result = structs.replace(settle.result, response=ran.response, timing=timing, lapp=ran.record)
        return structs.replace(settle, result=result)

    def refused(self, claim: Claim, refusal: Refusal, target: Target, revision: str, now: int) -> Settle:
        """No request could be made."""
        error, reason = refusal.error, refusal.reason
        match refusal.outcome:
            case "held":
                decision = Decision("held", HELD_WAIT, error, reason)
            case "failure":
                decision = Decision("failure", None, error, reason)
            case _:
                decision = refuse(error, reason, claim.attempt, target.retry, self.rng)
        return self._settle(claim, decision, revision, now)

    def removed(self, claim: Claim, revision: str, now: int) -> Settle:
        """The live revision has no such endpoint, or no such notifier, any more."""
        reason = "notifier removed" if claim.delivery.notifier else "subscriber removed"
        return self._settle(claim, Decision("cancelled", reason=reason), revision, now)

    def poisoned(self, claim: Claim, revision: str, now: int) -> Settle:
        """Workers die of it."""
        return self._settle(claim, Decision("failure", None, POISON, DEADLY), revision, now)

    def closed(self, claim: Claim, opens: int, why: str, revision: str, now: int) -> Settle:
        """It waits for the opening of a schedule, and so does all else of its endpoint."""
        wait = opens - now
        settle = self._settle(claim, Decision("held", wait, "not_ready", why), revision, now)
        return structs.replace(settle, rest=Rest(wait, "schedule", why))

    def too_old(self, claim: Claim, target: Target, revision: str, now: int) -> Settle:
        """It waited longer than anybody wants it."""
        return self.skipped(claim, too_old(target.retry.max_age), revision, now)

    def skipped(self, claim: Claim, reason: str, revision: str, now: int) -> Settle:
        """Nothing is sent, and that is as it should be."""
        return self._settle(claim, Decision("skipped", reason=reason), revision, now)

    def _settle(
        self,
        claim: Claim,
        decision: Decision,
        revision: str,
        now: int,
        prepared: Prepared | None = None,
        reply: Reply | None = None,
    ) -> Settle:
        wait = decision.wait_ms
        result = Result(
            delivery=claim.delivery.id,
            node=claim.delivery.node,
            attempt=claim.attempt,
            outcome=decision.outcome,
            at=now,
            worker=self.worker,
            revision=revision,
            request=None if prepared is None else prepared.sent,
            response=None if reply is None else received(reply),
            error=decision.error,
            reason=_printable(decision.reason),
            timing=None if reply is None else reply.timing,
            next=None if wait is None else now + wait,
        )
        return Settle(claim.token, result, wait, _rest(decision))


def _rest(decision: Decision) -> Rest | None:
    """What the whole endpoint waits for, because its receiver said so."""
    wait = decision.rest_ms
    if wait is None:
        return None
    return Rest(wait, "retry_after", f"the receiver asked for {spelt(wait)} (Retry-After)")


def telling(settle: Settle, notify: tuple[str, ...]) -> Settle:
    """The same, naming who is to be told if it is the end in Failure."""
    if not notify or settle.result.outcome != "failure":
        return settle
    return structs.replace(settle, result=structs.replace(settle.result, notify=notify))


def received(reply: Reply) -> Received | None:
    """The answer for the record. Without a whole header block there is none, whatever status was read."""
    if reply.status is None or not reply.complete:
        return None
    try:
        # Where we cut the body, half a character may stand at its end.
        body = _utf8().decode(reply.body) if reply.truncated else reply.body.decode()
    except UnicodeDecodeError:
        encoded = base64.b64encode(reply.body).decode()
        return Received(
            status=reply.status,
            headers=reply.headers,
            body=encoded,
            encoding="base64",
            truncated=reply.truncated,
        )
    return Received(status=reply.status, headers=reply.headers, body=body, truncated=reply.truncated)


def _printable(text: str) -> str:
    """Text that can be written as UTF-8, wherever it came from."""
    return text if text.isascii() else text.encode(errors="replace").decode()
