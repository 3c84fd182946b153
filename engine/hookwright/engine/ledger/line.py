"""A connection of its own for the script that is called all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import redis
from hiredis import pack_command

from .lua import KEYS, Argument, Script

Meanwhile: TypeAlias = Callable[
    [int, float], None
]  # returns once a socket can be read, or after so many seconds


class Line:
    """Calls scripts as `Script` does, without what a client does around each command. Used by one thread.

    It connects when it is first used, and anew after any failure: then nobody knows whose answer comes next.
    `meanwhile` is what the thread does while Redis works, if there is anything.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.meanwhile: Meanwhile | None = None
        self._connect = client.connection_pool.make_connection
        self._connection: Any = None

    def __call__(self, script: Script, arguments: Sequence[Argument]) -> Any:
        """Run it. Raises redis.RedisError."""
        try:
            return self._ask("EVALSHA", script.digest, arguments)
        except redis.exceptions.NoScriptError:
            return self._ask("EVAL", script.text, arguments)
        except redis.exceptions.ResponseError:
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _ask(self, command: str, script: str, arguments: Sequence[Argument]) -> Any:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect()
            connection.connect()  # type: ignore[no-untyped-call]
        told: Any = (command, script, 1, KEYS, *arguments)  # the stub knows tuples of one item only
        connection.send_packed_command([pack_command(told)])
        if self.meanwhile is not None:
            fd = connection._sock.fileno()  # noqa: SLF001  # nothing public tells it
            self.meanwhile(fd, connection.socket_timeout)
        return connection.read_response()
