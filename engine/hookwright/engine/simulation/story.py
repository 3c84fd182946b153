"""The story: what a timeline leads to, told one happening after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hookwright.rules.event import JSON, Event
from hookwright.schemas.grammar import spelt

from ..book.gathering import Closing
from ..delivery import Delivery, Result, Status
from ..journal.switch import Switch
from .happening import Happening, Kind

_ENDS = {
    "success": Status.SUCCESS,
    "failure": Status.FAILURE,
    "cancelled": Status.CANCELLED,
    "skipped": Status.SKIPPED,
}


class Story:
    """Knows every delivery, and how it stands at last. Times are Unix milliseconds."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.statuses: dict[str, Status] = {}
        self._deliveries: dict[str, Delivery] = {}

    def arrived(self, event: Event, deliveries: Sequence[Delivery], now: int) -> None:
        """An event came in, and this is who gets it."""
        who = ", ".join(_waiting(each, now) for each in deliveries) or "nobody"
        fields: dict[str, JSON] = {"id": event.id, "source": event.source}
        self._tell(now, "event", event.type, f"{event.id} → {who}", fields=fields)
        for each in deliveries:
            self.knows(each)

    def knows(self, delivery: Delivery) -> None:
        """A delivery was opened."""
        self._deliveries[delivery.id] = delivery
        self.statuses[delivery.id] = Status.IN_QUEUE

    def batched(self, closing: Closing, batch: Delivery, now: int) -> None:
        """A batch closed: its members go out in it."""
        members = [each.id for each in closing.batch.members]
        for member in members:
            del self.statuses[member]
        self.knows(batch)
        opened = spelt(now - closing.batch.opened) or "0s"
        text = f"{len(members)} events, open for {opened}, closed by {closing.reason}"
        self._tell(now, "batch", batch.endpoint, text, batch.id, {"members": list(members)})

    def booked(self, result: Result | Switch) -> None:
        """What came of a claim, or a switch that failures caused."""
        if isinstance(result, Switch):
            text = f"{result.state}: {result.reason}"
            self._tell(result.at, "switched", result.name, text, fields={"state": result.state})
            return
        delivery = self._deliveries[result.delivery]
        status = _ENDS.get(result.outcome)
        if status is not None:
            self.statuses[delivery.id] = status
        kind: Kind = (
            "attempt" if result.request or delivery.notifier else "held" if status is None else "ended"
        )
        fields = _fields(result)
        self._tell(result.at, kind, delivery.lane, _said(result, status), delivery.id, fields)
        for each in result.notify:
            self._tell(result.at, "notify", f"notify/{each}", f"is told that {delivery.endpoint} failed")

    def _tell(
        self,
        at: int,
        kind: Kind,
        subject: str,
        text: str,
        delivery: str = "",
        fields: Mapping[str, JSON] | None = None,
    ) -> None:
        self.happenings.append(
            Happening(at=at, kind=kind, subject=subject, text=text, delivery=delivery, fields=fields or {})
        )


def _waiting(delivery: Delivery, now: int) -> str:
    wait = f" in {spelt(delivery.due - now)}" if delivery.due > now else ""
    return f"{delivery.endpoint}{wait}{' (batched)' if delivery.batch else ''}"


def _said(result: Result, status: Status | None) -> str:
    """`1: POST https://erp.example.com/ → 503; again in 10s`."""
    sent = result.request
    call = f"{result.attempt}: {sent.method} {sent.url} → " if sent else ""
    answer = str(result.response.status) if result.response else result.error or ""
    if status is Status.SUCCESS:
        return f"{call}{answer or 'told'}: Success"
    wait = "" if result.next is None else f"; again in {spelt(max(result.next - result.at, 0)) or '0s'}"
    if status is None:
        return f"{call}{answer}{_why(result, call)}{wait}"
    return f"{call}{answer + ': ' if call else ''}{status}, {result.reason}"


def _why(result: Result, call: str) -> str:
    return "" if call or not result.reason else f" ({result.reason})"


def _fields(result: Result) -> dict[str, JSON]:
    """For programs."""
    found: dict[str, JSON] = {"attempt": result.attempt, "outcome": result.outcome}
    if result.request:
        found |= {"method": result.request.method, "url": result.request.url}
    if result.response:
        found["code"] = result.response.status
    if result.error:
        found["error"] = result.error
    if result.reason:
        found["reason"] = result.reason
    if result.next is not None:
        found["next"] = result.next
    return found
