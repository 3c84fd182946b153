"""A rendered request as it goes over the wire, with what time and secrets will change about it."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from hookwright.engine.intake.rendering import Rendered
from hookwright.rules.model import Batch

from ..printable import printable, printable_lines

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


def rendered_text(rendered: Rendered) -> Iterator[str]:
    """The request line, the headers in their order, an empty line and the body; before them what to know."""
    yield from (f"# {printable(line)}" for line in _remarks(rendered))
    yield f"{rendered.method} {printable(rendered.url)}"
    if rendered.refusal is not None:
        return
    yield from (printable(f"{name}: {value}") for name, value in rendered.headers)
    if rendered.body is not None:
        yield ""
        yield from _body(rendered.body)


def _remarks(rendered: Rendered) -> Iterator[str]:
    yield rendered.endpoint
    if rendered.refusal is not None:
        error, reason = rendered.refusal
        yield f"nothing would be sent: {error}: {reason}"
    if rendered.delay:
        yield f"waits {_duration(rendered.delay)} first"
    if rendered.batch is not None:
        yield _batch(rendered.batch)
    if rendered.unseen:
        yield f"auth {rendered.unseen} adds to it when it is sent; its plugin is not run here"
    if rendered.unsigned:
        yield f"signing {rendered.unsigned} signs it when it is sent; its plugin is not run here"


def _batch(batch: Batch) -> str:
    window = _duration(batch.window)
    return (
        f"waits in a batch, at most {window}, {batch.max_events:,} events or {batch.max_bytes:,} bytes; "
        "this is the list with this event alone"
    )


def _body(body: bytes) -> Iterator[str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        yield f"(base64, {len(body):,} bytes) {base64.b64encode(body).decode()}"
        return
    yield from printable_lines(text).split("\n")


def _duration(milliseconds: int) -> str:
    """As a bundle says it: `1h30m`."""
    text, left = "", milliseconds
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text
