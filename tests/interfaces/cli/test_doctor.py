import json
import threading
import time

import pytest

from hookwright.engine.book.heartbeat import Heartbeat, write_heartbeat
from hookwright.engine.history.history import History
from hookwright.engine.runner.signs import SignOfLife, write_sign
from hookwright.engine.valkey.embedded import EmbeddedServer
from hookwright.interfaces import diagnosis
from hookwright.interfaces.cli.exits import Exit
from hookwright.interfaces.diagnosis import (
    Level,
    look_at_clock,
    look_at_disk,
    look_at_history,
    look_at_names,
    look_at_plugins,
    look_at_runs,
    look_at_secrets,
)
from hookwright.interfaces.redis_diagnosis import look_at_redis
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import LoadProblem, Plugins
from hookwright.rules.load import load

BUNDLE = """version: 1
webhooks:
  - id: one
    event: Lead_Post_Create
    url: https://localhost/a
    headers: {X-Api-Key: {env: DOCTOR_KEY}}
    auth: {type: bearer, token: {file: doctor-token}}
"""


def _levels(findings) -> list[Level]:
    return [finding.level for finding in findings]


@pytest.fixture
def model(tmp_path):
    (tmp_path / "a.yaml").write_text(BUNDLE)
    loaded = load(tmp_path / "a.yaml")
    assert loaded.model is not None, loaded.problems
    return loaded.model


def test_a_sound_machine_is_0(hookwright, valkey) -> None:
    ran = hookwright("doctor", "--redis-url", valkey)
    assert ran.code == Exit.FINE, ran.out
    assert ran.out.startswith("ok    python   Python 3.")
    assert "0 failed" in ran.err


def test_json_carries_name_level_detail_and_advice_of_each(inside, valkey) -> None:
    said = json.loads(inside("doctor", "--redis-url", valkey, "-o", "json").out)
    names = {check["name"] for check in said["checks"]}
    assert {"python", "pycurl", "disk", "state", "redis", "clock", "plugins", "dns"} <= names
    assert set(said["checks"][0]) == {"name", "level", "detail", "advice"}


def test_a_redis_that_is_not_there_is_1_and_says_so(inside) -> None:
    ran = inside("doctor", "--redis-url", "redis://:hunter2@127.0.0.1:1")
    assert ran.code == Exit.NO
    assert "cannot be reached" in ran.out
    assert "hunter2" not in ran.out + ran.err


def test_missing_secrets_are_named_and_never_shown(inside, model, valkey, monkeypatch, tmp_path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "doctor-token").write_text("s3cret-token-value")
    (tmp_path / "secrets" / "doctor-token").chmod(0o644)
    ran = inside(
        "doctor", "--redis-url", valkey, "--config", "a.yaml", "--secrets-dir", str(tmp_path / "secrets")
    )
    assert ran.code == Exit.NO
    assert "DOCTOR_KEY" in ran.out
    assert "everybody may read" in ran.out
    assert "s3cret-token-value" not in ran.out + ran.err


def test_a_bundle_that_is_not_valid_fails(inside, valkey, tmp_path) -> None:
    (tmp_path / "a.yaml").write_text("version: 2\n")
    ran = inside("doctor", "--redis-url", valkey, "--config", "a.yaml")
    assert ran.code == Exit.NO
    assert "see `hookwright validate a.yaml`" in ran.out


def test_secrets_that_are_there_are_fine(model, monkeypatch, tmp_path) -> None:
    (tmp_path / "doctor-token").write_text("x")
    (tmp_path / "doctor-token").chmod(0o600)
    monkeypatch.setenv("DOCTOR_KEY", "y")
    found = list(look_at_secrets(model, load_plugins(secrets_dir=tmp_path), None))
    assert _levels(found) == [Level.OK]
    assert found[0].detail == "2 named, all there"


def test_the_secrets_of_notifiers_are_looked_for_too(inside, valkey, tmp_path) -> None:
    (tmp_path / "a.yaml").write_text("""\
version: 1
notifiers:
  - id: admins
    type: email
    from: a@example.com
    to: [b@example.com]
    smtp: {host: mail.example.com, user: hooks, password: {env: DOCTOR_SMTP}}
  - {id: plain, type: email, from: a@example.com, to: [b@example.com], smtp: {host: mail.example.com}}
""")
    ran = inside("doctor", "--redis-url", valkey, "--config", "a.yaml")
    assert "secret {env: DOCTOR_SMTP}: the environment variable is not set" in ran.out
    assert "{host:" not in ran.out


