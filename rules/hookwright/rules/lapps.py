"""Lapps: whether those that are to be called exist, and are given the configuration they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.problem import Problem
from hookwright.schemas.schema import Fragments
from hookwright.schemas.wording import show, some

from .bundle import Entry, Part
from .expression.template import is_template
from .expressions import texts_in
from .model import EntityType

Lapps: TypeAlias = Mapping[str, Mapping[str, Any]] | None
"""The schema of each one's configuration; None while no plugins are loaded, and anyone's name is taken."""

_NOT_FILLED = "templates in the `config` of a Lapp cannot be filled in for a `batch`"
_WHOLE = (
    "write the values out, and let the Lapp read the list of events; or switch it off with `batch: false`"
)
_NONE = "no plugin that is loaded here publishes one"


def lapps_of(fragments: Fragments | None) -> Lapps:
    """The Lapps among the schemas of plugins."""
    return None if fragments is None else fragments.get("lapp", {})


def lapp_problems(entry: Entry, lapps: Lapps, *, collected: bool = False) -> Iterator[Problem]:
    """Lapps nobody publishes, those that need a configuration and get none, and templates where events are
    `collected`: a batch is closed elsewhere, and fills in what calls send alone.
    """
    for part in (entry.part,) if entry.kind is EntityType.WEBHOOK else entry.actions():
        if lapps is not None:
            yield from _lapp(part, lapps)
        config = part.part("lapp", "config") if collected else None
        if config and any(
            is_template(text) for key in config.value for _, text in texts_in(config.value[key], ())
        ):
            yield config.problem("HW023", _NOT_FILLED, hint=_WHOLE)


def _lapp(part: Part, lapps: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    said = part.value.get("lapp")
    name = said.get("name") if isinstance(said, dict) else said
    if not isinstance(name, str):
        return
    where = ("lapp", "name") if isinstance(said, dict) else ("lapp",)
    if name not in lapps:
        there = sorted(lapps)
        hint = did_you_mean(name, there) or (f"there are: {some(there)}" if there else _NONE)
        yield part.problem("HW180", f"unknown Lapp {show(name)}", *where, hint=hint)
        return
    needed = lapps[name].get("required", ())
    if needed and not (isinstance(said, dict) and "config" in said):
        hint = f"it stands beside the name: `lapp: {{name: {name}, config: …}}`"
        message = f'missing key "config": the Lapp {show(name)} needs {some(sorted(needed))}'
        yield part.problem("HW014", message, *where, hint=hint)
