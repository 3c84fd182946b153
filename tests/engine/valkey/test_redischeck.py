"""What is said about a Redis before work is trusted to it: real servers, set up in every wrong way."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hookwright.engine.valkey.binary import find_server
from hookwright.engine.valkey.redischeck import Facts, Finding, check_server, judge, without_password

Serve = Callable[..., str]

GOOD = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
FIT = {"redis_version": "7.2.4", "role": "master", "maxmemory_policy": "noeviction", "aof_enabled": 1}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve("--maxmemory-policy", "allkeys-lru")` starts a server with these settings; returns its URL."""
    folder = Path(tempfile.mkdtemp(prefix="hw-"))
    started: list[subprocess.Popen[bytes]] = []
    binary = find_server()

    def start(*settings: str) -> str:
        home = folder / str(len(started))
        home.mkdir()
        command = [binary, "--port", "0", "--unixsocket", home / "s", "--dir", home, "--save", "", *settings]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        deadline = time.monotonic() + 20
        while not _listens(home / "s"):
            assert time.monotonic() < deadline, "the server does not start"
            threading.Event().wait(0.005)
        return f"unix://{home / 's'}"

    yield start
    for process in started:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


def _listens(path: Path) -> bool:
    """A socket is there a moment before anybody listens at it."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def _codes(url: str, **options: Any) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in check_server(url, **options)]


def test_a_server_set_up_well_is_found_without_fault(serve: Serve) -> None:
    assert check_server(serve(*GOOD)) == []


def test_the_trial_leaves_nothing_that_lasts(serve: Serve) -> None:
    url = serve(*GOOD)
    check_server(url)
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            assert key.startswith(b"{hw:0}:trial:")
            assert client.pttl(key) <= 1000


@pytest.mark.fault(12)
@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru", "volatile-ttl"])
def test_a_server_that_evicts_is_refused_with_the_fix(serve: Serve, policy: str) -> None:
    (finding,) = check_server(serve(*GOOD, "--maxmemory-policy", policy))
    assert (finding.severity, finding.code, finding.hint) == (
        "error", "evicts", "set maxmemory-policy noeviction",
    )  # fmt: skip
    assert policy in finding.message


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (("--appendonly", "no"), "no-aof"),
        (("--appendfsync", "everysec"), "fsync"),
        (("--appendfsync", "no"), "fsync"),
        (("--rename-command", "CONFIG", ""), "config-denied"),
    ],
)
def test_a_server_that_may_forget_is_warned_about(serve: Serve, settings: tuple[str, ...], code: str) -> None:
    assert _codes(serve(*GOOD, *settings)) == [("warning", code)]


def test_a_policy_is_seen_even_where_config_is_denied(serve: Serve) -> None:
    url = serve(*GOOD, "--maxmemory-policy", "allkeys-lru", "--rename-command", "CONFIG", "")
    assert _codes(url) == [("error", "evicts"), ("warning", "config-denied")]


@pytest.mark.fault(13)
def test_a_replica_is_refused_and_told_once(serve: Serve) -> None:
    url = serve(*GOOD, "--replicaof", "127.0.0.1 1")
    assert _codes(url) == [("error", "replica")]


def test_a_full_server_is_refused(serve: Serve) -> None:
    (finding,) = check_server(serve(*GOOD, "--maxmemory", "1"))
    assert (finding.severity, finding.code) == ("error", "refuses")
    assert "memory" in finding.message


def test_a_login_that_may_not_run_scripts_is_refused(serve: Serve) -> None:
    url = serve(*GOOD, "--user", "weak", "on", ">pw", "~*", "+@all", "-eval")
    (finding,) = check_server(url.replace("unix://", "unix://weak:pw@"))
    assert (finding.severity, finding.code) == ("error", "refuses")
    assert "eval" in finding.message


def test_a_login_that_may_not_ask_leaves_warnings(serve: Serve) -> None:
    url = serve(*GOOD, "--user", "weak", "on", ">pw", "~*", "+@all", "-info", "-config")
    assert _codes(url.replace("unix://", "unix://weak:pw@")) == [
        ("warning", "no-version"), ("warning", "no-policy"), ("warning", "config-denied"),
    ]  # fmt: skip


@pytest.mark.fault(13)
@pytest.mark.parametrize("login", ["", ":hunter2@"])
def test_a_wrong_password_is_told_without_showing_it(serve: Serve, login: str) -> None:
    url = serve(*GOOD, "--requirepass", "other").replace("unix://", f"unix://{login}")
    (finding,) = check_server(url)
    assert (finding.severity, finding.code) == ("error", "login")
    assert "hunter2" not in str(finding)


def test_nothing_listening_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (finding,) = check_server(f"redis://:hunter2@127.0.0.1:{port}/0")
    assert (finding.severity, finding.code) == ("error", "unreachable")
    assert f"127.0.0.1:{port}" in finding.message
    assert "hunter2" not in str(finding)


def test_a_server_that_accepts_and_says_nothing_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert _codes(f"redis://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1) == [("error", "silent")]


def test_something_that_is_no_redis_is_an_error() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=_answer_as_http, args=(server,))
        thread.start()
        (finding,) = check_server(f"redis://127.0.0.1:{server.getsockname()[1]}", timeout=5)
        thread.join()
    assert finding.severity == "error"


def _answer_as_http(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://127.0.0.1/", "redis://u:pa/ss@h:1"])
def test_what_is_no_url_of_a_redis_is_told_without_quoting_it(url: str) -> None:
    (finding,) = check_server(url)
    assert (finding.severity, finding.code) == ("error", "bad-url")
    assert "pa" not in finding.message.replace("that", "")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.2.14", [("error", "too-old")]),
        ("7.0.0", []),
        ("8.4.1", []),
        ("10.0.0", []),
        ("", [("warning", "no-version")]),
        ("unstable", [("warning", "no-version")]),
        ("255.255.255", []),
    ],
)
def test_servers_before_seven_are_refused(version: str, expected: list[tuple[str, str]]) -> None:
    found = judge(Facts({**FIT, "redis_version": version}, "always"))
    assert [(finding.severity, finding.code) for finding in found] == expected


def test_a_node_of_a_cluster_is_warned_about() -> None:
    assert [finding.code for finding in judge(Facts({**FIT, "cluster_enabled": 1}, "always"))] == ["cluster"]


def test_errors_come_before_warnings() -> None:
    bad = {**FIT, "redis_version": "5.0", "maxmemory_policy": "allkeys-lru", "aof_enabled": 0}
    assert [finding.severity for finding in judge(Facts(bad, "no"))] == ["error", "error", "warning"]


def test_a_finding_reads_as_one_line() -> None:
    assert str(Finding("error", "x", "it is broken", "mend it")) == "error: it is broken (mend it)"
    assert str(Finding("warning", "x", "it is odd")) == "warning: it is odd"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:pw@host:6379/0", "redis://host:6379/0"),
        ("redis://:p@w@host/1", "redis://host/1"),
        ("unix:///run/redis.sock?password=pw", "unix:///run/redis.sock"),
        ("rediss://host", "rediss://host"),
    ],
)
def test_a_url_is_shown_without_user_password_and_query(url: str, shown: str) -> None:
    assert without_password(url) == shown
