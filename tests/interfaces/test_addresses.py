import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen, NoServer, find_server


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.prepare()
    return state


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("hooks.example.com", False)),
    ],
)
def test_only_loopback_addresses_count_as_loopback(host: str, loopback: bool) -> None:
    assert Listen(host).loopback is loopback


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
        ("h", "http://h:1"),
    ],
)
def test_the_url_for_commands_reaches_the_server_from_this_machine(host: str, url: str) -> None:
    assert Listen(host, 1).url == url


def test_nothing_but_this_machine_can_reach_a_server_unless_told_otherwise() -> None:
    assert Listen().loopback


LOCAL = (
    "localhost",
    "localhost:8420",
    "LOCALHOST:1",
    "127.0.0.1",
    "127.0.0.1:8420",
    "[::1]:8420",
    "localhost.",
)
FOREIGN = (
    "evil.example",
    "evil.example:8420",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.1.2.3",
)
BROKEN = (
    "",
    " ",
    "a b",
    "localhost:",
    "localhost:99999",
    "localhost:8420:1",
    "http://localhost",
    "a/b",
    "user@localhost",
)


@pytest.mark.parametrize("header", LOCAL)
def test_a_loopback_server_answers_to_its_names(header: str) -> None:
    assert Listen().knows(header)


@pytest.mark.parametrize("header", FOREIGN + BROKEN)
def test_a_loopback_server_answers_to_no_other_name(header: str) -> None:
    assert not Listen().knows(header)


def test_a_server_on_all_addresses_answers_to_any_address_but_only_to_given_names() -> None:
    listen = Listen("0.0.0.0", names=frozenset({"hooks.example.com"}))
    assert listen.knows("192.0.2.7:8420")
    assert listen.knows("Hooks.Example.com")
    assert not listen.knows("evil.example")


def test_the_server_is_found_where_the_state_folder_says(state: State) -> None:
    state.announce("http://127.0.0.1:8420")
    token = state.admin_token()
    found = find_server(None, None, state.path)
    assert (found.url, found.token) == ("http://127.0.0.1:8420", token)
    assert token not in repr(found)


def test_a_named_server_gets_no_token_of_another_one(state: State) -> None:
    state.announce("http://127.0.0.1:8420")
    state.admin_token()
    assert find_server("https://hooks.example.com/", None, state.path).token is None


def test_a_named_server_gets_the_token_of_the_named_file(state: State, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_text("a-token-from-somewhere\n")
    assert find_server("http://h", path, state.path).token == "a-token-from-somewhere"


def test_no_server_file_says_what_to_start(state: State) -> None:
    with pytest.raises(NoServer, match="start `hookwright serve`"):
        find_server(None, None, state.path)


def test_a_server_that_died_is_not_talked_to(state: State) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    state.server.write_text(json.dumps({"url": "http://127.0.0.1:8420", "pid": gone.pid}))
    with pytest.raises(NoServer, match=f"gone \\(process {gone.pid}\\)"):
        find_server(None, None, state.path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1}', "{" * 9])
def test_a_damaged_server_file_is_told(state: State, text: str) -> None:
    state.server.write_text(text)
    with pytest.raises(NoServer, match="cannot be read"):
        find_server(None, None, state.path)


@pytest.mark.parametrize(
    "url", ["ftp://h", "h", "http://u:p@h", "http://h/path", "http://h ", "file:///etc/passwd"]
)
def test_what_is_no_server_address_is_refused(state: State, url: str) -> None:
    with pytest.raises(NoServer, match="not the address of a server"):
        find_server(url, None, state.path)


def test_a_server_file_naming_something_else_than_a_server_is_refused(state: State) -> None:
    state.server.write_text(json.dumps({"url": "file:///etc/passwd", "pid": os.getpid()}))
    with pytest.raises(NoServer, match="not the address"):
        find_server(None, None, state.path)
