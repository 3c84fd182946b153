"""What an action says: a body of its own, a message, a Lapp, or an event of one's own. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from .event import JSON


@dataclass(frozen=True, slots=True)
class BodyTemplate:
    """What is sent in place of the event's data: a `tree` whose texts are templates, or the `whole` text of a
    file.
    """

    tree: JSON = field(hash=False)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Tells the notifier with the id `to` what the template `text` says."""

    to: str
    text: str


@dataclass(frozen=True, slots=True)
class LappCall:
    """Calls the Lapp of that name with its `config` as written: texts may be templates, or secret references
    where its schema says so. With the stage `test` it is only tried out.
    """

    name: str
    config: Mapping[str, JSON] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    stage: Literal["test", "live"] = "live"


@dataclass(frozen=True, slots=True)
class Emission:
    """Sends an event back to the door. `subject` and the texts in `data` are templates; no subject is ""."""

    type: str
    subject: str = ""
    data: JSON = field(default=None, hash=False)


def lapp_call(said: JSON) -> LappCall:
    """What `lapp: NAME` or `lapp: {name, config, stage}` says."""
    if not isinstance(said, dict):
        return LappCall(str(said))
    config = said.get("config")
    stage: Literal["test", "live"] = "test" if said.get("stage") == "test" else "live"
    return LappCall(str(said["name"]), MappingProxyType(config if isinstance(config, dict) else {}), stage)
