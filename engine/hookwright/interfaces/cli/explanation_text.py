"""Explanations as people read them: who gets the event first, then what refused it to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import click

from hookwright.engine.delivery import Status
from hookwright.rules.explain import Explanation

from ..printable import printable
from .clause_text import Reason, proofs, reasons
from .colors import symbol
from .explained import Explained, Summary
from .frames import pointed
from .rendered_text import rendered_text

_COLLAPSED = {"enabled": "switched off by `enabled: false`", "event": "other event types"}
_UNTOLD = {
    "source": "more that are for other sources",
    "match": "more whose pattern refuses it",
    "if": "more whose condition is not met",
}
_MOST_SUBSCRIBERS = 20  # that get it, and that do not, told of one by one
_MOST_REASONS = 10  # told of one subscriber
_WHY = {
    "enabled": "it is switched off",
    "event": "it is for other events",
    "source": "it is for other sources",
    "match": "its pattern refuses this event",
    "if": "its condition is not met",
}


def explanation_text(summary: Summary, explained: Sequence[Explained], *, full: bool) -> str:
    """Those who get the event in short, then what refused it to others.

    Unless `full`, subscribers for other events are only counted, and so is what is too much to read.
    """
    getting = [each for each in explained if each.explanation.selected]
    refused = [each for each in explained if not each.explanation.selected]
    detailed = [each for each in refused if full or _stage(each) not in _COLLAPSED]
    blocks = [_head(summary)]
    blocks += ["\n".join(_selected(each, full=full)) for each in _first(getting, full=full)]
    blocks += ["\n".join(_refused(each.explanation, full=full)) for each in _first(detailed, full=full)]
    left_out = _left_out(getting, refused, full=full)
    if left_out:
        blocks.append("\n".join([*left_out, "`--why-not ID` explains one of them, `--all` every one"]))
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


def _first(explained: Sequence[Explained], *, full: bool) -> Sequence[Explained]:
    return explained if full else explained[:_MOST_SUBSCRIBERS]


def _left_out(getting: Sequence[Explained], refused: Sequence[Explained], *, full: bool) -> list[str]:
    """How many are not told of, by what refused them."""
    if full:
        return []
    more = len(getting) - _MOST_SUBSCRIBERS
    lines = [f"{_count(more)} more {'gets' if more == 1 else 'get'} it"] if more > 0 else []
    detailed = [each for each in refused if _stage(each) not in _COLLAPSED]
    stages = Counter(map(_stage, [*detailed[_MOST_SUBSCRIBERS:], *refused]))
    stages.subtract(map(_stage, detailed))
    titles = {**_COLLAPSED, **_UNTOLD}
    return [
        *lines,
        *(f"{title}: {_count(stages[stage])}" for stage, title in titles.items() if stages[stage]),
    ]


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


def _refused(explanation: Explanation, *, full: bool) -> Iterator[str]:
    mark = click.style(symbol(Status.FAILURE), fg="red")
    refused = explanation.refused
    assert refused is not None, "it is not selected"
    stage, clause = refused
    yield f"{mark} {_name(explanation)}  {_WHY[stage]}"
    yield from (f"    holds: {printable(line)}" for line in (_holding(explanation) if full else ()))
    found = reasons(clause)
    for reason in found if full else islice(found, _MOST_REASONS):
        yield from _shown(reason)
    more = sum(1 for _ in found)
    if more:
        yield f"  {more} more like these"


def _holding(explanation: Explanation) -> Iterator[str]:
    """What does not keep it from the event."""
    *before, (_, last) = explanation.stages
    parts = [part for part in last.parts if part.holds] if last.kind == "and" and not last.conflict else []
    for clause in (*(clause for _, clause in before), *parts):
        yield from proofs(clause)


def _shown(reason: Reason) -> Iterator[str]:
    more = (*reason.below, *([f"help: {reason.hint}"] if reason.hint else ()))
    yield from (f"  {line}" for line in pointed(reason.place, reason.text, more))


def _name(explanation: Explanation) -> str:
    return click.style(printable(explanation.name), bold=True)


def _count(number: int) -> str:
    return f"{number} subscriber" if number == 1 else f"{number} subscribers"
