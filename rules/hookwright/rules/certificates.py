"""Certificates that targets name: read once a load, and put into the source, since workers have no files."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hookwright.schemas.problem import Problem
from hookwright.schemas.wording import show

from .bundle import Part
from .named_files import NamedFiles
from .paths import missing_problems

LARGEST = 256 * 1024  # bytes; whole collections of roots are of this size
KEYS = ("ca", "certificate")

_ELSEWHERE = "only webhooks that stand in a bundle of files can name some"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates below a bundle's folder; a bundle without one (`root` is None) names none."""

    root: Path | None
    files: NamedFiles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", NamedFiles(self.root, read_certificates))

    def problems(self, target: Part) -> Iterator[Problem]:
        """What is wrong with the certificates of a target, which are read here."""
        part = target.part("tls")
        for key in KEYS if part else ():
            name = part.value.get(key) if part else None
            if part is None or not isinstance(name, str) or not name:
                continue
            if self.root is None:
                yield part.problem("HW110", f"there is no file {show(name)}", key, hint=_ELSEWHERE)
                continue
            missing = list(missing_problems(part, key, self.root))
            yield from missing
            if not missing and (fault := self.files.fault(name, self.root)):
                yield part.problem("HW110", f"{show(name)} cannot be used: {fault}", key)


def read_certificates(file: Path) -> str:
    """The PEM text of a file of certificates. Raises OSError or ValueError, each with words for people.

    A private key beside them is refused: what is published is no place for one.
    """
    with file.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("it is larger than 256KiB")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise ValueError("it holds no certificate in PEM") from None
    if "PRIVATE KEY-----" in text:
        raise ValueError("it holds a private key, which belongs into a secret, named under `key`")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError("it holds no certificate in PEM") from None
    return text
