"""`encoder: json`: the event's data exactly as it came, or compact JSON of whatever a template made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...errors import EncodeError
from ...hookspecs import BodyContext, Encoded, Encoder, hookimpl

if TYPE_CHECKING:
    from hookwright.rules.event import JSON


class JsonEncoder:
    """Data that nobody changed goes out byte for byte: order of keys, spacing and number forms included."""

    name = "json"
    content_types = ("application/json",)
    schema: dict[str, Any] = {}  # noqa: RUF012  # read-only

    def encode(self, value: JSON, context: BodyContext) -> Encoded:
        """Raises `EncodeError` for NaN, infinities and what is no JSON value."""
        return Encoded(context.raw if context.raw is not None else _compact(value))


def _compact(value: JSON) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise EncodeError(f"not a JSON value: {error}") from None
    # A lone surrogate has no UTF-8; what backslashreplace writes for it is JSON's own escape.
    return text.encode("utf-8", errors="backslashreplace")


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [JsonEncoder()]
