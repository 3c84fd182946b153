"""Keeps secrets out of the record: `Mask` replaces known values wherever and however spelled they appear."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

from .transport import Reply

REDACTED = "[redacted]"


class Mask:
    """Knows some secret values. Without any, everything comes back as it was."""

    __slots__ = ("_bytes", "_text", "values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values = frozenset(value for value in values if value)
        carried = self.values | {value.strip() for value in self.values}  # headers lose blanks at their ends
        spellings = {spelling for value in carried if value for spelling in _spellings(value)}
        # The longest first, so that a secret which contains another one goes as a whole.
        self._text = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self._bytes = [spelling.encode(errors="replace") for spelling in self._text]

    def __call__(self, text: str) -> str:
        found = [spelling for spelling in self._text if spelling in text]
        # All at once, so that no secret is looked for in what stands in place of another one.
        return re.sub("|".join(map(re.escape, found)), REDACTED, text) if found else text

    def raw(self, content: bytes) -> bytes:
        """The same for bytes, before anybody encodes them to a form that hides what they hold."""
        found = [spelling for spelling in self._bytes if spelling in content]
        return re.sub(b"|".join(map(re.escape, found)), REDACTED.encode(), content) if found else content

    def reply(self, reply: Reply) -> Reply:
        """The reply as it may be recorded: headers, body and message masked."""
        if not self.values:
            return reply
        return replace(
            reply,
            headers=tuple((self(name), self(value)) for name, value in reply.headers),
            body=self.raw(reply.body),
            message=self(reply.message),
        )

    def with_values(self, values: Iterable[str]) -> Mask:
        """A mask that knows `values` too; itself when they are nothing new."""
        more = self.values.union(value for value in values if value)
        return self if more == self.values else Mask(more)

    def __repr__(self) -> str:
        return f"Mask({len(self.values)} values)"


def _spellings(value: str) -> set[str]:
    """As it is, percent-encoded (both cases, both styles), inside JSON, and inside HTML."""
    encoded = {quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}
    lowered = {re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), text) for text in encoded}
    in_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, html.escape(value), *encoded, *lowered, *in_json}
