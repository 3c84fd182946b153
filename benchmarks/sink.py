"""A receiver that is never the bottleneck: counts requests and answers 200, in a process of its own.

`python -m benchmarks.sink` prints its port; every line written to its standard input is answered with the
number of requests so far.
"""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Counter:
    def __init__(self) -> None:
        self.requests = 0


class Connection(asyncio.Protocol):
    """Reads just enough HTTP/1.1 to find where each request ends."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.buffer = b""
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answers = 0
        while self._take():
            answers += 1
        if answers:
            self.counter.requests += answers
            self.transport.write(ANSWER * answers)

    def _take(self) -> bool:
        head, blank, _ = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return False
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        end = len(head) + 4 + length
        if len(self.buffer) < end:
            return False
        self.buffer = self.buffer[end:]
        return True


async def main() -> None:
    counter = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counter), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(counter.requests, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
