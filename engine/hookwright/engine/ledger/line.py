"""A connection of its own for the script that is called all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import redis
from hiredis import pack_command

from .lua import KEYS, Argument, Script

Call: TypeAlias = tuple[Script, Sequence[Argument]]
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

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Run several, one after the other, sent and answered in one go. Raises redis.RedisError; then others
        of them may have been run.
        """
        try:
            answers = self._ask_all(calls)
        except BaseException:
            self.close()
            raise
        for index, (answer, call) in enumerate(zip(answers, calls, strict=True)):
            if isinstance(answer, redis.exceptions.NoScriptError):
                answers[index] = self(*call)
            elif isinstance(answer, redis.exceptions.ResponseError):
                raise answer
        return answers

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _ask_all(self, calls: Sequence[Call]) -> list[Any]:
        connection = self._connected()
        told: list[Any] = [("EVALSHA", script.digest, 1, KEYS, *arguments) for script, arguments in calls]
        connection.send_packed_command([b"".join(map(pack_command, told))])
        answers: list[Any] = []
        for _ in calls:
            try:
                answers.append(connection.read_response())
            except redis.exceptions.ResponseError as error:
                answers.append(error)
        return answers

    def _connected(self) -> Any:
        if self._connection is None:
            connection = self._connect()
            connection.connect()  # type: ignore[no-untyped-call]
            self._connection = connection
        return self._connection

    def _ask(self, command: str, script: str, arguments: Sequence[Argument]) -> Any:
        connection = self._connected()
        told: Any = (command, script, 1, KEYS, *arguments)  # the stub knows tuples of one item only
        connection.send_packed_command([pack_command(told)])
        if self.meanwhile is not None:
            fd = connection._sock.fileno()  # noqa: SLF001  # nothing public tells it
            self.meanwhile(fd, connection.socket_timeout)
        return connection.read_response()
