"""A receiver that notes when each body came; every body is JSON with a `name`."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Collection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Arrivals:
    """Listens on loopback; `times` are the monotonic clock's seconds by name."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, names: Collection[str]) -> None:
        deadline = time.monotonic() + 60
        while missing := len(set(names) - self.times.keys()):
            if time.monotonic() > deadline:
                sys.exit(f"{missing} of {len(names)} did not arrive")
            time.sleep(0.05)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        buffer = b""
        while data := connection.recv(65536):
            now = time.monotonic()
            buffer += data
            head, blank, rest = buffer.partition(b"\r\n\r\n")
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if blank and len(rest) >= length:
                self.times[json.loads(rest[:length])["name"]] = now
                buffer = rest[length:]
                connection.sendall(ANSWER)
