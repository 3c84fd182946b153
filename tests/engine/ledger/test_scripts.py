"""The scripts: Redis takes each of them, also those that run once in a blue moon."""

from __future__ import annotations

from importlib import resources

import pytest
import redis

from hookwright.engine.ledger import lua

FILES = [each.name for each in resources.files(lua.__name__).iterdir()]
NAMES = sorted({name.removesuffix(".lua") for name in FILES if name.endswith(".lua")} - set(lua.PARTS))


@pytest.mark.parametrize("name", NAMES)
def test_redis_can_compile_a_script(valkey, name):
    with redis.Redis.from_url(valkey) as client:
        assert client.script_load(lua.Script(name).text)
