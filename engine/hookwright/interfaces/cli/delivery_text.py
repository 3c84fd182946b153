"""One delivery in full, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import click
import msgspec
from msgspec import DecodeError

from hookwright.engine.delivery import LappRecord, Received, Status
from hookwright.engine.history.detail import Detail, Request, Tried
from hookwright.engine.history.notice import read_notice
from hookwright.engine.history.row import Row
from hookwright.engine.journal.opened import Batched, Noticed, Replayed

from ..pretty import pretty
from ..printable import printable, printable_lines
from .colors import STATUS_COLORS, symbol
from .row_text import label, subscriber

BODY_LIMIT = 4000  # characters of a body shown; `-o json` has all of it
MEMBERS_SHOWN = 20
_MARKS = {"success": "green", "failure": "red", "retry": "yellow"}


@dataclass(frozen=True, slots=True)
class View:
    """How to show bodies: `laid_out` for people instead of exact, cut after `limit` characters."""

    laid_out: bool = False
    limit: int | None = BODY_LIMIT


def describe(detail: Detail, view: View) -> str:
    """Several lines: what it is, why it is, and each attempt with its request and its response."""
    sections = [_head(detail, view), _members(detail), _rounds(detail), _event(detail, view)]
    lines = [line for section in sections for line in section]
    return "\n".join([*lines, *(line for tried in detail.attempts for line in _attempt(tried, view))])


def _head(detail: Detail, view: View) -> Iterator[str]:
    row = detail.row
    words = f"{symbol(row.status)} {row.status}" if view.laid_out else row.status
    status = click.style(words, fg=STATUS_COLORS.get(row.status), bold=True)
    tries = "1 attempt" if row.attempts == 1 else f"{row.attempts} attempts"
    reason = f": {printable(row.reason)}" if row.reason else ""
    yield f"{row.id}  {status} after {tries}{reason}"
    yield from _facts(_identity(detail))
    yield from _facts(_origin(detail))
    yield from _facts(_times(row))
    for waited in detail.held:
        yield f"  {'held':<10}  {waited.since}  {printable(waited.reason or waited.error or '')}"


def _facts(facts: dict[str, str]) -> Iterator[str]:
    yield from (f"  {name:<10}  {printable(text)}" for name, text in facts.items() if text)


def _identity(detail: Detail) -> dict[str, str]:
    row = detail.row
    called = f" ({label(row.event_type)})" if label(row.event_type) != row.event_type else ""
    said = f"{row.receiver.status}: {row.receiver.reason}".rstrip(": ") if row.receiver else ""
    return {
        "subscriber": f"{subscriber(row)}  ({row.place}, revision {row.revision[:19]})",
        "event": f"{row.event_id}  {row.event_type}{called}  from {row.event_source}",
        "message": row.message,
        "receiver": said,
        "test": "asked for by a person" if row.test else "",
    }


def _origin(detail: Detail) -> dict[str, str]:
    """What opened the delivery, when no event did directly, and the batch it went into."""
    opened, row = detail.opened, detail.row
    if isinstance(opened, Replayed):
        why = f": {opened.why}" if opened.why else ""
        return {"replay": f"{opened.round} of {opened.of}, by {opened.by or 'somebody here'}{why}"}
    if isinstance(opened, Batched):
        key = f", key {opened.key}" if opened.key else ""
        half = f", half of {row.half_of}" if row.half_of else ""
        return {"batch": f"of {row.members}, opened {opened.opened}, closed by {opened.closed}{key}{half}"}
    if isinstance(opened, Noticed):
        count = len(opened.about)
        deliveries = "1 delivery" if count == 1 else f"{count} deliveries"
        return {"notice": f"{opened.tells}, by {opened.notifier}, about {deliveries}"}
    return {"batch": f"went out in {row.batch}" if row.batch else ""}


def _times(row: Row) -> dict[str, str]:
    took = f"  took {row.took:.3f} s" if row.took is not None else ""
    return {
        "accepted": row.accepted,
        "due": row.due,
        "sent": f"{row.transmitted}{took}" if row.transmitted else "",
        "state": row.state if row.status == Status.IN_QUEUE else "",
        "next": row.next or "",
    }


def _members(detail: Detail) -> Iterator[str]:
    members = detail.related.members
    if not members:
        return
    yield from _title("members")
    for each in members[:MEMBERS_SHOWN]:
        yield printable(f"  {each.id}  {each.event_id}  from {each.event_source}")
    rest = len(members) - MEMBERS_SHOWN
    if rest > 0:
        yield f"  and {rest} more: hookwright history list --batch {detail.row.id}"


def _rounds(detail: Detail) -> Iterator[str]:
    """The same message, sent before or again."""
    if not detail.related.rounds:
        return
    yield from _title("replays" if detail.row.round == 0 else "other rounds")
    for each in detail.related.rounds:
        name = f"replay {each.round}" if each.round else "first"
        status = click.style(f"{each.status:<9}", fg=STATUS_COLORS.get(each.status))
        yield f"  {each.id}  {name:<9}  {status}  {each.transmitted or ''}".rstrip()


def _notice(detail: Detail) -> Iterator[str]:
    """What is told, as the notifier gets it."""
    try:
        notice = read_notice(detail.body.encode())
    except DecodeError:  # written by another version
        return
    yield from _title("told" if detail.row.status == Status.SUCCESS else "to be told")
    yield from (f"  {printable(line)}".rstrip() for line in notice.text.split("\n"))


def _event(detail: Detail, view: View) -> Iterator[str]:
    """The event's data where it is not what was sent, and what will be sent where nothing was yet."""
    if isinstance(detail.opened, Noticed):
        yield from _notice(detail)
        return
    if detail.body and not any(tried.request for tried in detail.attempts):
        yield from _title("to be sent" if detail.row.next or not detail.attempts else "data")
        yield from _body(detail.body, detail.encoding, " ", "", view)
    if detail.row.kind == "event" and detail.event is not None and _differs(detail):
        yield from _title("event data")
        yield from _body(bytes(detail.event.data).decode(), None, " ", "", view)


