"""Keeps secrets out of the record: `Mask` replaces known values wherever and however spelled they appear."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, takewhile
from typing import TypeAlias
from urllib.parse import quote, quote_plus

from msgspec import structs

from .transport import Reply

Pairs: TypeAlias = tuple[tuple[str, str], ...]

REDACTED = "[redacted]"
SHORT = 4  # characters
QUOTED = 8  # characters of a long value by which a text that quotes only its beginning is told
_runs = re.compile("[0-9A-Za-z]+").findall
_long_runs = re.compile("[0-9A-Za-z]{16,}").findall
_SHORTEST = 16  # characters of a part of a signature that are masked by themselves


class Mask:
    """Knows some secret values. Without any, everything comes back as it was.

    `hidden` are values of redacted fields. One of fewer than `SHORT` characters is masked only where it
    stands as a word: `5` would be found in everything.
    """

    __slots__ = ("_bytes", "_patterns", "_shortest", "_text", "hidden", "values")

    def __init__(self, values: Iterable[str] = (), hidden: Iterable[str] = ()) -> None:
        self.values = frozenset(value for value in values if value)
        self.hidden = frozenset(value for value in hidden if value)
        carried = {*self.values, *(value for value in self.hidden if len(value) >= SHORT)}
        carried |= {value.strip() for value in carried}  # headers lose blanks at their ends
        spellings = {spelling for value in carried if value for spelling in _spellings(value)}
        # The longest first, so that a secret which contains another one goes as a whole.
        self._text = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self._shortest = len(self._text[-1]) if self._text else 0  # characters
        self._bytes = [spelling.encode(errors="replace") for spelling in self._text]
        self._patterns = [_word(value) for value in sorted(self.hidden) if len(value) < SHORT]

    def __call__(self, text: str) -> str:
        found = [re.escape(spelling) for spelling in self._text if spelling in text] + self._patterns
        # All at once, so that no secret is looked for in what stands in place of another one.
        return re.sub("|".join(found), REDACTED, text) if found else text

    def raw(self, content: bytes) -> bytes:
        """The same for bytes, before anybody encodes them to a form that hides what they hold."""
        found = [re.escape(spelling) for spelling in self._bytes if spelling in content]
        found += [pattern.encode() for pattern in self._patterns]
        return re.sub(b"|".join(found), REDACTED.encode(), content) if found else content

    def request(self, url: str, headers: Pairs, masked: int = 0) -> tuple[str, Pairs]:
        """A URL and the values of headers. Nearly always nothing is found, by one look at all of them.

        The first `masked` headers have been masked already.
        """
        if not self._is_in("\n".join([url, *[value for _, value in headers[masked:]]]), b""):
            return url, headers
        return self(url), tuple([(name, self(value)) for name, value in headers])

    def cut(self, text: str) -> str:
        """The same for a text that quotes the beginning of a value: what is left of one goes, too."""
        text = self(text)
        for spelling in self._text:
            if (
                len(spelling) > QUOTED and (at := text.find(spelling[:QUOTED])) >= 0
            ):  # a message quotes it once
                same = takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], spelling, strict=False))
                end = at + sum(1 for _ in same)
                text = f"{text[:at]}{REDACTED}{text[end:]}"
        return text

    def reply(self, reply: Reply) -> Reply:
        """The reply as it may be recorded: headers, body and message masked."""
        return reply if self.leaves(reply, _said(reply)) else self._masked(reply)

    def leaves(self, reply: Reply, said: str) -> bool:
        """Whether a reply stays as it is; `said` is all its text but the body."""
        return not (reply.truncated or self._is_in(said, reply.body))

    def _masked(self, reply: Reply) -> Reply:
        body = self.raw(reply.body)
        return structs.replace(
            reply,
            headers=tuple((self(name), self(value)) for name, value in reply.headers),
            body=self._without_beginning(body) if reply.truncated else body,
            message=self(reply.message),
        )

    def _is_in(self, text: str, content: bytes) -> bool:
        """Whether anything would be masked: it hardly ever would, and this is asked of every answer."""
        if self._patterns:
            return True
        if len(text) >= self._shortest:
            for spelling in self._text:  # a generator for `any` would cost more than the search
                if spelling in text:
                    return True
        if len(content) >= self._shortest:
            for spelled in self._bytes:
                if spelled in content:
                    return True
        return False

    def passing(self, values: tuple[str, ...]) -> PassingMask:
        """A mask for one reply that knows these `values` as well, which no other call carries."""
        return PassingMask(self, values)

    def with_values(self, values: Iterable[str]) -> Mask:
        """A mask that knows `values` too; itself when they are nothing new."""
        more = self.values.union(value for value in values if value)
        return self if more == self.values else Mask(more, self.hidden)

    def hiding(self, hidden: Iterable[str]) -> Mask:
        """A mask that knows these values of redacted fields, too."""
        more = self.hidden.union(value for value in hidden if value)
        return self if more == self.hidden else Mask(self.values, more)

    def _without_beginning(self, body: bytes) -> bytes:
        """A body that was cut may end in the beginning of a value."""
        for spelling in self._bytes:
            for length in range(len(spelling) - 1, SHORT - 1, -1):
                if body.endswith(spelling[:length]):
                    return body[:-length] + REDACTED.encode()
        return body

    def __repr__(self) -> str:
        return f"Mask({len(self.values) + len(self.hidden)} values)"


def _word(value: str) -> str:
    return rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"


class PassingMask:
    """A mask, and values of one call only, such as its signature.

    To spell them out costs more than to sign; so that is done only for a reply that holds a run of their
    letters and digits, which every spelling keeps.
    """

    __slots__ = ("_mask", "_values")

    def __init__(self, mask: Mask, values: tuple[str, ...]) -> None:
        self._mask = mask
        self._values = values

    def reply(self, reply: Reply) -> Reply:
        """The reply as it may be recorded: headers, body and message masked."""
        said = _said(reply)
        echoed = [value for value in self._values if _is_echoed(_run(value), said, reply.body)]
        if not echoed and self._mask.leaves(reply, said):
            return reply
        mask = self._mask.with_values(part for value in echoed for part in _signatures(value))
        return mask.reply(reply)

    def __repr__(self) -> str:
        return f"{self._mask!r} and {len(self._values)} of one call"


def _said(reply: Reply) -> str:
    """All the text of a reply but its body."""
    return "\n".join([reply.message, *chain.from_iterable(reply.headers)])


def _is_echoed(run: str, said: str, content: bytes) -> bool:
    return run in said or run.encode() in content


def _run(value: str) -> str:
    """The longest run of letters and digits, or the end of one: the end of a signature is never its name."""
    return max(_long_runs(value) or _runs(value), key=len, default=value)[-_SHORTEST:]


def _signatures(value: str) -> Iterator[str]:
    """A header's value, and each long part of it: a receiver that takes it to pieces may echo one."""
    yield value
    for part in re.split("[ ,;]", value):
        yield from (each for each in (part, part.partition("=")[2]) if len(each) >= _SHORTEST)


def _spellings(value: str) -> set[str]:
    """As it is, percent-encoded (both cases, both styles), inside JSON, and inside HTML."""
    encoded = {quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}
    lowered = {re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), text) for text in encoded}
    in_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, html.escape(value), *encoded, *lowered, *in_json}
