"""The register of tokens: on disk before it counts, never with a token in it, never guessed at."""

from __future__ import annotations

import json
import stat
import threading

import pytest

from hookwright.engine.state import StateError
from hookwright.interfaces.register import LIMIT, NameTaken, Register, RegisterFull, read_register
from hookwright.interfaces.roles import Holder, Role
from hookwright.interfaces.tokens import ADMIN

OWN = "the-token-of-the-state-folder"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


@pytest.fixture
def register(path):
    return Register(path, admin=OWN)


def test_a_token_counts_at_once_and_after_a_restart(register, path):
    _, token = register.create("ci", Role.EMITTER, "admin")
    for each in (register, Register(path, admin=OWN)):
        assert each.keyring.holder(token.encode()) == Holder("ci", Role.EMITTER)
        assert each.keyring.holder(OWN.encode()) == ADMIN


def test_a_revoked_token_counts_no_longer(register, path):
    _, token = register.create("ci", Role.EMITTER, "admin")
    assert register.revoke("ci", "admin")
    assert not register.revoke("ci", "admin")
    for each in (register, Register(path, admin=OWN)):
        assert each.keyring.holder(token.encode()) is None
        assert each.tokens == ()


def test_the_file_is_private_and_holds_no_token(register, path):
    _, token = register.create("ci", Role.VIEWER, "asha")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in path.read_text()
    assert OWN not in path.read_text()
    (kept,) = json.loads(path.read_text())["tokens"]
    assert (kept["name"], kept["role"], kept["by"]) == ("ci", "viewer", "asha")
    assert token.startswith("hwt_")
    assert len(token) == len("hwt_") + 43


@pytest.mark.parametrize("name", ["ci", "admin", "hookwright"])
def test_a_name_is_had_once_and_some_are_nobodys(register, name):
    register.create("ci", Role.EMITTER, "admin")
    with pytest.raises(NameTaken):
        register.create(name, Role.ADMIN, "admin")


def test_there_are_only_so_many(register, path):
    made = [{**ENTRY, "name": f"t{number}"} for number in range(LIMIT)]
    path.write_text(json.dumps({"version": 1, "tokens": made}))
    with pytest.raises(RegisterFull):
        Register(path, admin=OWN).create("one-more", Role.VIEWER, "admin")


ENTRY = {"name": "ci", "role": "viewer", "created": "", "by": "", "sha256": "0" * 64}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version":1}',
        '{"version":2,"tokens":[]}',
        *(
            json.dumps({"version": 1, "tokens": tokens})
            for tokens in (
                [{**ENTRY, "role": "root"}],
                [{**ENTRY, "sha256": "0" * 63}],
                [{**ENTRY, "sha256": "g" * 64}],
                [{**ENTRY, "name": "admin"}],
                [{**ENTRY, "name": "hookwright"}],
                [{**ENTRY, "name": 1}],
                [{**ENTRY, "name": ""}],
                [{**ENTRY, "name": "\x1b[31m"}],
                [ENTRY, ENTRY],
                [{"name": "ci"}],
            )
        ),
    ],
)
def test_a_damaged_file_is_not_guessed_at(path, content):
    path.write_text(content)
    with pytest.raises(StateError, match=r"tokens\.json is damaged .*; bring it back"):
        read_register(path)


@pytest.mark.parametrize(
    "content",
    [
        b'{"version":1,"tokens":[{"name":"\xff"}]}',
        b'{"version":1,"tokens":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_bytes_that_are_no_text_and_endless_nesting_are_damage_too(path, content):
    path.write_bytes(content)
    with pytest.raises(StateError, match=r"tokens\.json is damaged"):
        read_register(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(StateError, match="Is a directory"):
        read_register(tmp_path)


def test_what_cannot_be_written_does_not_count(tmp_path):
    register = Register(tmp_path / "gone" / "tokens.json", admin=OWN)
    with pytest.raises(OSError, match="No such file"):
        register.create("ci", Role.VIEWER, "admin")
    assert register.tokens == ()


def test_many_at_once_lose_nothing(register, path):
    def create(number):
        register.create(f"t{number}", Role.VIEWER, "admin")

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {each.name for each in read_register(path)} == {f"t{number}" for number in range(16)}
    assert [each.name for each in path.parent.iterdir()] == ["tokens.json"]
