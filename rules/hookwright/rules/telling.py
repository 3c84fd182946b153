"""What an action says where it is no call: a message to a notifier, or an event of one's own. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from .event import JSON


@dataclass(frozen=True, slots=True)
class Message:
    """Tells the notifier with the id `to` what the template `text` says."""

    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Emission:
    """Sends an event back to the door. `subject` and the texts in `data` are templates; no subject is ""."""

    type: str
    subject: str = ""
    data: JSON = field(default=None, hash=False)
