"""A load of POSTs from one process: wrk where it is installed, else raw sockets; neither is the bottleneck.

`python -m benchmarks.load URL SECONDS CONNECTIONS < body` prints the answers by status, as JSON.
"""

from __future__ import annotations

import json
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 32
_WRK = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open("%s", "rb"):read("*a")
"""
_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}).*?\r\ncontent-length: (\d+)\r\n", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a load got: requests answered 202, and others; the seconds it took."""

    accepted: int
    refused: int
    seconds: float


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "raw sockets"


def post(url: str, body: bytes, seconds: float, *, core: int, connections: int = CONNECTIONS) -> Answered:
    """Send `body` again and again over kept connections, from a process on `core`."""
    prefix = ["taskset", "-c", str(core)] if shutil.which("taskset") else []
    if shutil.which("wrk"):
        return _wrk(prefix, url, body, seconds, connections)
    command = [*prefix, sys.executable, "-m", "benchmarks.load", url, str(seconds), str(connections)]
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    return Answered(**json.loads(done.stdout))


def _wrk(prefix: list[str], url: str, body: bytes, seconds: float, connections: int) -> Answered:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        script = Path(folder) / "post.lua"
        script.write_text(_WRK % (Path(folder) / "body"), encoding="utf-8")
        command = [
            *prefix,
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(round(seconds), 1)}s",
            "-s",
            str(script),
            url,
        ]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)(m?)s", text)
    assert found, text
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    refused = int(others[1]) if others else 0
    return Answered(int(found[1]) - refused, refused, float(found[2]))


def _raw(url: str, body: bytes, seconds: float, connections: int) -> Answered:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    selector = selectors.DefaultSelector()
    buffers: dict[socket.socket, bytes] = {}
    for _ in range(connections):
        made = socket.create_connection((parts.hostname, parts.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(made, selectors.EVENT_READ)
        buffers[made] = b""
        made.sendall(request)
    statuses: Counter[bytes] = Counter()
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        for key, _ in selector.select(0.1):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            data = buffers[connection] + connection.recv(65536)
            head_end = data.find(b"\r\n\r\n")
            found = _ANSWER.match(data)
            if head_end < 0 or not found or len(data) < head_end + 4 + int(found[2]):
                buffers[connection] = data
                continue
            buffers[connection] = b""
            statuses[found[1]] += 1
            connection.sendall(request)
    accepted = statuses[b"202"]
    return Answered(accepted, statuses.total() - accepted, time.monotonic() - began)


def main() -> None:
    url, seconds, connections = sys.argv[1:]
    found = _raw(url, sys.stdin.buffer.read(), float(seconds), int(connections))
    print(json.dumps({"accepted": found.accepted, "refused": found.refused, "seconds": found.seconds}))


if __name__ == "__main__":
    main()