def test_the_secrets_of_webhooks_made_over_the_api_are_looked_for_too(inside, valkey, tmp_path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\n")
    kept = tmp_path / ".hookwright" / "api" / "webhooks.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text(BUNDLE.replace("DOCTOR_KEY", "KEY_OF_THE_API"))
    ran = inside("doctor", "--redis-url", valkey, "--config", "a.yaml")
    assert ran.code == Exit.NO
    assert "KEY_OF_THE_API" in ran.out
    (tmp_path / "a.yaml").write_text(BUNDLE)
    assert 'HW101 error: duplicate id "one"' in inside("doctor", "--config", "a.yaml").out


def test_a_secrets_folder_that_is_not_there_fails(tmp_path) -> None:
    assert _levels(look_at_secrets(None, load_plugins(), tmp_path / "nothing")) == [Level.FAIL]


@pytest.mark.parametrize(
    ("now", "server", "level"),
    [
        *((1_900_000_000.0, None, Level.OK), (0.0, None, Level.FAIL)),
        *((1_900_000_000.0, 1_900_000_001.0, Level.OK), (1_900_000_000.0, 1_900_000_010.0, Level.WARN)),
    ],
)
def test_a_clock_that_was_never_set_or_drifts_is_seen(now: float, server: float | None, level: Level) -> None:
    assert _levels(look_at_clock(lambda: now, server)) == [level]


def test_a_name_that_is_not_found_and_one_that_never_answers_are_seen(model, monkeypatch) -> None:
    monkeypatch.setattr(diagnosis, "LOOKUP_SECONDS", 0.1)
    never = threading.Event()

    def lookup(host: str) -> None:
        if host == "localhost":
            raise OSError("not known")

    assert _levels(look_at_names(model, lookup)) == [Level.WARN]
    found = list(look_at_names(None, lambda host: never.wait(30)))
    never.set()
    assert (found[0].level, found[0].detail) == (Level.WARN, "localhost: no answer in 0.1 s")


def test_a_broken_plugin_is_a_failure_with_its_name() -> None:
    plugins = Plugins((), (), (LoadProblem("shout", "shout-dist", "ImportError: no"),))
    found = list(look_at_plugins(plugins))
    assert found[0].level is Level.FAIL
    assert "shout" in found[0].detail


def test_a_folder_that_cannot_be_used_is_seen(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert _levels(look_at_disk(tmp_path / "file" / "state"))[0] is Level.FAIL


def test_a_damaged_line_of_the_journal_is_seen_with_its_place(journal) -> None:
    (segment,) = journal.state.glob("history/*/intake-*.jsonl")
    raw = bytearray(segment.read_bytes())
    raw[len(raw) // 2] ^= 1
    segment.write_bytes(raw)
    with History(journal.state):  # looks at the journal
        pass
    (finding,) = look_at_history(journal.state)
    assert finding.level is Level.WARN
    assert segment.name in finding.detail
    assert "at byte" in finding.detail


def test_a_sound_journal_and_none_at_all_are_fine(journal, tmp_path) -> None:
    with History(journal.state):
        pass
    assert _levels(look_at_history(journal.state)) == [Level.OK]
    assert _levels(look_at_history(tmp_path / "nothing")) == []


def test_an_index_that_cannot_be_read_is_seen(journal) -> None:
    (journal.state / "index.sqlite").write_bytes(b"rubbish" * 1000)
    assert _levels(look_at_history(journal.state)) == [Level.WARN]


def test_a_token_that_others_may_read_is_seen(tmp_path) -> None:
    (tmp_path / "token").write_text("x")
    (tmp_path / "token").chmod(0o644)
    assert Level.WARN in _levels(look_at_disk(tmp_path))


def test_an_evicting_redis_fails_with_what_to_set(own_valkey) -> None:
    with own_valkey.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    found, clock = look_at_redis(own_valkey.url, own_valkey.folder)
    assert Level.FAIL in _levels(found)
    assert any("noeviction" in finding.advice for finding in found)
    assert clock is not None


def test_the_private_server_of_a_running_node_is_looked_at(tmp_path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    try:
        found, clock = look_at_redis(None, tmp_path)
    finally:
        server.stop()
    assert _levels(found) == [Level.OK]
    assert found[0].detail.startswith("unix://")
    assert clock is not None


def test_without_a_redis_the_one_that_would_be_started_is_named(tmp_path) -> None:
    found, clock = look_at_redis(None, tmp_path)
    assert _levels(found) == [Level.OK]
    assert found[0].detail.startswith("`serve` starts a private one")
    assert clock is None
    assert list(tmp_path.iterdir()) == []


def alive(state, **fields):
    """A server runs on the folder; its runner says this of itself."""
    times = {"at": time.time(), "monotonic": time.monotonic()}
    said = {"caught_up": True, "ledger": True, "journal": True, "open": 0, "held": 0}
    write_heartbeat(state, Heartbeat(pid=1, **said, **times))
    (state / "runner.lock").touch()
    if fields:
        told = {"caught_up": True, "journal": True, "room": True, "open": 3}
        write_sign(state, SignOfLife(pid=2, **{**told, **fields}, **times))


@pytest.mark.parametrize(
    ("fields", "level", "detail"),
    [
        ({"open": 3}, "ok", "3 open"),
        ({}, "fail", "the runner does not live: runs of automations wait"),
        ({"room": False}, "fail", "the runner cannot write the journal"),
    ],
)
def test_runs_that_nobody_carries_out_are_told(tmp_path, fields, level, detail):
    assert list(look_at_runs(tmp_path)) == []
    alive(tmp_path, **fields)
    (finding,) = look_at_runs(tmp_path)
    assert (finding.level, finding.detail) == (level, detail)
