"""Why an `if` is true of an event or not: the fields that the expression names, with their values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from jinja2 import nodes

from hookwright.schemas.problem import Place

from ..condition import Condition, holds
from ..errors import ExpressionError
from ..event import JSON, Event
from ..expression.syntax import read
from .clause import Clause, Expected, Found
from .leaves import Way, way_text
from .wording import either

MOST_NAMES = 20
_FAILURE = "nothing is sent, and the delivery is recorded as a Failure of class expression"


def explain_condition(asked: Condition, event: Event, place: Place) -> Clause:
    """The clause of an `if`. One that has no value for this event says no, which is a Failure of its own."""
    text = str(asked).lower() if isinstance(asked, bool) else asked.text
    lack = hint = ""
    try:
        held = holds(asked, event)
    except ExpressionError as error:
        held, lack, hint = False, str(error), _FAILURE
    names = [] if isinstance(asked, bool) else list(dict.fromkeys(_names(read(text))))
    looked_up = [(name, _found(name, event)) for name in names]
    found = [each for _, each in looked_up if each is not None]
    if not held and not hint:
        hint = _absent([name for name, each in looked_up if each is None])
    return Clause(
        kind="if",
        holds=held,
        place=place,
        expected=(Expected(text, place),),
        found=tuple(found[:MOST_NAMES]),
        more=max(len(found) - MOST_NAMES, 0),
        lack=lack,
        hint=hint,
    )


def _absent(names: list[tuple[str | int, ...]]) -> str:
    ways = [way_text(reduce(Way, name, None)) for name in names[:MOST_NAMES]]
    return f"the event has no {either(ways)}" if ways else ""


def _names(node: nodes.Node) -> Iterator[tuple[str | int, ...]]:
    """The longest ways into the event that an expression names: `data.Items[0].Sku`."""
    way = _way(node)
    if way:
        yield way
        return
    for below in node.iter_child_nodes():
        yield from _names(below)


def _way(node: nodes.Node) -> tuple[str | int, ...]:
    """The steps of a name and the fields behind it; none for anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        above = _way(node.node)
        return (*above, node.attr) if above else ()
    if isinstance(node, nodes.Getitem):
        above, step = _way(node.node), _step(node.arg)
        return (*above, step) if above and step is not None else ()
    return ()


def _step(node: nodes.Node) -> str | int | None:
    """A name or a position that is written out; from the end, as `-1`, it is the negative of a constant."""
    sign = -1 if isinstance(node, nodes.Neg) else 1
    constant = node.node if isinstance(node, nodes.Neg) else node
    step = constant.value if isinstance(constant, nodes.Const) else None
    if isinstance(step, int) and not isinstance(step, bool):
        return sign * step
    return step if isinstance(step, str) and sign > 0 else None


def _found(steps: tuple[str | int, ...], event: Event) -> Found | None:
    """The value at these steps; None where there is none."""
    value: JSON = {"event": event.attributes, "data": event.data}
    way: Way | None = None
    for step in steps:
        inside = isinstance(value, dict) and step in value
        if isinstance(value, list) and isinstance(step, int):
            inside = -len(value) <= step < len(value)
        if not inside:
            return None
        value, way = value[step], Way(way, step)  # type: ignore[index]  # as `inside` says
    return Found(way_text(way), value)
