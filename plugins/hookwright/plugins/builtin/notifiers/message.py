"""Writes the mail message of a notice: plain text, with headers nobody's text can add to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...hookspecs import Notice

_LONGEST_SUBJECT = 200
_LONGEST_TEXT = 100_000
_NOT_IN_AN_ID = re.compile(r"[^0-9A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends, and who gets it: addresses as written, `ops@example.com` or `Ops <ops@example.com>`."""

    sender: str
    recipients: tuple[str, ...]

    @property
    def sender_address(self) -> str:
        return _address(self.sender).addr_spec

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bare addresses of the recipients, each once."""
        return tuple(dict.fromkeys(_address(one).addr_spec for one in self.recipients))


def message(notice: Notice, envelope: Envelope) -> EmailMessage:
    """The message, the same for every try of the notice, so that a mailbox can tell a second copy."""
    sender = _address(envelope.sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = [_plain(_address(one)) for one in envelope.recipients]
    mail["Subject"] = _line(notice.title)
    mail["Date"] = datetime.fromtimestamp(notice.at, UTC)
    mail["Message-ID"] = f"<{_NOT_IN_AN_ID.sub('-', notice.id)[:100] or 'notice'}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine should answer
    mail.set_content(_body(notice.text), cte="base64")
    return mail


def _address(written: str) -> Address:
    name, bracket, rest = written.rpartition("<")
    return Address(_words(name).strip('"') if bracket else "", addr_spec=rest.rstrip(">").strip())


def _plain(address: Address) -> Address:
    """Without a name beyond ASCII: where Python folds a list with one, it loses the comma behind it."""
    return address if address.display_name.isascii() else Address(addr_spec=address.addr_spec)


def _line(text: str) -> str:
    """Control characters would end the header, or be refused by servers."""
    return _words(text)[:_LONGEST_SUBJECT] or "Hookwright"


def _body(text: str) -> str:
    lines = text[:_LONGEST_TEXT].splitlines()
    return "\n".join("".join(_printable(line)) for line in lines) + "\n"


def _words(text: str) -> str:
    return " ".join("".join(_printable(text)).split())


def _printable(text: str) -> Iterator[str]:
    return (letter if letter.isprintable() or letter == "\t" else " " for letter in text)
