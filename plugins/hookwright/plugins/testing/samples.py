"""What the contract checks give to plugins: values, an attempt, an event, a request, notices."""

from __future__ import annotations

from typing import Any, Literal

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from ..hookspecs import Attempt, BodyContext, FailedDelivery, LappEvent, Notice

VALUES: tuple[Any, ...] = (
    {},
    {"a": 1, "b": [True, None, -0.0, 1e300], "c": {"d": "ü", "e": "\u2028"}},
    {"big": 2**70, "text": "a\r\nb\0", "surrogate": "\ud800", "emoji": "🪝", "": ""},
    {"deep": [[[[[[[[[[]]]]]]]]]]},
    [],
    [{"a": 1}, {"a": 2, "b": "x"}],
    "text\nof two lines",
    "",
    0,
    None,
)
"""Values every encoder must either encode or refuse with a ValueError."""

ATTEMPT = Attempt(
    message="msg_abcdefghijklmnopqrstuvwxyz",
    delivery="dlv_abcdefghijklmnopqrstuvwxyz",
    number=1,
    timestamp=1_700_000_000,
    event_id="evt_1",
    event_source="/test",
    event_type="com.example.test",
    entity_type="webhook",
    entity_id="test",
)


EVENT = LappEvent(
    id=ATTEMPT.event_id,
    source=ATTEMPT.event_source,
    type=ATTEMPT.event_type,
    data={"ProspectID": "p-1", "Score": 42, "Tags": ["a", "ü"]},
    message=ATTEMPT.message,
    delivery=ATTEMPT.delivery,
    attempt=ATTEMPT.number,
    entity_type=ATTEMPT.entity_type,
    entity_id=ATTEMPT.entity_id,
)
"""What a Lapp may be called with; `dataclasses.replace` makes others of it."""


def body_context(content_type: str, raw: bytes | None = None) -> BodyContext:
    """A context to call an encoder with."""
    return BodyContext(
        content_type=content_type,
        event_id=ATTEMPT.event_id,
        event_type=ATTEMPT.event_type,
        entity_type=ATTEMPT.entity_type,
        entity_id=ATTEMPT.entity_id,
        raw=raw,
    )


def bare_request(url: str = "https://receiver.example/hook?team=7") -> PreparedRequest:
    """A request as injectors get it: nothing was prepared, the headers do not care about case."""
    request = PreparedRequest()
    request.method = "POST"
    request.url = url
    request.headers = CaseInsensitiveDict({"Content-Type": "application/json", "webhook-id": ATTEMPT.message})
    request.body = b'{"a": 1}'
    return request


def notice(
    identifier: str, kind: Literal["failure", "disabled", "message", "test"] = "failure", **fields: Any
) -> Notice:
    """A notice to call a notifier with; `fields` replace those of an ordinary one."""
    failures = fields.get("failures", (failed_delivery(1),))
    ordinary: dict[str, Any] = {
        "title": "1 delivery of webhook test failed",
        "text": "1 delivery of webhook test failed.\n\ndlv_1: the receiver answered 500",
        "entity_type": ATTEMPT.entity_type,
        "entity_id": ATTEMPT.entity_id,
        "count": len(failures),
        "failures": failures,
        "at": ATTEMPT.timestamp,
    }
    return Notice(id=identifier, kind=kind, **{**ordinary, **fields})


def failed_delivery(
    number: int, *, url: str = "https://receiver.example/hook", reason: str = ""
) -> FailedDelivery:
    """The failure of the delivery with this number."""
    return FailedDelivery(
        delivery=f"dlv_{number:026}",
        event_type=ATTEMPT.event_type,
        event_id=f"evt_{number}",
        url=url,
        attempts=3,
        code=500 if number % 2 else None,
        error="status" if number % 2 else "timeout",
        reason=reason or "attempts exhausted",
        at=ATTEMPT.timestamp - number,
    )


_HOSTILE = (
    "a\r\nBcc: x@evil.example\r\n\r\n.\r\n\0\x1b[2J<!channel> <b>&amp;</b> 🪝 \ud800 \u2028 {{ 7 * 7 }} "
    + "x" * 9000
)

NOTICES: tuple[Notice, ...] = (
    notice("msg_one"),
    notice("msg_none", failures=()),
    notice("msg_twenty", count=1234, failures=tuple(map(failed_delivery, range(20)))),
    notice("msg_message", "message", title="Big deal", text="Big deal\nworth a call", failures=()),
    notice("msg_disabled", "disabled", title="webhook test is disabled", failures=()),
    notice("msg_test", "test", title="A test", text="", failures=()),
    notice(
        "msg_\r\nX: 1",
        title=_HOSTILE,
        text=_HOSTILE,
        failures=(failed_delivery(3, url=_HOSTILE, reason=_HOSTILE),),
    ),
)
"""A notice of each kind, with no failure and with twenty, and one full of what should not be trusted."""
