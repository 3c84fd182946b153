"""What calls of each identity trust and show, as Python's `ssl` wants it."""

from __future__ import annotations

import os
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import Identity

_MOST = 64  # contexts kept; each holds the roots it trusts


class Trust:
    """Contexts by identity, for any thread. `ca` is a file of roots for those that name none."""

    def __init__(self, ca: str) -> None:
        self._ca = ca
        self._lock = threading.Lock()
        self._usual = ssl.create_default_context(cafile=ca)
        self._usual.minimum_version = ssl.TLSVersion.TLSv1_2
        self._made: dict[Identity, ssl.SSLContext] = {}

    def context(self, identity: Identity | None) -> ssl.SSLContext:
        """Raises OSError, `ssl.SSLError` among them, for what cannot be used."""
        if identity is None:
            return self._usual
        with self._lock:
            made = self._made.get(identity)
            if made is None:
                if len(self._made) >= _MOST:
                    self._made.clear()
                made = self._made[identity] = self._make(identity)
            return made

    def _make(self, identity: Identity) -> ssl.SSLContext:
        usual = None if identity.ca else self._ca
        context = ssl.create_default_context(cafile=usual, cadata=identity.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if identity.certificate:
            with _in_memory(f"{identity.key}\n{identity.certificate}\n") as name:
                context.load_cert_chain(name, password=b"")  # else OpenSSL asks a terminal for one
        return context


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    """A name under which `ssl` can read the text: it takes files only. On Linux no disk ever sees it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("identity")
        try:
            os.write(fd, text.encode())
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
        return
    fd, name = tempfile.mkstemp()  # ours alone to read, and gone at once
    try:
        with os.fdopen(fd, "w") as file:
            file.write(text)
        yield name
    finally:
        with suppress(OSError):
            Path(name).unlink()
