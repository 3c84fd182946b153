"""Which deliveries to show, as people and programs write it: one grammar for the command line and the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hookwright.engine.delivery import Status
from hookwright.engine.history.row import Filter
from hookwright.engine.instant import milliseconds, timestamp
from hookwright.rules.model import EntityType
from hookwright.schemas.catalogue import load_catalogue
from hookwright.schemas.grammar import duration

TYPE_LIMIT = 1000  # characters of a glob; no type is as long, and SQLite takes no endless ones
KINDS = ("event", "batch", "replay", "notice")
_STATUSES = {re.sub(r"\W", "", status).lower(): status for status in Status}


class BadFilter(ValueError):
    """A filter that cannot be read. `name` is its name as in `NAMES`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def read_filter(texts: Mapping[str, str | None], now: int) -> Filter:
    """The filter that `texts` (by the names in `NAMES`) describe. `now` is Unix milliseconds.

    Raises `BadFilter`.
    """
    fields: dict[str, Any] = {}
    for name, text in texts.items():
        if text is not None:
            try:
                fields |= _READERS[name](text, now)
            except ValueError as error:
                raise BadFilter(name, str(error)) from None
    return Filter(**fields)


def _status(text: str, _now: int) -> dict[str, Any]:
    """`In Queue`, `in-queue` and `inqueue` are one."""
    found = _STATUSES.get(re.sub(r"[\s_-]", "", text).lower())
    if found is None:
        raise ValueError(f"{text!r} is none of {', '.join(Status)}")
    return {"status": found}


def _subscriber(text: str, _now: int) -> dict[str, Any]:
    """`leads-to-erp`, or `webhook/leads-to-erp`."""
    kind, slash, identifier = text.rpartition("/")
    return {"entity_id": identifier, **(_entity_type(kind, 0) if slash else {})}


def _entity_type(text: str, _now: int) -> dict[str, Any]:
    if text not in list(EntityType):
        raise ValueError(f"{text!r} is none of {', '.join(EntityType)}")
    return {"entity_type": text}


def _event_type(text: str, _now: int) -> dict[str, Any]:
    """`Lead_Post_Create`, `Lead_*`, or what the catalogue calls it: `Lead Creation`."""
    if len(text) > TYPE_LIMIT:
        raise ValueError(f"{text[:50]!r}… is longer than any type, {len(text)} characters")
    labelled = load_catalogue().by_label.get(text) if " " in text else None
    return {"event_type": labelled.type if labelled else text}


def _kind(text: str, _now: int) -> dict[str, Any]:
    if text not in KINDS:
        raise ValueError(f"{text!r} is none of {', '.join(KINDS)}")
    return {"kind": text}


def _id(text: str, _now: int) -> dict[str, Any]:
    """`dlv_ifyx`, or `ifyx`: the beginning of an id."""
    found = re.fullmatch(r"(?:dlv_)?([a-z2-7]{0,26})", text)
    if not text or found is None:
        raise ValueError(f"{text[:50]!r} is not the beginning of a delivery's id")
    return {"id": f"dlv_{found[1]}"}


def _flag(field: str) -> Callable[[str, int], dict[str, Any]]:
    def read(text: str, _now: int) -> dict[str, Any]:
        if text not in ("true", "false"):
            raise ValueError(f"{text[:50]!r} is neither true nor false")
        return {field: text == "true"}

    return read


def _code(text: str, _now: int) -> dict[str, Any]:
    """`503`, or `5xx` for the whole class."""
    if not re.fullmatch(r"[1-5](xx|[0-9]{2})", text):
        raise ValueError(f"{text!r} is neither a status such as 503 nor a class such as 5xx")
    return {"code": int(text[0]) if text.endswith("xx") else int(text)}


def _moment(field: str) -> Callable[[str, int], dict[str, Any]]:
    def read(text: str, now: int) -> dict[str, Any]:
        """An RFC 3339 time, or how long ago: `7d`."""
        try:
            return {field: now - duration(text)}
        except ValueError:
            pass
        try:
            return {field: milliseconds(text)}
        except ValueError:
            message = f"{text!r} is neither a time such as 2026-11-23T21:04:02Z nor an age such as 7d"
            raise ValueError(message) from None

    return read


def _equal(field: str) -> Callable[[str, int], dict[str, Any]]:
    return lambda text, now: {field: text}  # noqa: ARG005 - one signature for all readers


_READERS: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "status": _status,
    "subscriber": _subscriber,
    "entity_type": _entity_type,
    "event_type": _event_type,
    "event": _equal("event_id"),
    "message": _equal("message"),
    "id": _id,
    "kind": _kind,
    "batch": _equal("batch"),
    "url": _equal("url"),
    "error": _equal("error"),
    "code": _code,
    "since": _moment("since"),
    "until": _moment("until"),
    "open": _flag("open"),
    "undelivered": _flag("undelivered"),
    "test": _flag("test"),
    "notices": _flag("notices"),
}
NAMES = tuple(_READERS)
PARAMETERS = {re.sub(r"_(.)", lambda found: found[1].upper(), name): name for name in NAMES}  # entityType


def read_parameters(words: Mapping[str, str], now: int) -> Filter:
    """The filter that `words` describe, by the names in `PARAMETERS`. Raises `BadFilter`."""
    return read_filter({PARAMETERS[name]: text for name, text in words.items()}, now)


def settle(words: Mapping[str, str], now: int) -> dict[str, str]:
    """The same words, which mean later what they mean now. Raises `BadFilter`."""
    wanted = read_parameters(words, now)
    moments = {"since": wanted.since, "until": wanted.until}
    fixed = {name: timestamp(moment) for name, moment in moments.items() if moment is not None}
    return {**words, **fixed}
