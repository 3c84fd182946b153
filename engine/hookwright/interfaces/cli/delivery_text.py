"""One delivery in full, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus

import click

from hookwright.engine.delivery import Received
from hookwright.engine.detail import Detail, Request, Tried

from ..printable import printable, printable_lines
from .colors import STATUS_COLORS

BODY_LIMIT = 4000  # characters of a body shown; `-o json` has all of it


def describe(detail: Detail) -> str:
    """Several lines: what it is, and each attempt with its request and its response."""
    return "\n".join([*_head(detail), *(line for tried in detail.attempts for line in _attempt(tried))])


def _head(detail: Detail) -> Iterator[str]:
    row = detail.row
    status = click.style(row.status, fg=STATUS_COLORS.get(row.status), bold=True)
    tries = "1 attempt" if row.attempts == 1 else f"{row.attempts} attempts"
    reason = f": {printable(row.reason)}" if row.reason else ""
    yield f"{row.id}  {status} after {tries}{reason}"
    subscriber = "/".join(part for part in (row.entity_type, row.entity_id, row.action) if part)
    facts = {
        "subscriber": f"{subscriber}  ({row.place}, revision {row.revision[:19]})",
        "event": f"{row.event_id}  {row.event_type}  from {row.event_source}",
        "message": row.message,
        "accepted": row.accepted,
        "due": row.due,
        "next": row.next or "",
    }
    yield from (f"  {name:<10}  {printable(text)}" for name, text in facts.items() if text)
    for waited in detail.held:
        yield f"  {'held':<10}  {waited.since}  {printable(waited.reason or waited.error or '')}"
    if not detail.attempts:
        yield from _indented(_body(detail.body, detail.encoding), "  ")


def _attempt(tried: Tried) -> Iterator[str]:
    yield ""
    took = f"  {tried.timing.total:.3f} s" if tried.timing else ""
    why = tried.reason or tried.error or ""
    yield printable(f"attempt {tried.attempt}  {tried.ended}  {tried.outcome}{took}  {why}").rstrip()
    if tried.request is not None:
        yield from _request(tried.request)
    if tried.response is not None:
        yield from _response(tried.response)


def _request(request: Request) -> Iterator[str]:
    yield printable(f"  > {request.method} {request.url}")
    yield from _headers(request.headers, "  > ")
    encoding = request.encoding if isinstance(request.encoding, str) else None
    yield from _indented(_body(request.body, encoding), "  > ")


def _response(response: Received) -> Iterator[str]:
    try:
        phrase = f" {HTTPStatus(response.status).phrase}"
    except ValueError:
        phrase = ""
    yield f"  < {response.status}{phrase}"
    yield from _headers(response.headers, "  < ")
    encoding = response.encoding if isinstance(response.encoding, str) else None
    yield from _indented(_body(response.body, encoding), "  < ")
    if response.truncated:
        yield "  < … (the rest was not read)"


def _headers(headers: Sequence[tuple[str, str]], margin: str) -> Iterator[str]:
    yield from (f"{margin}{printable(name)}: {printable(value)}" for name, value in headers)


def _body(body: str, encoding: str | None) -> str:
    name = f"({encoding}) " if encoding else ""
    rest = len(body) - BODY_LIMIT
    cut = body if rest <= 0 else f"{body[:BODY_LIMIT]}\n… ({rest} characters more; -o json has them)"
    return name + printable_lines(cut)


def _indented(text: str, margin: str) -> Iterator[str]:
    if text:
        yield margin.rstrip()
        yield from (f"{margin}{line}".rstrip() for line in text.split("\n"))
