"""The state folder: private, named once, owned by one server at a time."""

from __future__ import annotations

import stat

import pytest

from hookwright.engine.state import State, StateError, write_private


def test_a_node_keeps_its_name(tmp_path):
    state = State(tmp_path / "a" / "state")
    name = state.prepare()
    assert name.startswith("nod_")
    assert state.prepare() == name
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o700


def test_only_one_server_owns_a_folder(tmp_path):
    state = State(tmp_path)
    state.prepare()
    with state.owned(), pytest.raises(StateError, match="another server is running"), state.owned():
        pass
    with state.owned():
        assert (tmp_path / "lock").exists()


def test_the_token_is_made_once_and_private(tmp_path):
    state = State(tmp_path)
    token = state.admin_token()
    assert len(token) >= 40
    assert state.admin_token() == token
    assert stat.S_IMODE(state.token.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"cannot use the state folder .*: Not a directory"):
        State(tmp_path / "file" / "state").prepare()


def test_a_small_file_is_replaced_whole_and_private(tmp_path):
    path = tmp_path / "server.json"
    path.write_text("something longer than what replaces it")
    write_private(path, '{"url": "x"}')
    assert path.read_text() == '{"url": "x"}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["server.json"]
