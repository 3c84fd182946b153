"""What a notice says: made of the rows of what failed, kept as JSON, read by the worker that tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hookwright.plugins.hookspecs import FailedDelivery, Notice

from ..identifiers import delivery_id, notice_message_id
from ..instant import milliseconds, timestamp
from ..journal.opened import Noticed
from ..journal.switch import Switch
from .digest import Pair
from .row import Row

_URL, _REASON, _NAME = 500, 300, 200  # characters of each that a notice repeats

_read = msgspec.json.Decoder(Notice).decode


def failure_notice(pair: Pair, first: str, count: int, rows: Sequence[Row], now: int) -> Notice:
    """The notice that `count` deliveries failed, `first` the oldest of them, `rows` the newest, newest first.

    `now` is Unix milliseconds.
    """
    subscriber = f"{pair.entity_type} {pair.entity_id}"
    failures = tuple(map(_failure, rows))
    one = f"A delivery of {subscriber} failed: {_why(failures[0])}" if failures else ""
    title = one if count == 1 and one else f"{count} deliveries of {subscriber} failed"
    return Notice(
        id=notice_message_id(*pair, first),
        kind="failure",
        title=title,
        text="\n".join(_story(pair, title, count, failures)),
        entity_type=pair.entity_type,
        entity_id=pair.entity_id,
        count=count,
        failures=failures,
        at=now // 1000,
    )


def disabled_notice(pair: Pair, first: str, switch: Switch, rows: Sequence[Row], now: int) -> Notice:
    """The notice that a subscriber, or an endpoint of it, was switched off; `rows` are its newest failures.

    `first` is what is said of the first switch that this notice tells, `switch` the last one.
    """
    failures = tuple(map(_failure, rows))
    title = f"{pair.entity_type} {pair.entity_id} was switched off: {_line(switch.reason)}"
    return Notice(
        id=notice_message_id(*pair, first),
        kind="disabled",
        title=title,
        text="\n".join(_switched_off(switch, title, failures)),
        entity_type=pair.entity_type,
        entity_id=pair.entity_id,
        count=len(failures),
        failures=failures,
        at=now // 1000,
    )


def opened_notice(
    notice: Notice, pair: Pair, about: Sequence[str], rows: Sequence[Row], now: int
) -> tuple[Noticed, bytes]:
    """The delivery that tells a notice, and its body. `rows` are what it is about, the newest first."""
    newest = rows[0] if rows else None
    opened = Noticed(
        id=delivery_id(notice.id),
        message=notice.id,
        entity_type=notice.entity_type,
        entity_id=notice.entity_id,
        action=f"notify/{pair.notifier}",
        event_id=newest.event_id if newest else "",
        event_source=newest.event_source if newest else "",
        event_type=newest.event_type if newest else "",
        due=timestamp(now),
        revision=newest.revision if newest else "",
        place=newest.place if newest else "",
        notifier=pair.notifier,
        about=tuple(about),
        tells=pair.tells,
    )
    return opened, msgspec.json.encode(notice)


def read_switch(said: str) -> Switch:
    """A switch as what is to be told names it."""
    return msgspec.json.decode(said, type=Switch)


def read_notice(body: bytes) -> Notice:
    """The notice a delivery carries. Raises `msgspec.DecodeError` when it was written by another version."""
    return _read(body)


def _failure(row: Row) -> FailedDelivery:
    return FailedDelivery(
        delivery=row.id,
        event_type=row.event_type[:_NAME],
        event_id=row.event_id[:_NAME],
        url=(row.url or "")[:_URL],
        attempts=row.attempts,
        code=row.code,
        error=row.error or "",
        reason=row.reason[:_REASON],
        at=milliseconds(row.updated) // 1000,
    )


def _story(pair: Pair, title: str, count: int, failures: Sequence[FailedDelivery]) -> Iterator[str]:
    yield f"{title}."
    yield from _each(failures)
    if count > len(failures):
        yield ""
        yield f"… and {count - len(failures)} more."
    yield ""
    subscriber = f"{pair.entity_type}/{pair.entity_id}"
    yield f"All of them: hookwright history list --status Failure --subscriber {subscriber}"
    yield "Each in full: hookwright history show ID"


def _switched_off(switch: Switch, title: str, failures: Sequence[FailedDelivery]) -> Iterator[str]:
    yield f"{title}."
    yield ""
    yield "Its deliveries are kept, and skipped when they are older than a week."
    yield f"To switch it on again: hookwright subscriber enable {switch.name}"
    if failures:
        yield ""
        yield "What failed last:"
    yield from _each(failures)


def _each(failures: Sequence[FailedDelivery]) -> Iterator[str]:
    for failure in failures:
        yield ""
        yield f"{failure.delivery}  {_line(failure.event_type)}  {_line(failure.event_id)}"
        tries = "1 attempt" if failure.attempts == 1 else f"{failure.attempts} attempts"
        place = f" to {_line(failure.url)}" if failure.url else ""
        yield f"  {timestamp(failure.at * 1000)}{place} after {tries}: {_why(failure)}"


def _why(failure: FailedDelivery) -> str:
    """The last answer, then what else is known."""
    answer = f"status {failure.code}" if failure.code is not None else failure.error
    parts = (part for part in (answer, failure.reason) if part)
    return _line(", ".join(dict.fromkeys(parts))) or "nobody knows why"


def _line(text: str) -> str:
    """One line of printable text: what comes from outside may hold anything."""
    return "".join(char if char.isprintable() else " " for char in text)
