"""Doing: the actions that an entry of a rule's `actions`, or a step of an automation, says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .event import JSON
from .merge import Layer
from .model import Action, EntityType, Target, endpoint_name
from .targets import BUILT_IN, FIELDS
from .telling import Emission, LappCall, Message, lapp_call

KINDS: Final = ("post", "notify", "lapp", "emit")
NOTIFY: Final = "notify"
_OF_NO_CALL: Final = ("timeout", "retry", "rate", "concurrency", "breaker")


@dataclass(frozen=True, slots=True)
class Doer:
    """Whose actions they are. `over` puts settings of a target over all that lies below them, `called` makes
    the target of what it gives.
    """

    kind: EntityType
    id: str
    over: Callable[[Layer], Layer]
    called: Callable[[Layer], Target]

    def actions_of(self, written: Layer, path: str, *, named: bool = True) -> Iterator[Action]:
        """The actions of one entry, at `path`: one, or for `notify` one for each who is told.

        `named` says that what is done ends the path of the action, as in `actions/0/post`; a notification's
        always says whom it tells, too: `actions/1/notify/sales`, `steps/hello/notify/sales`.
        """
        for kind in KINDS:
            if kind in written:
                below = f"{path}/{kind}" if named or kind == NOTIFY else path
                yield from self._actions(kind, written[kind], below)

    def _actions(self, kind: str, said: JSON, path: str) -> Iterator[Action]:
        fields: Mapping[str, JSON] = said if isinstance(said, dict) else {}
        if kind == "post":
            yield self._action(path, self.called(self.over(fields)))
            return
        target = without_call(self.over({}))
        if kind == NOTIFY:
            for to in dict.fromkeys(_texts(fields["to"])):
                message = Message(to, str(fields["message"]))
                yield self._action(f"{path}/{to}", target, message=message)
        elif kind == "lapp":
            yield self._action(path, target, lapp=lapp_call(said))
        else:
            subject = str(fields.get("subject", ""))
            emission = Emission(str(fields["type"]), subject, fields.get("data"))
            yield self._action(path, target, emission=emission)

    def _action(
        self,
        path: str,
        target: Target,
        *,
        message: Message | None = None,
        lapp: LappCall | None = None,
        emission: Emission | None = None,
    ) -> Action:
        return Action(endpoint_name(self.kind, self.id, path), path, target, message, lapp, emission)


def without_call(merged: Layer) -> Target:
    """The target of what calls no URL: of it, what is said of tries and of time counts."""
    said = {key: FIELDS[key](merged[key]) for key in _OF_NO_CALL if key in merged}
    return Target(url=BUILT_IN.url, **said)  # type: ignore[arg-type]  # each reader makes what its field is


def _texts(written: JSON) -> tuple[str, ...]:
    items = written if isinstance(written, list) else [written]
    return tuple(str(item) for item in items)
