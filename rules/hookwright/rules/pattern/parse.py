"""Parse a pattern as written into its tree, noting every fault with its place and, where known, the fix.

Objects below objects are taken from a list of work, not by recursion, so a deep field costs no stack; only
`$and`, `$or` and `$not` recurse, and how deep they may stand inside each other is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from ..errors import PatternError, Steps
from .alternatives import OPERATORS, parse_alternatives
from .report import Report, kind, shown
from .syntax import All, AnyOf, Field, Node, Not, Pattern

LEVELS: Final = 1000
"""How many keys may lead to a value of a pattern."""
NESTING: Final = 64
"""How many `$and`, `$or` and `$not` may stand inside each other."""

_LOGIC: Final = frozenset({"$and", "$or", "$not"})
_FEWEST: Final = {"$and": 1, "$or": 2}


def parse_pattern(pattern: object) -> Pattern:
    """The tree of a pattern. Raises `PatternError`, its first fault, when it is not valid."""
    root, errors = _parse(pattern)
    if errors:
        raise errors[0]
    return Pattern(root)


def read_pattern(pattern: object) -> Pattern | tuple[PatternError, ...]:
    """The tree of a pattern, or every fault of one that is not valid, in the order of the pattern."""
    root, errors = _parse(pattern)
    return tuple(errors) or Pattern(root)


def pattern_errors(pattern: object) -> tuple[PatternError, ...]:
    """Every fault of a pattern, in the order of the pattern; none when `parse_pattern` takes it."""
    return tuple(_parse(pattern)[1])


def _parse(pattern: object) -> tuple[Node, list[PatternError]]:
    report = Report()
    root = _Parser(report).conjunction(pattern, (), (), 0)
    return root, report.errors


class _Member(NamedTuple):
    """One key of an object and what stands under it. `path`: the fields around it; `at` leads to the key."""

    name: object
    value: object
    path: tuple[str, ...]
    at: Steps


class _Parser:
    def __init__(self, report: Report) -> None:
        self._report = report

    def conjunction(self, written: object, path: tuple[str, ...], at: Steps, nesting: int) -> Node:
        """What an object of fields stands for. With faults noted, the tree is incomplete and for nobody."""
        parts: list[Node] = []
        work = self._members(written, path, at)
        while work:
            member = work.pop()
            if member.name in _LOGIC:
                parts.append(self._logic(str(member.name), member, nesting))
            elif (field := self._field_path(member)) is None:
                continue
            elif isinstance(member.value, Mapping):
                work.extend(self._members(member.value, field, member.at))
            else:
                tests, absent = parse_alternatives(member.value, member.at, self._report)
                parts.append(Field(field, tests, absent, member.at))
        return parts[0] if len(parts) == 1 else All(tuple(parts), at)

    def _members(self, written: object, path: tuple[str, ...], at: Steps) -> list[_Member]:
        """The members of an object, last one first. What is no object, or is empty, is a fault."""
        if not isinstance(written, Mapping):
            self._report.fault(at, f"a pattern is an object of fields, not {kind(written)}")
            return []
        if not written:
            hint = 'name a field; [{"exists": true}] takes any value of it'
            self._report.fault(at, "an empty object is not a pattern", hint)
        if len(at) >= LEVELS:
            self._report.fault(at, f"the pattern is more than {LEVELS} levels deep")
            return []
        members = [_Member(name, value, path, (*at, _step(name))) for name, value in written.items()]
        return members[::-1]

    def _field_path(self, member: _Member) -> tuple[str, ...] | None:
        """The path with this member's name added; None when the name is no name of a field."""
        name = member.name
        if not isinstance(name, str):
            self._report.fault(
                member.at, f"a field name is a string, not {kind(name)}", f'write "{name}" in quotes'
            )
            return None
        if name in OPERATORS:
            self._forgotten_brackets(name, member)
            return None
        return (*member.path, *_unescaped(name).split("."))

    def _forgotten_brackets(self, name: str, member: _Member) -> None:
        field = member.path[-1] if member.path else "Field"
        fix = f'{field}: [{{"{name}": {_sketched(name, member.value)}}}]'
        self._report.fault(
            member.at,
            f'"{name}" is an operator and stands where a field name belongs',
            f'put it into a list: {fix}; a field that is really named so is written "={name}"',
            key=True,
        )

    def _logic(self, name: str, member: _Member, nesting: int) -> Node:
        if nesting >= NESTING:
            self._report.fault(member.at, f'"{name}" stands inside more than {NESTING} others of its kind')
            return All(())
        if name == "$not":
            return Not(self.conjunction(member.value, member.path, member.at, nesting + 1), member.at)
        branches = self._branches(name, member, nesting)
        return AnyOf(branches, member.at) if name == "$or" else All(branches, member.at)

    def _branches(self, name: str, member: _Member, nesting: int) -> tuple[Node, ...]:
        written = member.value
        if not isinstance(written, list | tuple):
            example = f"write it as in {name}: [{{a: [1]}}, {{b: [2]}}]"
            hint = f'{example}; a field that is really named so is written "={name}"'
            self._report.fault(member.at, f'"{name}" takes a list of patterns, not {kind(written)}', hint)
            return ()
        if len(written) < _FEWEST[name]:
            few = "at least two patterns" if name == "$or" else "at least one pattern"
            self._report.fault(member.at, f'"{name}" takes {few}, this list has {len(written) or "none"}')
        return tuple(
            self.conjunction(branch, member.path, (*member.at, position), nesting + 1)
            for position, branch in enumerate(written)
        )


def _step(name: object) -> str | int:
    if type(name) is str:  # nearly always, and asked for every key of every pattern
        return name
    return name if isinstance(name, str | int) and not isinstance(name, bool) else str(name)


def _unescaped(name: str) -> str:
    """`=prefix` names the field "prefix", `==prefix` the field "=prefix"; any other name is as it stands."""
    word = name.lstrip("=")
    return name[1:] if word != name and (word in OPERATORS or word in _LOGIC) else name


def _sketched(name: str, operand: object) -> str:
    """The operand where it can stay as it is, else dots: most operators take no list."""
    takes_list = name in ("anything-but", "number", "numeric")
    stays = takes_list if isinstance(operand, list | tuple) else not isinstance(operand, Mapping)
    return shown(operand) if stays else "..."
