"""Explanations as people read them: who gets the event first, then what refused it to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import click

from hookwright.engine.delivery import Status
from hookwright.rules.explain import Explanation

from ..printable import printable
from .clause_text import Reason, proofs, reasons
from .colors import symbol
from .explained import Explained, Summary
from .frames import Secrets, pointed
from .rendered_text import rendered_text

_COLLAPSED = {"enabled": "switched off by `enabled: false`", "event": "other event types"}
_UNTOLD = {
    "source": "more that are for other sources",
    "match": "more whose pattern refuses it",
    "if": "more whose condition is not met",
    "schedule": "more whose schedule is closed",
}
_INDENT = "  "
_MOST_SUBSCRIBERS = 20  # that get it, and that do not, told of one by one
_MOST_REASONS = 10  # told of one subscriber
_WHY = {
    "enabled": "it is switched off",
    "event": "it is for other events",
    "source": "it is for other sources",
    "match": "its pattern refuses this event",
    "if": "its condition is not met",
    "schedule": "its schedule is closed",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """How lines of the bundle are shown: cut to `width` columns, without the `secrets` that stand in them."""

    width: int
    secrets: Secrets


def explanation_text(summary: Summary, explained: Sequence[Explained], lines: Lines, *, full: bool) -> str:
    """Those who get the event in short, then what refused it to others.

    Unless `full`, subscribers for other events are only counted, and so is what is too much to read.
    """
    getting = [each for each in explained if each.explanation.selected]
    refused = [each for each in explained if not each.explanation.selected]
    asked = [each for each in refused if full or _stage(each) not in _COLLAPSED]
    others = [each for each in refused if not full and _stage(each) in _COLLAPSED]
    most = len(explained) if full else _MOST_SUBSCRIBERS
    blocks = [
        _head(summary),
        *("\n".join(_selected(each, full=full)) for each in getting[:most]),
        *("\n".join(_refused(each.explanation, lines, full=full)) for each in asked[:most]),
    ]
    untold = list(_untold(len(getting[most:]), [*others, *asked[most:]]))
    if untold:
        blocks.append("\n".join([*untold, "`--why-not ID` explains one of them, `--all` every one"]))
    return "\n\n".join(blocks)


def _head(summary: Summary) -> str:
    """Who gets it; before that why nobody would, where the event does not come in at all."""
    event_type = printable(summary.given.event.type, 200)
    of = f"{summary.selected} of {_count(summary.total)}"
    rejected = summary.rejected
    if rejected is None:
        return f"{of} {'gets' if 1 in {summary.selected, summary.total} else 'get'} this {event_type}"
    told = [f"{each.pointer}: {each.message}" for each in rejected.problems] or [rejected.detail]
    title = click.style(f"no server takes this {event_type}", bold=True)
    lines = [f"{title}: {rejected.title.lower()}", *(f"    {printable(each)}" for each in told)]
    return "\n".join([*lines, f"if one did, {of} would get it"])


def _untold(getting: int, refused: Sequence[Explained]) -> Iterator[str]:
    """How many are not told of: some that get it, and by what it is refused to others."""
    if getting:
        yield f"{_count(getting)} more {'gets' if getting == 1 else 'get'} it"
    stages = Counter(map(_stage, refused))
    for stage, title in {**_COLLAPSED, **_UNTOLD}.items():
        if stages[stage]:
            yield f"{title}: {_count(stages[stage])}"


def _stage(explained: Explained) -> str:
    refused = explained.explanation.refused
    return refused[0] if refused else ""


def _selected(explained: Explained, *, full: bool) -> Iterator[str]:
    explanation = explained.explanation
    mark = click.style(symbol(Status.SUCCESS), fg="green")
    yield f"{mark} {_name(explanation)}  {click.style(printable(str(explanation.place)), dim=True)}"
    stages = explanation.stages if full or len(explanation.stages) == 1 else explanation.stages[1:]
    for _, clause in stages:
        yield from (f"    {printable(line)}" for line in proofs(clause))
    for request in explained.requests:
        yield ""
        yield from (f"    {line}".rstrip() for line in rendered_text(request))


def _refused(explanation: Explanation, lines: Lines, *, full: bool) -> Iterator[str]:
    mark = click.style(symbol(Status.FAILURE), fg="red")
    refused = explanation.refused
    assert refused is not None, "it is not selected"
    stage, clause = refused
    yield f"{mark} {_name(explanation)}  {_WHY[stage]}"
    yield from (f"    holds: {printable(line)}" for line in (_holding(explanation) if full else ()))
    found = reasons(clause)
    for reason in found if full else islice(found, _MOST_REASONS):
        yield from _shown(reason, lines)
    more = sum(1 for _ in found)
    if more:
        yield f"{_INDENT}{more} more like these"


def _holding(explanation: Explanation) -> Iterator[str]:
    """What does not keep it from the event."""
    *before, (_, last) = explanation.stages
    parts = [part for part in last.parts if part.holds] if last.kind == "and" and not last.conflict else []
    for clause in (*(clause for _, clause in before), *parts):
        yield from proofs(clause)


def _shown(reason: Reason, lines: Lines) -> Iterator[str]:
    more = (*reason.below, *([f"help: {reason.hint}"] if reason.hint else ()))
    width = lines.width - len(_INDENT)
    frame = pointed(reason.place, reason.text, more, secrets=lines.secrets, width=width)
    yield from (_INDENT + line for line in frame)


def _name(explanation: Explanation) -> str:
    return click.style(printable(explanation.name), bold=True)


def _count(number: int) -> str:
    return f"{number} subscriber" if number == 1 else f"{number} subscribers"
