"""A subscriber as it stands: what the configuration says of it, beside what was switched and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from hookwright.rules.model import Action, Subscriber

from .instant import timestamp
from .journal.switch import Switch, Switches, SwitchState
from .ledger.work import Resting


class EndpointProfile(Struct, frozen=True, kw_only=True, rename="camel"):
    """One of a subscriber's endpoints. Its `state` is its own switch's or, when that is on, its subscriber's.

    `failures` counts failed deliveries in a row, None while nobody can tell. `url` is as written. While it
    makes no calls for a time, `resting` says why and `resting_until` how long.
    """

    name: str
    state: SwitchState
    reason: str
    by: str
    since: str | None
    failures: int | None
    method: str
    url: str
    resting: str = ""
    resting_until: str | None = None


class Profile(Struct, frozen=True, kw_only=True, rename="camel"):
    """A subscriber. Its `state`, with who, why and since when, is that of its own switch.

    A single endpoint may be off while its subscriber is on. `failures` is the most of any endpoint;
    `disable_after` is how many switch one off, None for never; `disable_when` says what else does. `events`
    are the types as resolved.
    """

    name: str
    entity_type: str
    entity_id: str
    state: SwitchState
    reason: str
    by: str
    since: str | None
    failures: int | None
    disable_after: int | None
    disable_when: str
    description: str
    owner: str
    events: tuple[str, ...]
    globs: tuple[str, ...]
    url: str
    bundle: str
    place: str
    endpoints: tuple[EndpointProfile, ...]


def name_of(subscriber: Subscriber) -> str:
    """What it is switched by: `webhook/leads-to-erp`."""
    return f"{subscriber.entity_type}/{subscriber.id}"


def profile_of(
    subscriber: Subscriber,
    bundle: str,
    switches: Switches,
    failures: Mapping[str, int] | None,
    rests: Mapping[str, Resting],
) -> Profile:
    """`failures` by endpoint, None while the ledger is away; `rests` of those that make no calls."""
    name = name_of(subscriber)
    endpoints = tuple(
        _endpoint(action, switches, failures, rests.get(action.endpoint)) for action in subscriber.actions
    )
    counts = [each.failures for each in endpoints if each.failures is not None]
    return Profile(
        name=name,
        entity_type=subscriber.entity_type.value,
        entity_id=subscriber.id,
        failures=max(counts) if counts else None,
        disable_after=subscriber.disable_after,
        disable_when="" if subscriber.disable_when is None else str(subscriber.disable_when),
        description=subscriber.description,
        owner=subscriber.owner,
        events=subscriber.events,
        globs=subscriber.globs,
        url=endpoints[0].url if endpoints else "",
        bundle=bundle,
        place=f"{subscriber.place.file}:{subscriber.place.line}",
        endpoints=endpoints,
        **_switched(switches.get(name)),
    )


def _endpoint(
    action: Action, switches: Switches, failures: Mapping[str, int] | None, rest: Resting | None
) -> EndpointProfile:
    name = action.endpoint
    return EndpointProfile(
        name=name,
        failures=None if failures is None else failures.get(name, 0),
        method=action.target.method,
        url=action.target.url,
        resting=rest.why if rest else "",
        resting_until=timestamp(rest.until) if rest else None,
        **_switched(switches.holding(name) or switches.get(name)),
    )


def _switched(switch: Switch | None) -> dict[str, Any]:
    if switch is None:
        return {"state": "enabled", "reason": "", "by": "", "since": None}
    return {
        "state": switch.state,
        "reason": switch.reason,
        "by": switch.by,
        "since": timestamp(switch.at),
    }
