"""A clause in sentences: why it holds, in a line each, or why it does not, each with the place to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hookwright.rules.explain import Clause, Conflict, Expected, Found
from hookwright.rules.explain.wording import either, quoted
from hookwright.rules.pattern.report import kind
from hookwright.schemas.problem import Place

_MOST = 20  # reasons, proofs or branches told of one clause
_MOST_WORDS = 10  # alternatives told of one clause


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that refuses an event: its place, what is wrong there, lines of detail and what may help."""

    place: Place
    text: str
    below: tuple[str, ...] = ()
    hint: str = ""


def proofs(clause: Clause) -> Iterator[str]:
    """Why a clause holds: each condition that does, with the value that meets it."""
    if clause.kind == "field":
        yield _proof(clause)
    elif clause.kind == "event":
        yield _named(clause, "event type")
    elif clause.kind == "source":
        yield _named(clause, "source")
    elif clause.kind == "if":
        yield f"if {clause.expected[0].says}" + (f": {_values(clause)}" if clause.found else "")
    elif clause.kind in {"schedule", "dedupe", "batch"}:
        yield _sending(clause)
    elif clause.kind == "run":
        yield from _begun(clause)
    elif clause.kind == "not":
        yield from (f"not: {reason.text}" for part in clause.parts for reason in _some(reasons(part)))
    else:
        yield from (line for part in _held(clause) for line in proofs(part))
        yield from _left_out(clause)


def reasons(clause: Clause) -> Iterator[Reason]:
    """Why a clause does not hold."""
    if clause.conflict:
        yield _apart(clause.place, clause.conflict)
    elif clause.kind == "or":
        yield from _no_branch(clause)
    elif clause.kind == "not":
        below = tuple(line for part in clause.parts for line in proofs(part))
        yield Reason(clause.place, "what stands under it is met:", below[:_MOST])
    elif clause.kind == "and":
        failing = [part for part in clause.parts if not part.holds]
        for part in failing[:_MOST]:
            yield from reasons(part)
        if not failing or len(failing) > _MOST or clause.hidden:
            yield Reason(clause.place, clause.hint or "more conditions are not met than are shown here")
    else:
        yield Reason(clause.place, _refusal(clause), hint=clause.hint)


def _begun(clause: Clause) -> Iterator[str]:
    """The run that an event begins."""
    key = f", {_values(clause)}" if clause.found else ""
    yield f"begins a run: {clause.hint}{key}"
    if clause.lack:
        yield f"which fails: {clause.lack}"
    yield f"first steps: {'; '.join(each.says for each in clause.expected)}"


def _sending(clause: Clause) -> str:
    """When and with what it goes out."""
    if clause.kind == "dedupe":
        key = f"it has no key: {clause.lack}" if clause.lack else _values(clause)
        return f"{key}; sent if {clause.expected[0].says}"
    return f"held: {clause.hint}" if clause.hint else clause.expected[0].says


def _held(clause: Clause) -> list[Clause]:
    return [part for part in clause.parts if part.holds][:_MOST]


def _left_out(clause: Clause) -> Iterator[str]:
    if clause.hint:
        yield clause.hint
    if clause.hidden or len(clause.parts) > _MOST:
        yield f"and more, of {len(clause.parts) + clause.hidden} conditions"


def _some(found: Iterator[Reason]) -> list[Reason]:
    return [reason for reason, _ in zip(found, range(3), strict=False)]


def _no_branch(clause: Clause) -> Iterator[Reason]:
    count = len(clause.parts) + clause.hidden
    yield Reason(clause.place, f"none of its {count} branches is met:")
    for part in clause.parts[:_MOST]:
        yield from reasons(part)
    if count > _MOST:
        yield Reason(clause.place, f"{count - _MOST} more branches are not shown")


def _apart(place: Place, conflict: Conflict) -> Reason:
    """The conditions once, then what each element has of them."""
    names = [f"({number})" for number in range(1, len(conflict.conditions) + 1)]
    below = [f"{name} {each.says}" for name, each in zip(names, conflict.conditions, strict=True)]
    for element in conflict.elements:
        met = either([names[number] for number in element.meets], "and")
        missed = either(names[number] for number in element.misses)
        below.append(f"{element.path} meets {met}, not {missed}" if met else f"{element.path} meets none")
    if conflict.more:
        below.append(f"and {conflict.more} more elements, none of which meets all")
    return Reason(place, f"no element of {conflict.path or 'the data'} meets all of this:", tuple(below))


def _refusal(clause: Clause) -> str:
    wanted = _wanted(clause.expected)
    if clause.kind in {"event", "source"}:
        return f"the {clause.found[0].path} is {_json(clause.found[0])}; wanted {wanted}"
    if clause.kind == "if":
        values = f"; {_values(clause)}" if clause.found else ""
        return f"it has no value: {clause.lack}{values}" if clause.lack else f"it is false{values}"
    if clause.lack:
        return f"{clause.field} is absent: {clause.lack}; wanted {wanted}"
    return f"{_values(clause)}; wanted {wanted}"


def _proof(clause: Clause) -> str:
    for found in clause.found:
        if found.met is not None:
            said = clause.expected[found.met : found.met + 1]
            wanted = said[0].says if said else "one of its alternatives"
            value = _json(found)
            return f"{found.path} is {value}" if wanted == value else f"{found.path} is {value}: {wanted}"
    why = f": {clause.lack}" if clause.lack else " in the elements chosen"
    return f"{clause.field} is absent{why}"


def _named(clause: Clause, what: str) -> str:
    found = clause.found[0]
    wanted = clause.expected[found.met or 0].says
    return f"{what} {wanted}" if wanted == found.value else f"{what} {quoted(wanted)} selects {found.value}"


def _values(clause: Clause) -> str:
    """`Score is "12"`, or each value with its own way when there are several."""
    shown = [f"{found.path} is {_json(found)}" for found in clause.found]
    if clause.more:
        shown.append(f"{clause.more} more")
    return either(shown, "and")


def _wanted(expected: tuple[Expected, ...]) -> str:
    words = [each.says for each in expected[:_MOST_WORDS]]
    if len(expected) > _MOST_WORDS:
        words.append(f"{len(expected) - _MOST_WORDS} more")
    return either(words)


def _json(found: Found) -> str:
    """A value as JSON, cut where it grows long; what kind it is, where it is an object or a list."""
    value = found.value
    return kind(value) if isinstance(value, list | dict) else quoted(value)
