"""An `Event`: something that happened, as a CloudEvent, with its data both parsed and as received."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"


class Event(Struct, frozen=True, gc=False):
    """One event. `raw` is `data` byte for byte as the sender wrote it; it is what a JSON webhook sends on.

    `time` is RFC 3339 text as sent, or None. `extensions` are CloudEvents extension attributes, sorted by
    name. Two events with the same `source` and `id` are the same event (CloudEvents 1.0, section 3.1).
    """

    id: str
    source: str
    type: str
    data: JSON
    raw: bytes
    time: str | None = None
    subject: str | None = None
    extensions: tuple[tuple[str, bool | int | str], ...] = ()

    def __hash__(self) -> int:
        return hash((self.source, self.id))  # whatever its data, which may be of any kind

    @property
    def attributes(self) -> dict[str, JSON]:
        """What an expression sees as `event`."""
        return {
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.time,
            "subject": self.subject,
        }
