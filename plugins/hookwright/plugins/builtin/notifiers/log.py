"""`type: log`: a notice becomes one line in the log of the worker that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...hookspecs import Network, Notice, Notifier, Notify, Secrets, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hookwright.rules.event import JSON

LOGGER = "hookwright.notice"


class LogNotifier:
    """Writes to the logger `hookwright.notice`, so that a notice goes where every log line goes."""

    name = "log"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "object",
        "description": "Writes one line to the log, as an error.",
        "properties": {},
        "additionalProperties": False,
    }

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:  # noqa: ARG002
        import structlog  # noqa: PLC0415  # nothing else of this floor logs that way

        log = structlog.get_logger(LOGGER)

        def write(notice: Notice) -> None:
            level = log.info if notice.kind in {"message", "test"} else log.error
            level(notice.title, **_fields(notice))

        return write


def _fields(notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice.id,
        "kind": notice.kind,
        "subscriber": f"{notice.entity_type}/{notice.entity_id}",
        "failed": notice.count,
        "deliveries": [failure.delivery for failure in notice.failures],
    }


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [LogNotifier()]