def _differs(detail: Detail) -> bool:
    """Whether an encoder made something else of the data."""
    assert detail.event is not None
    if detail.encoding is not None:
        return True
    try:
        return bool(msgspec.json.decode(detail.body) != msgspec.json.decode(detail.event.data))
    except msgspec.DecodeError:
        return True


def _attempt(tried: Tried, view: View) -> Iterator[str]:
    took = f"  {tried.timing.total:.3f} s" if tried.timing else ""
    why = tried.reason or tried.error or ""
    outcome = click.style(tried.outcome, fg=_MARKS.get(tried.outcome))
    yield ""
    yield (
        click.style(f"attempt {tried.attempt}", bold=True)
        + f"  {tried.ended}  {outcome}{took}  {printable(why)}".rstrip()
    )
    if tried.request is not None:
        yield from _request(tried.request, view)
    if tried.lapp:
        yield from _lapp(tried.lapp, view)
    if tried.response is not None:
        yield from _response(tried.response, view)


def _lapp(lapp: LappRecord, view: View) -> Iterator[str]:
    """Which Lapp was called, how its process ended where that is not as it should be, and what it printed."""
    margin = click.style("  >", fg="blue")
    stage = " (test)" if lapp.stage == "test" else ""
    ended = f"  {lapp.exit}" if lapp.exit else ""
    yield f"{margin} " + click.style(printable(f"lapp {lapp.name}"), bold=True) + stage + ended
    if lapp.error:
        yield f"{margin} " + click.style(printable(lapp.error), fg="red")
    yield from _body(lapp.logs.rstrip("\n"), None, "  |", "", view)


def _request(request: Request, view: View) -> Iterator[str]:
    margin = click.style("  >", fg="blue")
    yield f"{margin} " + click.style(printable(f"{request.method} {request.url}"), bold=True)
    yield from _headers(request.headers, margin)
    encoding = request.encoding if isinstance(request.encoding, str) else None
    yield from _body(request.body, encoding, margin, _content_type(request.headers), view)


def _response(response: Received, view: View) -> Iterator[str]:
    try:
        phrase = f" {HTTPStatus(response.status).phrase}"
    except ValueError:
        phrase = ""
    color = "green" if response.status < 300 else "red"
    margin = click.style("  <", fg=color)
    yield f"{margin} " + click.style(f"{response.status}{phrase}", fg=color, bold=True)
    yield from _headers(response.headers, margin)
    encoding = response.encoding if isinstance(response.encoding, str) else None
    yield from _body(response.body, encoding, margin, _content_type(response.headers), view)
    if response.truncated:
        yield f"{margin} … (the rest was not read)"


def _title(text: str) -> tuple[str, str]:
    return "", click.style(text, bold=True)


def _content_type(headers: Sequence[tuple[str, str]]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _headers(headers: Sequence[tuple[str, str]], margin: str) -> Iterator[str]:
    yield from (
        f"{margin} {click.style(printable(name), fg='cyan')}: {printable(value)}" for name, value in headers
    )


def _body(body: str, encoding: str | None, margin: str, content_type: str, view: View) -> Iterator[str]:
    if not body:
        return
    name = f"({encoding}) " if encoding else ""
    text = pretty(body, content_type) if view.laid_out and not encoding else body
    rest = len(text) - (view.limit or len(text))
    cut = text if rest <= 0 else f"{text[: view.limit]}\n… ({rest} characters more; -o json has them)"
    if margin.strip():
        yield margin
    yield from (f"{margin} {line}".rstrip() for line in (name + printable_lines(cut)).split("\n"))
