"""Logs: one event a line on standard error, JSON unless it is a terminal, ids bound, nothing unescaped."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from .printable import printable

FIELD_LIMIT = 4096  # characters of one field; a log line is for reading


def configure(
    stream: IO[str] | None = None, *, terminal: bool | None = None, level: int = logging.INFO
) -> None:
    """Sends structlog's and the standard library's records to `stream` (default: standard error).

    `terminal` chooses text over JSON; left out, the stream is asked. Tracebacks never show local variables.
    """
    out = stream or sys.stderr
    as_text = out.isatty() if terminal is None else terminal
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _bounded,
                _text if as_text else structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


bind: Callable[..., Any] = structlog.contextvars.bind_contextvars
"""`bind(event=…, delivery=…, subscriber=…, revision=…)`: ids on every following line of this context."""


def _bounded(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Every text field cut to `FIELD_LIMIT`, whoever sent it."""
    return {name: _cut(value) for name, value in fields.items()}


def _cut(value: Any) -> Any:
    if isinstance(value, bytes):
        value = value[: FIELD_LIMIT + 1].decode("latin-1")
    if isinstance(value, str) and len(value) > FIELD_LIMIT:
        return value[:FIELD_LIMIT] + "…"
    return value


_HEAD = ("timestamp", "level", "event", "logger", "exception")


def _text(_logger: WrappedLogger, _method: str, fields: EventDict) -> str:
    """`12:00:01 info    accepted  event=evt_… delivery=dlv_…`, each value escaped on its own."""
    pairs: Sequence[str] = [
        f"{name}={printable(str(value))}" for name, value in fields.items() if name not in _HEAD
    ]
    when = str(fields.get("timestamp", ""))[11:19]
    line = f"{when} {fields.get('level', ''):<7} {printable(str(fields.get('event', '')))}"
    trace = fields.get("exception")
    lines = [] if not trace else [printable(part) for part in str(trace).splitlines()]
    return "\n".join([" ".join([line, *pairs]), *lines])
