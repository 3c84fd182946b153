"""The ledger's own Lua scripts, run by Lua 5.1 against Redis in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import redis
from lupa import lua51  # type: ignore[import-untyped]

from .keys import RedisFault
from .redis_in_memory import RedisInMemory
from .sorted_sets import number

PACK = msgspec.msgpack.Encoder().encode
Change = tuple[str, str]  # a piece of a script's text, and what stands there instead

_SANDBOX = """
function(call, unpack_, pack, decode, encode)
  redis = {
    call = function(...)
      local reply = call(...)
      if type(reply) == 'table' and reply.err then error(reply.err, 0) end
      return reply
    end,
    error_reply = function(text) return { err = text } end,
  }
  cmsgpack = { unpack = unpack_, pack = pack }
  cjson = { decode = decode, encode = encode }
end
"""


class Scripts:
    """One Lua state with all scripts that were run; `changes` are made to their text first.

    Each change must find its piece in at least one script, else `unused` names it: a change that changes
    nothing would prove nothing.
    """

    def __init__(self, data: RedisInMemory, changes: Mapping[str, Change] | None = None) -> None:
        self._data = data
        self._lua = lua51.LuaRuntime(encoding=None, unpack_returned_tuples=False)
        self._load = self._lua.eval(b"loadstring")
        self._globals = self._lua.globals()
        self._changes = dict(changes or {})
        self.unused = set(self._changes)
        self._functions: dict[bytes, Any] = {}
        self._lua.eval(_SANDBOX.encode())(self._call, self._unpack, self._pack, self._decode, self._encode)

    def run(self, text: str, keys: tuple[Any, ...], arguments: tuple[Any, ...]) -> Any:
        """What a script answers, as a client sees it. Raises `redis.ResponseError`."""
        function = self._functions.get(text.encode()) or self._compile(text)
        self._globals[b"KEYS"] = self._table([_text(each) for each in keys])
        self._globals[b"ARGV"] = self._table([_text(each) for each in arguments])
        answer = self._reply(function())
        if isinstance(answer, RedisFault):
            raise redis.ResponseError(str(answer))
        return answer

    def _compile(self, text: str) -> Any:
        changed = text.partition("\n")[2]  # without the line that says how Redis is to run it
        for name, (old, new) in self._changes.items():
            if old in changed:
                self.unused.discard(name)
                changed = changed.replace(old, new)
        loaded = self._load(changed.encode())
        if loaded is None or isinstance(loaded, tuple):
            raise AssertionError(f"a script does not compile: {loaded}")
        self._functions[text.encode()] = loaded
        return loaded

    # Lua asks.

    def _call(self, command: bytes, *arguments: Any) -> Any:
        try:
            reply = self._data.call(command, *(_text(each) for each in arguments))
        except RedisFault as fault:
            return self._table({b"err": str(fault).encode()})
        if reply == b"OK":
            return self._table({b"ok": reply})
        return self._to_lua(reply)

    def _unpack(self, packed: bytes) -> Any:
        return self._to_lua(msgspec.msgpack.decode(packed))

    def _pack(self, value: Any) -> bytes:
        return PACK(self._to_python(value))

    def _decode(self, text: bytes) -> Any:
        return self._to_lua(json.loads(text))

    def _encode(self, value: Any) -> bytes:
        return json.dumps(self._to_python(value), separators=(",", ":")).encode()

    # Values on their way.

    def _table(self, value: Any) -> Any:
        return self._lua.table_from(value)

    def _to_lua(self, value: Any) -> Any:
        match value:
            case None:
                return False
            case str():
                return value.encode()
            case list() | tuple():
                return self._table([self._to_lua(each) for each in value])
            case dict():
                return self._table({_text(key): self._to_lua(each) for key, each in value.items()})
        return value

    def _to_python(self, value: Any) -> Any:
        """A Lua value as text, numbers, lists and maps; an empty table is a list."""
        kind = lua51.lua_type(value)
        if kind != "table":
            return value.decode(errors="surrogateescape") if isinstance(value, bytes) else _whole(value)
        size = len(value)
        if size or not list(value.keys()):
            return [self._to_python(value[index]) for index in range(1, size + 1)]
        return {_text(key).decode(): self._to_python(each) for key, each in value.items()}

    def _reply(self, value: Any) -> Any:
        """As Redis answers: numbers cut to whole ones, false as nothing, a list up to its first hole."""
        if lua51.lua_type(value) != "table":
            if isinstance(value, bool):
                return 1 if value else None
            return int(value) if isinstance(value, float) else value
        if value[b"err"] is not None:
            return RedisFault(value[b"err"].decode())
        if value[b"ok"] is not None:
            return value[b"ok"]
        found = []
        index = 1
        while (each := value[index]) is not None:
            found.append(self._reply(each))
            index += 1
        return found


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return number(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == int(value) else value
