"""Moved: whether what a run asks for would go to another receiver, as its steps have been shifted since."""

from __future__ import annotations

from typing import Final

from hookwright.rules.model import Action, Subscriber

MOVED: Final = (
    "in the live configuration another step stands in the place of this one, whose call it would have been; "
    "a step with an id keeps its place"
)


def is_moved(began: Subscriber, live: Subscriber | None, path: str) -> bool:
    """Whether the live configuration has another action of the run's at `path`, or its own elsewhere.

    One at neither is taken for the same with a mended address. A path of names is always the same.
    """
    if live is None or not any(part.isdecimal() for part in path.split("/")):
        return False
    then = {each.path: _whom(each) for each in began.actions}
    now = {each.path: _whom(each) for each in live.actions}
    if path not in then or path not in now or then[path] == now[path]:
        return False
    return then[path] in now.values() or now[path] in then.values()


def _whom(action: Action) -> tuple[str, ...]:
    """Whom an action calls, tells or emits to."""
    return (
        action.target.url,
        action.message.to if action.message else "",
        action.lapp.name if action.lapp else "",
        action.emission.type if action.emission else "",
    )
