"""A client of Redis in memory, as far as `Ledger` uses one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hiredis
import redis

from .redis_in_memory import RedisInMemory
from .scripts import Scripts


class Client:
    """As much of `redis.Redis` as the ledger uses. `down` says whether it cannot be reached now; `before` is
    called before each call.
    """

    def __init__(
        self, scripts: Scripts, data: RedisInMemory, down: Callable[[], bool], before: Callable[[], None]
    ) -> None:
        self._scripts = scripts
        self._data = data
        self._down = down
        self._before = before
        self._known: dict[str, str] = {}

    def evalsha(self, digest: str, count: int, *arguments: Any) -> Any:
        self._reach()
        if digest not in self._known:
            raise redis.exceptions.NoScriptError
        return self._run(self._known[digest], count, arguments)

    def eval(self, text: str, count: int, *arguments: Any) -> Any:
        self._reach()
        self._known[hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()] = text
        return self._run(text, count, arguments)

    def _run(self, text: str, count: int, arguments: tuple[Any, ...]) -> Any:
        return self._scripts.run(text, arguments[:count], arguments[count:])

    def get(self, key: str) -> Any:
        self._reach()
        return self._data.call(b"GET", key.encode())

    def xread(self, streams: Mapping[str, str], count: int, block: int | None) -> Any:  # noqa: ARG002  # nobody waits
        self._reach()
        ((key, after),) = streams.items()
        entries = self._data.read_stream(key.encode(), after.encode(), count)
        return [[key.encode(), entries]] if entries else []

    def info(self, *_sections: str) -> Any:
        self._reach()
        return self._data.info()

    def ping(self) -> bool:
        self._reach()
        return True

    def close(self) -> None:
        pass

    def _reach(self) -> None:
        self._before()
        if self._down():
            raise redis.ConnectionError("Connection refused")

    @property
    def connection_pool(self) -> Client:
        """Connections are made by the client itself: each of them leads to the same data."""
        return self

    def make_connection(self) -> Connection:
        return Connection(self)


class Connection:
    """What steps go over: commands come packed as on the wire."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._reader = hiredis.Reader()

    def connect(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def send_packed_command(self, packed: Sequence[bytes]) -> None:
        for part in packed:
            self._reader.feed(part)

    def read_response(self) -> Any:
        """The answer to what was sent. Raises what a server would have answered."""
        command, script, count, *arguments = self._reader.gets()
        call = self._client.evalsha if command == b"EVALSHA" else self._client.eval
        return call(script.decode(), int(count), *arguments)
