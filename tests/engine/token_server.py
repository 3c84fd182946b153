"""A real token server on loopback."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class TokenServer:
    """Answers as told, one after the other, and gives numbered tokens when nothing is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        self.answers: deque[tuple[int, bytes, dict[str, str]]] = deque()
        self.gate = threading.Event()
        self.gate.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((dict(self.headers), parse_qs(raw.decode())))
                number = len(outer.asked)
                outer.gate.wait(10)
                made = json.dumps({"access_token": f"tok-{number}", "expires_in": 1000}).encode()
                status, body, headers = outer.answers.popleft() if outer.answers else (200, made, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def answer(self, status: int, body: bytes | dict, **headers: str) -> None:
        self.answers.append((status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers))

    def stop(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
