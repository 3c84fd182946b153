"""A `Switch`: the word that turns a subscriber or one of its endpoints on or off, in Redis and journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field

from ..instant import milliseconds, timestamp
from .writer import Entry

SWITCHED = "subscriber"  # the kind of its line
OURSELVES = "hookwright"  # who switches off what fails too often

SwitchState = Literal["enabled", "disabled", "paused"]
Change = Literal["enabled", "disabled", "paused", "resumed"]

STATE_AFTER: dict[Change, SwitchState] = {
    "enabled": "enabled",
    "disabled": "disabled",
    "paused": "paused",
    "resumed": "enabled",
}


class Switch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last word on `name`, which is a subscriber's (`rule/big-deal`) or that of one endpoint.

    `at` is Unix milliseconds: of two switches the later one counts, see `after`. `notify` names the notifiers
    to tell when nobody switched it by hand.
    """

    name: str
    state: SwitchState
    reason: str
    by: str
    at: int
    notify: tuple[str, ...] = ()

    @property
    def off(self) -> bool:
        return self.state != "enabled"

    @property
    def why(self) -> str:
        """What is said of the deliveries it holds."""
        return f"{self.state}: {self.reason}" if self.reason else f"{self.state} by {self.by}"

    def after(self, other: Switch | None) -> bool:
        """Whether this one counts and not the other: every ledger and every index decides alike."""
        return other is None or (self.at, self.state) > (other.at, other.state)


class Switched(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The fields of a `subscriber` line. `action` is set when a single endpoint was switched."""

    entity_type: str
    entity_id: str
    change: Change
    by: str
    reason: str
    since: str
    action: str = ""
    notify: tuple[str, ...] = field(default=())

    @property
    def switch(self) -> Switch:
        """What the line says, for the ledger and the index."""
        parts = (self.entity_type, self.entity_id, self.action)
        return Switch(
            name="/".join(part for part in parts if part),
            state=STATE_AFTER[self.change],
            reason=self.reason,
            by=self.by,
            at=milliseconds(self.since),
            notify=self.notify,
        )


def switch_entry(switch: Switch, change: Change) -> Entry:
    """The line of a switch."""
    entity_type, entity_id, action = [*switch.name.split("/", 2), ""][:3]
    fields = Switched(
        entity_type=entity_type,
        entity_id=entity_id,
        change=change,
        by=switch.by,
        reason=switch.reason,
        since=timestamp(switch.at),
        action=action,
        notify=switch.notify,
    )
    return Entry(SWITCHED, fields)


def subscriber_of(endpoint: str) -> str:
    """`rule/big-deal` of `rule/big-deal/actions/0/post`."""
    return "/".join(endpoint.split("/", 2)[:2])


class Switches:
    """The last switch of every name. `version` grows with every change."""

    def __init__(self, known: Iterable[Switch] = ()) -> None:
        self._last: dict[str, Switch] = {}
        self.version = 0
        for switch in known:
            self.take(switch)

    def take(self, switch: Switch) -> bool:
        """Whether this one counts."""
        if not switch.after(self._last.get(switch.name)):
            return False
        self._last[switch.name] = switch
        self.version += 1
        return True

    def all(self) -> tuple[Switch, ...]:
        return tuple(self._last.values())

    def get(self, name: str) -> Switch | None:
        return self._last.get(name)

    def off(self) -> dict[str, Switch]:
        """Those that are off, by name."""
        return {name: switch for name, switch in self._last.items() if switch.off}

    def holding(self, endpoint: str) -> Switch | None:
        """What keeps this endpoint's deliveries from being made: its own switch, or its subscriber's."""
        for name in (endpoint, subscriber_of(endpoint)):
            switch = self._last.get(name)
            if switch is not None and switch.off:
                return switch
        return None
