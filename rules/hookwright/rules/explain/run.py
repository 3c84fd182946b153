"""What an event begins where it selects an automation: a run, with its key, its mode and its first steps."""

from __future__ import annotations

from itertools import islice
from typing import Final

from hookwright.schemas.grammar import spelt
from hookwright.schemas.problem import Place

from ..errors import ExpressionError
from ..event import Event
from ..steps import Assign, Automation, Choice, Do, Loop, Step, Stop, Wait, WaitFor
from .clause import Clause, Expected, Found

_SHOWN: Final = 3  # steps


def explain_run(automation: Automation, event: Event, place: Place) -> Clause:
    """The run that the event begins, unless another one with its key stands in its way."""
    found: tuple[Found, ...] = ()
    lack = ""
    if automation.key is not None:
        path = f"key {automation.key.text}"
        try:
            found = (Found(path, automation.key.evaluate(event.attributes, event.data)),)
        except ExpressionError as error:
            lack = f"{path}: {error}"
    most = "" if automation.most is None else f", {automation.most} at most"
    return Clause(
        kind="run",
        holds=True,
        place=place,
        expected=tuple(Expected(_told(step), step.place) for step in islice(automation.steps, _SHOWN)),
        found=found,
        lack=lack,
        hint=f"mode {automation.mode}{most}",
    )


def _told(step: Step) -> str:
    """A step in a few words."""
    match step.what:
        case Wait() as what:
            words = f"wait {spelt(what.duration)}"
        case WaitFor() as what:
            words = f"wait for {' or '.join((*what.globs, *what.events)[:2])}, {spelt(what.timeout)} at most"
        case Choice():
            words = "decide"
        case Loop() as what:
            words = f"for each of {what.items.text}"
        case Do() as what:
            words = _done(what)
        case Assign() as what:
            words = f"set {', '.join(what.values)}"
        case Stop() as what:
            words = f"stop: {what.reason}"
    return words


def _done(what: Do) -> str:
    action = what.actions[0]
    if action.message is not None:
        return f"notify {', '.join(each.message.to for each in what.actions if each.message)}"
    if action.lapp is not None:
        return f"lapp {action.lapp.name}"
    return f"emit {action.emission.type}" if action.emission is not None else f"post {action.target.url}"
