"""Explanations as JSON, in the form that `schema explanation` describes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hookwright.engine.intake.rejected import Misplaced, Rejected
from hookwright.engine.intake.rendering import Rendered
from hookwright.rules.event import JSON
from hookwright.rules.explain import Clause, Conflict, Expected
from hookwright.rules.pattern.report import kind
from hookwright.schemas.problem import Place

from .explained import Explained, Summary

_LONGEST = 1000  # characters of a value


def document(summary: Summary, explained: Sequence[Explained]) -> dict[str, Any]:
    """The whole answer."""
    return {
        "event": _event(summary),
        "selected": summary.selected,
        "total": summary.total,
        "subscribers": [_subscriber(each) for each in explained],
    }


def lines(summary: Summary, explained: Sequence[Explained]) -> Iterator[dict[str, Any]]:
    """The same subscriber by subscriber, each with the event, so that a line alone can be read."""
    event = _event(summary)
    return ({"event": event, **_subscriber(each)} for each in explained)


def _event(summary: Summary) -> dict[str, Any]:
    event = summary.given.event
    return {
        "type": event.type,
        "id": event.id if summary.given.has_id else None,
        "source": event.source if summary.given.has_source else None,
        "rejected": _rejected(summary.rejected) if summary.rejected else None,
    }


def _rejected(rejected: Rejected) -> dict[str, Any]:
    problems = rejected.problems or (Misplaced(rejected.pointer or "", rejected.detail),)
    return {
        "title": rejected.title,
        "detail": rejected.detail,
        "problems": [{"pointer": each.pointer, "message": each.message} for each in problems],
    }


def _subscriber(explained: Explained) -> dict[str, Any]:
    """One subscriber. `refusedBy` is the stage that said no; later ones were not asked."""
    explanation = explained.explanation
    return {
        "entityType": explanation.entity_type.value,
        "entityId": explanation.id,
        "selected": explanation.selected,
        "refusedBy": explanation.refused[0] if explanation.refused else None,
        "place": _place(explanation.place),
        "stages": [{"stage": stage, "clause": _clause(clause)} for stage, clause in explanation.stages],
        "requests": [_request(each) for each in explained.requests],
    }


def _clause(clause: Clause) -> dict[str, Any]:
    """Every clause has all members, so that a reader need not ask which kind has which."""
    return {
        "kind": clause.kind,
        "holds": clause.holds,
        "place": _place(clause.place),
        "field": clause.field or None,
        "expected": [_expected(each) for each in clause.expected],
        "found": [{"path": each.path, "value": _value(each.value), "met": each.met} for each in clause.found],
        "moreFound": clause.more,
        "lack": clause.lack or None,
        "hint": clause.hint or None,
        "parts": [_clause(part) for part in clause.parts],
        "moreParts": clause.hidden,
        "conflict": _conflict(clause.conflict) if clause.conflict else None,
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "path": conflict.path,
        "conditions": [_expected(each) for each in conflict.conditions],
        "elements": [
            {"path": each.path, "meets": list(each.meets), "misses": list(each.misses)}
            for each in conflict.elements
        ],
        "moreElements": conflict.more,
    }


def _request(rendered: Rendered) -> dict[str, Any]:
    body, encoding = _body(rendered.body)
    batch = rendered.batch
    return {
        "endpoint": rendered.endpoint,
        "method": rendered.method,
        "url": rendered.url,
        "headers": [list(pair) for pair in rendered.headers],
        "body": body,
        "encoding": encoding,
        "delayMs": rendered.delay,
        "batch": None
        if batch is None
        else {"windowMs": batch.window, "maxEvents": batch.max_events, "maxBytes": batch.max_bytes},
        "refusal": None
        if rendered.refusal is None
        else {"error": rendered.refusal[0], "reason": rendered.refusal[1]},
        "authNotShown": rendered.unseen or None,
        "signingNotShown": rendered.unsigned or None,
    }


def _body(body: bytes | None) -> tuple[str | None, str | None]:
    """Text, or base64 with the name of that encoding."""
    try:
        return (None if body is None else body.decode()), None
    except UnicodeDecodeError:
        return base64.b64encode(body or b"").decode(), "base64"


def _expected(expected: Expected) -> dict[str, Any]:
    return {"says": expected.says, "place": _place(expected.place)}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line or None, "column": place.column or None}


def _value(value: JSON) -> JSON:
    """A value as it is, unless it is long: of a text the beginning, of a list or an object what it is."""
    if isinstance(value, str):
        return value[:_LONGEST] + "…" if len(value) > _LONGEST else value
    if isinstance(value, list | dict) and len(json.dumps(value)) > _LONGEST:
        return f"{kind(value)} that is too long to show"
    return value
