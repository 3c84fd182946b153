"""One action that calls a Lapp, under one revision: its configuration made ready, and what came of a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct, structs

from hookwright.plugins.errors import BadReference, MissingSecret
from hookwright.plugins.hookspecs import Lapp, Secrets
from hookwright.plugins.resolving import resolved
from hookwright.rules.event import JSON
from hookwright.rules.telling import LappCall

from ..call.configuring import put_together
from ..call.mask import Mask
from ..call.prepare import SECRETS_KEPT, Refusal
from ..delivery import Delivery, LappRecord, Received
from ..lapp.order import Limits, Order, Report
from .notice_request import revealing

RECORDED = 32 * 1024  # characters of a value that are recorded
OK = 200
_JSON_TYPE = (("content-type", "application/json"),)
_MIB = 1 << 20


class LappRun(Struct, frozen=True):
    """A call that can be made. `mask` knows what must not be recorded of it."""

    order: Order
    mask: Mask
    stage: Literal["test", "live"]


class Ran(Struct, frozen=True):
    """What came of a call. `error` is an `ErrorClass`, None for success; `reason` is for people.

    `response` holds its value, as the body of an answer in JSON. Secrets are masked. `seconds` is how long it
    took.
    """

    error: Literal["lapp", "timeout"] | None
    reason: str
    response: Received | None
    record: LappRecord
    seconds: float


@dataclass(frozen=True, slots=True)
class _Known:
    """A configuration with its secrets, and when they were looked up (Unix seconds)."""

    config: JSON
    made: float


class LappPreparer:
    """Used by one thread at a time. `plugin` is None when no Lapp of that name is loaded here; `limits` holds
    for all but the time, which is the action's `timeout` (milliseconds).
    """

    def __init__(
        self, call: LappCall, plugin: Lapp | None, secrets: Secrets, limits: Limits, timeout: int
    ) -> None:
        self._call = call
        self._plugin = plugin
        self._secrets = secrets
        self._limits = structs.replace(limits, time=timeout / 1000)
        self._known: _Known | None = None
        self._mask = Mask()  # knows every value ever resolved: an old secret may still be shown

    def prepare(self, delivery: Delivery, body: bytes, attempt: int, now: float) -> LappRun | Refusal:
        """The call for try number `attempt` (from 1) at `now` (Unix seconds), or why there is none."""
        name = self._call.name
        if self._plugin is None:
            return Refusal("held", "not_ready", f"no plugin with the Lapp {name!r} is loaded")
        try:
            config: Any = put_together(self._call, self._config(self._plugin, now), delivery.filled)
        except (MissingSecret, BadReference) as error:
            return Refusal("held", "not_ready", self._mask(str(error)))
        except LookupError:
            return Refusal("failure", "template", "nothing was filled in for the templates in its config")
        stage: Literal["test", "live"] = "test" if delivery.test else "live"
        event = {
            "id": delivery.event_id,
            "source": delivery.event_source,
            "type": delivery.event_type,
            "message": delivery.message,
            "delivery": delivery.id,
            "attempt": attempt,
            "entity_type": delivery.entity_type,
            "entity_id": delivery.entity_id,
            "action": delivery.action,
            "stage": stage,
        }
        order = Order(lapp=name, event=event, data=body, config=config, limits=self._limits)
        mask = self._mask.hiding(delivery.hidden) if delivery.hidden else self._mask
        return LappRun(order, mask, stage)

    def _config(self, plugin: Lapp, now: float) -> JSON:
        known = self._known
        if known is None or not known.made <= now < known.made + SECRETS_KEPT:
            self._known = None  # should the next line fail, nothing may be called with old secrets
            config = resolved(dict(self._call.config), plugin.schema, self._secret)
            self._known = known = _Known(config, now)
        return known.config

    def _secret(self, reference: JSON) -> str:
        """Looks a secret up; from here on it is masked wherever it shows."""
        value = self._secrets(reference)
        self._mask = self._mask.with_values(revealing(value))
        return value


def ran(run: LappRun, report: Report) -> Ran:
    """What is recorded of a call, and how it counts."""
    order, mask = run.order, run.mask
    reason = mask(_reason(report, order.limits))
    record = LappRecord(
        name=order.lapp, stage=run.stage, logs=mask(report.logs), error=reason, exit=report.exit
    )
    if report.end != "value":
        error: Literal["lapp", "timeout"] = "timeout" if report.end == "timeout" else "lapp"
        return Ran(error, reason, None, record, report.seconds)
    value = mask(report.value)
    kept = value[:RECORDED]
    body = Received(status=OK, headers=_JSON_TYPE, body=kept, truncated=len(kept) < len(value))
    return Ran(None, "", body, record, report.seconds)


def _reason(report: Report, limits: Limits) -> str:
    """Why it is no success, in one line; "" when it is one."""
    killed: Mapping[str, str] = {
        "timeout": f"it took over {limits.time:g} s, and was killed",
        "memory": f"it took over {limits.memory // _MIB} MiB of memory, and was killed",
        "processor": f"it took over {limits.processor} s of processor time, and was killed",
        "processes": f"it started over {limits.processes} processes, and was killed",
        "size": f"its value takes over {limits.value // _MIB} MiB as JSON",
        "exit": f"it ended without a value: its process {_was(report.exit)}",
    }
    return report.error or killed.get(report.end, "")


def _was(how: str) -> str:
    return f"was {how}" if how.startswith("killed") else how
