"""`encoder: text`: a text as it is, anything else as the text of its JSON, in UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...content_types import bare_type, with_charset
from ...errors import EncodeError
from ...hookspecs import BodyContext, Encoded, Encoder, hookimpl
from .json import JsonEncoder

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

CONTENT_TYPE = "text/plain"


class TextEncoder:
    """Data that is a text goes out without quotes; other data byte for byte as it was received."""

    name = "text"
    content_types = (CONTENT_TYPE,)
    schema: dict[str, Any] = {}  # noqa: RUF012  # read-only

    def __init__(self) -> None:
        self._json = JsonEncoder()

    def encode(self, value: JSON, context: BodyContext) -> Encoded:
        """Raises `EncodeError` for what is no JSON value, and for a text that UTF-8 cannot say."""
        asked = context.content_type
        header = with_charset(asked if bare_type(asked) == CONTENT_TYPE else CONTENT_TYPE, "utf-8")
        return Encoded(self._body(value, context), (("Content-Type", header),))

    def _body(self, value: JSON, context: BodyContext) -> bytes:
        if not isinstance(value, str):
            return self._json.encode(value, context).body
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise EncodeError("a text in it has half a character (a lone surrogate)") from None


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [TextEncoder()]
