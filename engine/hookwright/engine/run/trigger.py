"""A `Trigger`: an event as a run knows it, the one that began it or one that it waits for."""

from __future__ import annotations

from msgspec import Struct

from hookwright.rules.event import JSON, Event

from ..strictjson import decode


class Trigger(Struct, frozen=True, kw_only=True, gc=False):
    """An event that was accepted at `at` (Unix milliseconds). `raw` is its data as JSON, b"" for none.

    The data is kept as text, since most runs wait most of the time, and a text takes the least room.
    """

    id: str
    source: str
    type: str
    at: int
    raw: bytes = b""
    time: str | None = None
    subject: str | None = None

    @classmethod
    def of(cls, event: Event, at: int) -> Trigger:
        """The event that was accepted `at` this time."""
        return cls(
            id=event.id,
            source=event.source,
            type=event.type,
            at=at,
            raw=event.raw,
            time=event.time,
            subject=event.subject,
        )

    @property
    def data(self) -> JSON:
        """Its data, read anew each time."""
        return decode(self.raw) if self.raw else None

    @property
    def attributes(self) -> dict[str, JSON]:
        """What expressions and templates see as `event`."""
        return {
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.time,
            "subject": self.subject,
        }
