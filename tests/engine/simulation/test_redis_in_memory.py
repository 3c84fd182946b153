"""Redis in memory answers what a real server answers, command by command."""

from __future__ import annotations

import redis
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.simulation.redis_in_memory import RedisInMemory

KEYS = {kind: st.sampled_from([f"{kind}{n}".encode() for n in range(2)]) for kind in "thlsz"}
words = st.sampled_from([b"a", b"b", b"c", b"7"])
numbers = st.integers(-3, 9).map(lambda n: b"%d" % n)
counts = st.integers(1, 4).map(lambda n: b"%d" % n)
bounds = st.one_of(numbers, numbers.map(lambda n: b"(" + n), st.sampled_from([b"-inf", b"+inf"]))
limit = st.tuples(st.just(b"LIMIT"), st.integers(0, 2).map(lambda n: b"%d" % n), counts)
scores = st.sampled_from([(), (b"WITHSCORES",)])


def command(name: str, *parts) -> st.SearchStrategy[tuple[bytes, ...]]:
    return st.tuples(*parts).map(
        lambda found: (
            name.encode(),
            *(each for part in found for each in (part if isinstance(part, tuple) else (part,))),
        )
    )


t, h, l, s, z = (KEYS[kind] for kind in "thlsz")  # noqa: E741
pairs = st.lists(st.tuples(words, words), min_size=1, max_size=3).map(
    lambda found: tuple(each for pair in found for each in pair)
)
scored = st.lists(st.tuples(numbers, words), min_size=1, max_size=3, unique_by=lambda pair: pair[1]).map(
    lambda found: tuple(each for pair in found for each in pair)
)
offsets = st.integers(0, 5).map(lambda n: b"%d" % n)
several = st.lists(words, min_size=1, max_size=3).map(tuple)
COMMANDS = st.one_of(
    command("SET", t, words),
    command("SET", t, words, st.just(b"NX")),
    command("GET", t),
    command("MGET", t, t),
    command("GETRANGE", t, offsets, offsets),
    command("SETRANGE", t, offsets, words),
    command("DEL", st.one_of(*KEYS.values())),
    command("EXISTS", st.one_of(*KEYS.values())),
    command("HSET", h, pairs),
    command("HSETNX", h, words, words),
    command("HGET", h, words),
    command("HMGET", h, several),
    command("HEXISTS", h, words),
    command("HDEL", h, several),
    command("HLEN", h),
    command("HINCRBY", h, st.just(b"n"), numbers),
    command("RPUSH", l, several),
    command("LPUSH", l, several),
    command("LPOP", l),
    command("LPOP", l, counts),
    command("LLEN", l),
    command("LRANGE", l, numbers, numbers),
    command("LINDEX", l, numbers),
    command("LREM", l, st.just(b"1"), words),
    command("SADD", s, several),
    command("SREM", s, several),
    command("SCARD", s),
    command("SISMEMBER", s, words),
    command("ZADD", z, scored),
    command("ZADD", z, st.sampled_from([b"NX", b"XX", b"GT", b"LT"]), scored),
    command("ZREM", z, several),
    command("ZCARD", z),
    command("ZSCORE", z, words),
    command("ZCOUNT", z, bounds, bounds),
    command("ZRANGE", z, numbers, numbers, scores),
    command("ZRANGEBYSCORE", z, bounds, bounds, scores),
    command("ZRANGEBYSCORE", z, bounds, bounds, limit),
)


def test_every_sequence_of_commands_is_answered_alike(valkey_server):
    real = redis.Redis.from_url(valkey_server.url, protocol=2)  # what scripts see, too

    @given(st.lists(COMMANDS, max_size=25))
    def alike(commands) -> None:
        real.flushall()
        model = RedisInMemory(lambda: 0)
        for each in commands:
            assert model.call(*each) == raw(real, each), each
        assert {key for key in model.data if model.data[key]} == set(real.keys())

    alike()
    real.close()


def raw(client, command):
    """A reply as it came over the wire, without what the client's library makes of it."""
    connection = client.connection_pool.get_connection()
    try:
        connection.send_command(*command)
        return connection.read_response()
    finally:
        client.connection_pool.release(connection)


def test_keys_end_when_their_time_has_come():
    now = [0]
    model = RedisInMemory(lambda: now[0])
    model.call(b"SET", b"k", b"v", b"PX", b"100")
    now[0] = 99
    assert model.call(b"GET", b"k") == b"v"
    now[0] = 100
    assert model.call(b"GET", b"k") is None


def test_a_stream_goes_on_where_it_was_after_it_was_cut():
    model = RedisInMemory(lambda: 5)
    first, second = (model.call(b"XADD", b"s", b"*", b"f", b"%d" % n) for n in range(2))
    assert (first, second) == (b"5-0", b"5-1")
    assert model.call(b"XTRIM", b"s", b"MINID", b"5-2") == 2
    assert model.call(b"XADD", b"s", b"*", b"f", b"2") == b"5-2"
    assert model.read_stream(b"s", b"0", 10) == [(b"5-2", {b"f": b"2"})]
