"""A `Frame`: what the steps at one place see: results, variables, and which items of loops they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookwright.rules.event import JSON

from .record import StepRecord

SEPARATOR = "@"
"""Between the path of a step and the numbers of the items it is for."""


@dataclass(slots=True)
class Frame:
    """`steps` are the results by the ids of steps, `items` the numbers of the items of the loops around."""

    event: Mapping[str, JSON]
    data: JSON
    steps: dict[str, JSON] = field(default_factory=dict)
    variables: dict[str, JSON] = field(default_factory=dict)
    items: tuple[int, ...] = ()

    def at(self, path: str) -> str:
        """The path of a record: `steps/hello` as it is, `steps/hello@2.0` in loops."""
        return f"{path}{SEPARATOR}{'.'.join(map(str, self.items))}" if self.items else path

    @property
    def scope(self) -> dict[str, JSON]:
        """What expressions and templates are computed from, for now."""
        return {"event": dict(self.event), "data": self.data, "steps": self.steps, "vars": self.variables}

    @property
    def kept_scope(self) -> dict[str, JSON]:
        """The same, as it will still be when the walk has gone on."""
        return {**self.scope, "steps": dict(self.steps), "vars": dict(self.variables)}

    def inside(self, number: int, name: str, item: JSON) -> Frame:
        """That of the steps for one item of a loop, which begins with all there is around it."""
        variables = {**self.variables, name: item}
        return Frame(self.event, self.data, dict(self.steps), variables, (*self.items, number))


def static_path(path: str) -> str:
    """The path of a record without the items it is for."""
    return path.partition(SEPARATOR)[0]


def result_of(record: StepRecord) -> JSON:
    """What later steps see of a step that ended: its output, and `error`, which is null when it went well."""
    output = record.output if isinstance(record.output, dict) else {}
    error: JSON = None
    if record.error is not None:
        error = {"class": record.error.kind, "reason": record.error.reason}
    return {**output, "error": error}
