"""A TCP proxy for tests: what passes can be delayed, stalled, throttled, reset, or left half open."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import unquote, urlsplit

_PIECE = 16 * 1024
_AT_ONCE_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


class Proxy:
    """Listens on a port of loopback and passes everything on to `target`, a port or a Redis URL.

    `delay` (seconds) holds up each piece, in both directions; `rate` (bytes a second) throttles; `stalled`
    lets connections stand open and passes nothing; `swallow` takes in what clients send and lets no answer
    back, as a connection does whose far end is gone. All may be changed while it runs.
    """

    def __init__(self, target: int | str) -> None:
        self._target = target
        self.delay = 0.0
        self.rate: float | None = None
        self.stalled = False
        self.swallow = False
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._run(self._listen)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def reset(self) -> None:
        """End every connection with RST."""
        self._run(self._end, _AT_ONCE_RESET)

    def drop(self) -> None:
        """End every connection as a closing peer does."""
        self._run(self._end, None)

    def turn_to(self, target: int | str) -> None:
        """Connections from now on go there; those there are end."""
        self._target = target
        self.drop()

    def close(self) -> None:
        self._run(self._shut)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, what: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what(*arguments), self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _shut(self) -> None:
        self._server.close()
        await self._end(None)
        others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _end(self, linger: bytes | None) -> None:
        for writer in list(self._writers):
            found = writer.get_extra_info("socket")
            if linger is not None and found.family != socket.AF_UNIX:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort() if linger is not None else writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, int):
            return await asyncio.open_connection("127.0.0.1", self._target)
        parts = urlsplit(self._target)
        if parts.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(parts.path))
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far, on = await self._connect()
        except OSError:
            back.close()
            return
        self._writers |= {back, on}
        await asyncio.gather(self._pass(near, on, there=True), self._pass(far, back, there=False))
        self._writers -= {back, on}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, there: bool) -> None:
        try:
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(self.delay + (len(piece) / self.rate if self.rate else 0))
                while self.stalled:
                    await asyncio.sleep(0.01)
                if self.swallow and not there:
                    continue
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
