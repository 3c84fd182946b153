"""`hookwright journal adopt`: what it says, and what each refusal ends with."""

from __future__ import annotations

import json

from hookwright.engine.state import State


def test_an_empty_node_is_adopted_and_told(hookwright, tmp_path, valkey) -> None:
    dead, heir = State(tmp_path / "dead"), State(tmp_path / "heir")
    node, by = dead.prepare(), heir.prepare()
    arguments = ["journal", "adopt", str(dead.path), "--state", str(heir.path), "--redis-url", valkey]
    done = hookwright(*arguments)
    assert (done.code, done.out) == (0, "")
    assert f"{node} now belongs to {by}" in done.err
    done = hookwright(*arguments, "-o", "json")
    assert json.loads(done.out) == {
        "format_version": "1.0", "node": node, "by": by, "already": True, "booked": 0,
        "segments": 0, "open": 0,
    }  # fmt: skip


def test_refusals_end_with_their_codes(hookwright, tmp_path, valkey) -> None:
    dead, heir = State(tmp_path / "dead"), State(tmp_path / "heir")
    dead.prepare()
    (tmp_path / "none").mkdir()
    tail = ["--state", str(heir.path), "--redis-url"]

    def code(folder, url):
        done = hookwright("journal", "adopt", str(folder), *tail, url)
        assert "Traceback" not in done.err
        return done.code

    assert code(tmp_path / "absent", valkey) == 4
    assert code(tmp_path / "none", valkey) == 5
    assert code(dead.path, "redis://127.0.0.1:1/0") == 6
    with heir.owned():
        assert code(dead.path, valkey) == 3
    (dead.path / "lock").unlink()
    (dead.path / "lock").mkdir()
    assert code(dead.path, valkey) == 1


def test_without_redis_the_private_server_of_the_dead_node_must_be_there(hookwright, tmp_path) -> None:
    State(tmp_path / "dead").prepare()
    done = hookwright("journal", "adopt", str(tmp_path / "dead"), "--state", str(tmp_path / "heir"))
    assert done.code == 4
    assert "--redis-url" in done.err
