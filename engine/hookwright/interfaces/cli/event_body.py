"""The event that `emit` sends: data as given or the catalogue's sample, and what `--set` puts into it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from hookwright.engine.strictjson import BadJSON, decode
from hookwright.rules.event import JSON
from hookwright.schemas.catalogue import CatalogueError, CatalogueEvent
from hookwright.schemas.nearest import did_you_mean

from ..event_types import event_types
from ..overrides import Override, names
from .exits import Exit, Stop
from .output import note


@dataclass(frozen=True, slots=True)
class Draft:
    """An event still to be sent: its type as on the wire, and the bytes of its data."""

    type: str
    data: bytes

    def body(self, attributes: Mapping[str, str | None]) -> bytes:
        """The request's body. The data stands in it byte for byte."""
        given = {name: value for name, value in attributes.items() if value is not None}
        head = json.dumps({"type": self.type, **given}).encode()
        return head[:-1] + b',"data":' + self.data + b"}"


def draft(name: str, given: str | None, overrides: Sequence[Override]) -> Draft:
    """The event of that type or label. Without `given` its data is the catalogue's sample, else empty.

    Says on standard error when the sample is sent. Ends the command when something cannot be read.
    """
    try:
        event = event_types().find(name)
        catalogued = event if isinstance(event, CatalogueEvent) else None
        raw = _data(given) if given is not None else _sample(catalogued)
    except CatalogueError as error:
        raise Stop(Exit.NO, f"the catalogue cannot be used: {error}") from None
    return Draft(name if event is None else event.type, _with(overrides, raw, is_sample=given is None))


def parse_overrides(
    _ctx: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> tuple[Override, ...]:
    """Reads every `--set` before anything is sent."""
    try:
        return tuple(Override.parse(value) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _sample(event: CatalogueEvent | None) -> bytes:
    if event is None:
        return b"{}"
    payload = event.payload
    note(f"no --data: this is the sample of {event.type} ({payload.status}; see `hookwright events show`)")
    return payload.text.encode()


def _data(given: str) -> bytes:
    """The bytes of `--data`, checked to be JSON so that they cannot be anything else inside the request."""
    raw, name = _read(given)
    try:
        decode(raw)
    except BadJSON as problem:
        raise Stop(Exit.NO, f"{name}:{problem.line}:{problem.column}: {problem.message}") from None
    return raw


def _read(given: str) -> tuple[bytes, str]:
    if given == "-":
        return sys.stdin.buffer.read(), "standard input"
    if not given.startswith("@"):
        return given.encode("utf-8", "surrogateescape"), "--data"
    try:
        return Path(given[1:]).read_bytes(), given[1:]
    except OSError as error:
        raise Stop(Exit.USAGE, f"{given[1:]}: {error.strerror}") from None


def _with(overrides: Sequence[Override], raw: bytes, *, is_sample: bool) -> bytes:
    """`raw` with each value in its place; the very same bytes when there is none."""
    if not overrides:
        return raw
    data: JSON = decode(raw)
    for override in overrides:
        if is_sample:
            _doubt(override, data)
        try:
            data = override.apply(data)
        except ValueError as error:
            raise Stop(Exit.USAGE, f"--set: {error}") from None
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _doubt(override: Override, data: JSON) -> None:
    """A name that the sample lacks is set all the same, but a slip of the pen is told."""
    hint = did_you_mean(override.name, names(data)) if override.is_new(data) else None
    if hint:
        note(f"warning: the sample has no {override.name} ({hint})")
