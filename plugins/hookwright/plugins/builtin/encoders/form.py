"""`encoder: form`: the event's data as the fields of a form, nested names in brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...content_types import bare_type
from ...fields import ROOM, urlencoded
from ...hookspecs import BodyContext, Encoded, Encoder, hookimpl

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

CONTENT_TYPE = "application/x-www-form-urlencoded"
_LONGER = 8  # times as long as its JSON a form may be


class FormEncoder:
    """What a browser would send, had the data been typed into a form."""

    name = "form"
    content_types = (CONTENT_TYPE,)
    schema: dict[str, Any] = {}  # noqa: RUF012  # read-only

    def encode(self, value: JSON, context: BodyContext) -> Encoded:
        """Raises `EncodeError` for a value without fields (a single text, number, true or false), and for one
        that would be very much longer as a form.
        """
        asked = context.content_type
        header = asked if bare_type(asked) == CONTENT_TYPE else CONTENT_TYPE
        room = max(ROOM, _LONGER * len(context.raw or b""))
        return Encoded(urlencoded(value, room).encode("ascii"), (("Content-Type", header),))


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [FormEncoder()]
