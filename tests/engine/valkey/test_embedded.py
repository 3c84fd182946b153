"""The embedded server: one on a folder, whatever dies; found again, restarted, stopped."""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from hookwright.engine.valkey.binary import find_server
from hookwright.engine.valkey.embedded import EmbeddedServer
from hookwright.engine.valkey.redischeck import check_server
from hookwright.engine.valkey.serverfolder import EmbeddedError, ServerFolder

Make = Callable[..., EmbeddedServer]

# A supervisor in a process of its own: starts (or attaches), says so, and lives until its stdin ends.
SUPERVISOR = """
import sys
from pathlib import Path
from hookwright.engine.valkey.binary import find_server
from hookwright.engine.valkey.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
sys.stdin.readline()
print(server.start(), server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder; a server that a test leaves on it is stopped."""
    folder = tmp_path / "state"
    yield folder
    left = EmbeddedServer(folder)
    redis_folder = ServerFolder(folder / "redis")
    if (folder / "redis").is_dir() and redis_folder.resident() is not None:
        left.start()
        left.stop()


@pytest.fixture
def make(state: Path) -> Iterator[Make]:
    """Makes supervisors on the state folder, and stops what they hold at the end."""
    made: list[EmbeddedServer] = []

    def new(**options: object) -> EmbeddedServer:
        made.append(EmbeddedServer(state, **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for server in made:
        server.stop(grace=2)


@pytest.fixture
def supervisors() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def new(state: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SUPERVISOR, str(state)]
        started.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        )
        return started[-1]

    yield new
    for process in started:
        process.kill()
        process.communicate()


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")


def _told(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stdout is not None
    url, pid = process.stdout.readline().split()
    return url, int(pid)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)


def _set(url: str, key: str, value: str) -> None:
    with _client(url) as client:
        client.set(key, value)


def _get(url: str, key: str) -> str | None:
    with _client(url) as client:
        return client.get(key)


def _kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _await(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _await(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.01)


def _append_only_file(state: Path) -> Path:
    (found,) = (state / "redis" / "appendonlydir").glob("*.incr.aof")
    return found


def test_a_started_server_keeps_every_write_and_evicts_nothing(make: Make) -> None:
    url = make().start()
    assert check_server(url) == []
    with _client(url) as client:
        assert client.config_get("port", "save", "maxmemory") == {"port": "0", "save": "", "maxmemory": "0"}


def test_only_its_owner_can_reach_it(make: Make, state: Path) -> None:
    url = make().start()
    socket = Path(url.removeprefix("unix://"))
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "redis").stat().st_mode) == 0o700
    for path in (state / "redis").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name in {"socket", "pid"}, path


def test_it_lives_in_a_session_of_its_own_and_knows_no_secrets(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_KEY", "s3cret")
    server = make()
    server.start()
    assert server.pid is not None
    assert os.getsid(server.pid) == server.pid != os.getsid(0)
    assert "ERP_KEY" not in psutil.Process(server.pid).environ()


def test_an_orphan_of_a_killed_supervisor_is_attached_to_and_can_be_stopped(
    make: Make, state: Path, supervisors
) -> None:
    first = supervisors(state)
    _go(first)
    url, pid = _told(first)
    _set(url, "k", "v")
    first.kill()
    first.wait()

    second = make()
    assert second.start() == url
    assert second.pid == pid
    assert _get(url, "k") == "v"
    second.stop()
    assert not _runs(pid)


def test_supervisors_that_start_at_once_share_one_server(state: Path, supervisors) -> None:
    several = [supervisors(state) for _ in range(3)]
    for process in several:
        _go(process)
    assert len({_told(process) for process in several}) == 1
    servers = [one for one in psutil.process_iter() if _lives_in(one, state / "redis")]
    assert len(servers) == 1


def _lives_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder)
    except psutil.Error:
        return False


def test_many_starts_at_once_in_one_process_share_one_server(make: Make) -> None:
    servers = [make() for _ in range(8)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1


def test_a_killed_server_is_started_again_with_its_data_and_under_its_address(make: Make) -> None:
    server = make()
    url = server.start()
    _set(url, "k", "v")
    before = server.pid
    assert server.ensure() is False
    _kill(before)
    assert server.ensure() is True
    assert server.pid != before
    assert _get(url, "k") == "v"
    assert server.ensure() is False


def test_a_watched_server_comes_back_by_itself_each_time_it_dies(make: Make) -> None:
    server = make()
    url = server.start()
    restarts = threading.Semaphore(0)
    server.watch(every=0.02, restarted=restarts.release)
    for number in range(3):
        _set(url, f"k{number}", "v")
        _kill(server.pid)
        assert restarts.acquire(timeout=20)
    assert [_get(url, f"k{number}") for number in range(3)] == ["v"] * 3


def test_a_stopped_server_leaves_nothing_behind_but_its_data(make: Make, state: Path) -> None:
    server = make()
    url = server.start()
    pid = server.pid
    _set(url, "k", "v")
    server.watch(every=0.02)
    server.stop()
    assert pid is not None
    assert not _runs(pid)
    assert not Path(url.removeprefix("unix://")).parent.exists()
    assert not (state / "redis" / "socket").exists()
    server.stop()
    assert _get(server.start(), "k") == "v"


def test_a_start_broken_off_by_a_signal_leaves_no_server_behind(
    make: Make, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            os.kill(os.getpid(), signal.SIGTERM)  # the process is there, and nobody has noted it yet

    def break_off(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    server = make(binary=find_server())
    before = signal.signal(signal.SIGTERM, break_off)
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            server.start()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert server.pid is not None
    pid = server.pid
    server.stop()
    assert not _runs(pid)
    assert not any(_lives_in(process, state) for process in psutil.process_iter())


def test_a_server_that_does_not_obey_is_killed(make: Make) -> None:
    server = make()
    server.start()
    assert server.pid is not None
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    server.stop(grace=0.1)
    assert not _runs(pid)


def test_a_server_that_lives_but_does_not_answer_is_never_doubled(make: Make, state: Path) -> None:
    server = make()
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    with pytest.raises(EmbeddedError, match=r"lives on .* but does not answer: stop the process named"):
        make(patience=0.1).start()
    assert (state / "redis" / "pid").read_text().strip() == str(server.pid)
    os.kill(server.pid, signal.SIGCONT)


def test_a_state_path_of_any_length_and_spelling_works(tmp_path: Path) -> None:
    deep = tmp_path / ("long " * 12) / "quote\" 'and\\ ünïcode" / ("x" * 120)
    server = EmbeddedServer(deep)
    url = server.start()
    _set(url, "k", "v")
    assert len(os.fsencode(url.removeprefix("unix://"))) <= 100
    server.stop()
    assert _get(server.start(), "k") == "v"
    server.stop()


def test_a_temporary_folder_with_too_long_a_path_is_not_used(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert _get(make().start(), "k") is None
    assert list(long.iterdir()) == []


def test_a_socket_left_by_a_crash_is_taken_over(make: Make, supervisors, state: Path) -> None:
    first = supervisors(state)
    _go(first)
    url, pid = _told(first)
    first.kill()
    first.wait()
    os.kill(pid, signal.SIGKILL)
    _await(lambda: not _runs(pid))
    assert Path(url.removeprefix("unix://")).is_socket()
    server = make()
    assert server.start() == url
    assert server.pid != pid


def test_a_socket_in_a_folder_others_can_write_is_not_trusted(make: Make, state: Path) -> None:
    server = make()
    url = server.start()
    server.stop()
    shared = state.parent / "shared"
    shared.mkdir(mode=0o755)
    (state / "redis" / "socket").write_text(f"{shared}/valkey.sock\n")
    assert server.start() not in {url, f"unix://{shared}/valkey.sock"}


def test_a_server_is_not_attached_to_through_a_folder_that_became_open(make: Make, state: Path) -> None:
    url = make().start()
    folder = Path(url.removeprefix("unix://")).parent
    folder.chmod(0o755)
    assert ServerFolder(state / "redis").resident() is None
    folder.chmod(0o700)
    assert ServerFolder(state / "redis").resident() is not None


def test_a_server_that_is_still_loading_does_not_count_as_ready(make: Make, state: Path) -> None:
    server = make()
    with _client(server.start()) as client:
        for number in range(40):
            client.set(f"k{number}", random.randbytes(100).hex())
        client.bgrewriteaof()  # from a snapshot, a server answers while it loads
        _await(lambda: client.info("persistence")["aof_base_size"] > 4000)
    server.stop()
    folder = ServerFolder(state / "redis")
    slow = ("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    files = ("--port", "0", "--dir", ".", "--appendonly", "yes", "--unixsocket", folder.place_socket())
    loading = subprocess.Popen([find_server(), *files, *slow], cwd=folder.path, stdout=subprocess.DEVNULL)
    try:
        _await(lambda: _is_loading(url=f"unix://{folder.socket()}"))
        assert folder.resident() is None
        _await(lambda: folder.resident() is not None)
    finally:
        loading.kill()
        loading.wait()
        folder.forget_socket()


def _is_loading(url: str) -> bool:
    try:
        with _client(url) as client:
            client.ping()
    except redis.exceptions.BusyLoadingError:
        return True
    except redis.RedisError:
        return False
    raise AssertionError("it has loaded already")


def test_a_copied_state_folder_gets_a_server_of_its_own(make: Make, state: Path, tmp_path: Path) -> None:
    server = make()
    url = server.start()
    _set(url, "k", "original")
    copy = tmp_path / "copy" / "redis"
    copy.mkdir(parents=True)
    (copy / "socket").write_text((state / "redis" / "socket").read_text())
    other = EmbeddedServer(tmp_path / "copy")
    other_url = other.start()
    assert other_url != url
    assert _get(other_url, "k") is None
    other.stop()
    assert _get(url, "k") == "original"


def test_a_moved_state_folder_keeps_its_living_server(make: Make, state: Path, tmp_path: Path) -> None:
    server = make()
    url = server.start()
    state.rename(tmp_path / "moved")
    moved = EmbeddedServer(tmp_path / "moved")
    assert moved.start() == url
    assert moved.pid == server.pid
    moved.stop()


@pytest.mark.parametrize("lost", [Path.unlink, lambda socket: shutil.rmtree(socket.parent)])
def test_a_server_nobody_can_reach_any_more_is_replaced_under_its_address(
    make: Make, lost: Callable[[Path], None]
) -> None:
    server = make()
    url = server.start()
    before = server.pid
    _set(url, "k", "v")
    lost(Path(url.removeprefix("unix://")))
    assert server.ensure() is True
    assert before is not None
    assert not _runs(before)
    assert _get(url, "k") == "v"


def test_a_deleted_lock_file_does_not_lead_to_a_second_server(make: Make, state: Path) -> None:
    first, second = make(), make()
    url = first.start()
    (state / "redis" / "lock").unlink()
    assert second.start() == url
    assert second.pid == first.pid
    second.stop()
    assert first.pid is not None
    assert not _runs(first.pid)


def _damaged(make: Make, state: Path, damage: Callable[[Path], None]) -> EmbeddedServer:
    """A server that was killed after two writes, and whose files were damaged before it may start again."""
    server = make()
    url = server.start()
    _set(url, "first", "v" * 50)
    _set(url, "last", "v" * 50)
    _kill(server.pid)
    damage(state / "redis" / "appendonlydir")
    return server


@pytest.mark.parametrize("cut", [1, 2, 40, 60, 75])
def test_a_torn_tail_costs_the_last_write_only(make: Make, state: Path, cut: int) -> None:
    def truncate(folder: Path) -> None:
        path = _append_only_file(state)
        os.truncate(path, path.stat().st_size - cut)

    server = _damaged(make, state, truncate)
    url = server.start()
    assert _get(url, "first") == "v" * 50
    assert _get(url, "last") is None
    assert list((state / "redis").glob("*.damaged-*")) == []


def _zeros_at_the_end(folder: Path) -> None:  # what a power cut leaves on some file systems
    (path,) = folder.glob("*.incr.aof")
    os.truncate(path, path.stat().st_size + 4096)


def _flipped_bytes(folder: Path) -> None:
    (path,) = folder.glob("*.incr.aof")
    path.write_bytes(path.read_bytes().replace(b"first", b"\0\0\r\n\0", 1).replace(b"$", b"?"))


def _broken_manifest(folder: Path) -> None:
    (path,) = folder.glob("*.manifest")
    path.write_bytes(b"")


def _broken_base(folder: Path) -> None:
    (path,) = folder.glob("*.base.*")
    path.write_bytes(path.read_bytes()[:20])


def _lost_file(folder: Path) -> None:
    (path,) = folder.glob("*.incr.aof")
    path.unlink()


@pytest.mark.parametrize(
    "damage", [_zeros_at_the_end, _flipped_bytes, _broken_manifest, _broken_base, _lost_file]
)
def test_data_that_cannot_be_read_is_set_aside_and_said_aloud(
    make: Make, state: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    server = _damaged(make, state, damage)
    with caplog.at_level(logging.ERROR):
        url = server.start()
    assert _get(url, "first") is None
    (aside,) = (state / "redis").glob("appendonlydir.damaged-*")
    assert list(aside.iterdir())
    assert str(aside) in caplog.text


def test_data_of_a_newer_server_is_left_where_it_is(make: Make, state: Path) -> None:
    def newer(folder: Path) -> None:
        (path,) = folder.glob("*.base.*")
        path.write_bytes(b"REDIS0999" + path.read_bytes()[9:])

    server = _damaged(make, state, newer)
    with pytest.raises(EmbeddedError, match="did not start"):
        server.start()
    assert list((state / "redis").glob("*.damaged-*")) == []
    assert not (state / "redis" / "socket").exists()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmbeddedError, match=r"cannot write .*file/state/redis: Not a directory"):
        EmbeddedServer(tmp_path / "file" / "state").start()


def test_a_lock_that_cannot_be_opened_is_a_clear_error(state: Path) -> None:
    (state / "redis" / "lock").mkdir(parents=True)
    with pytest.raises(EmbeddedError, match=r"cannot write .*redis/lock"):
        EmbeddedServer(state).start()


@pytest.mark.parametrize(
    ("binary", "reason"),
    [
        ("/bin/false", r"did not start \(it said nothing\)"),
        ("/no/such/one", "cannot start /no/such/one"),
    ],
)
def test_a_server_that_cannot_run_is_a_clear_error_and_holds_nothing(
    make: Make, binary: str, reason: str
) -> None:
    with pytest.raises(EmbeddedError, match=reason):
        make(binary=Path(binary)).start()
    assert make().start().startswith("unix://")


def test_stopping_what_was_never_started_does_nothing(state: Path) -> None:
    EmbeddedServer(state).stop()
    assert not state.exists()


def test_a_long_log_is_put_away_when_the_server_starts(
    make: Make, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookwright.engine.valkey.serverfolder.LOG_LIMIT", 100)
    (state / "redis").mkdir(parents=True)
    (state / "redis" / "log").write_text("old " * 100)
    make().start()
    assert (state / "redis" / "log.1").read_text().startswith("old old")
    assert "old" not in (state / "redis" / "log").read_text()


@pytest.mark.slow
def test_whatever_dies_when_there_is_never_a_second_server_and_no_write_is_lost(
    make: Make, state: Path, supervisors
) -> None:
    """Supervisors start at once and are killed at random, the server too; the counter never goes back."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    counted = 0
    for _ in range(12):
        several = [supervisors(state) for _ in range(3)]
        for process in several:
            _go(process)
        if chance.random() < 0.5:
            threading.Event().wait(chance.random() / 2)
            killed = several.pop(chance.randrange(3))
            killed.kill()
            killed.wait()
        told = [_told(process) for process in several]
        url = make().start()
        assert {told_url for told_url, _ in told} <= {url}, f"seed {seed}"
        living = [one for one in psutil.process_iter() if _lives_in(one, state / "redis")]
        assert len(living) == 1, f"seed {seed}"
        with _client(url) as client:
            counted += 1
            assert client.incr("counter") == counted, f"seed {seed}"
        for process in several:
            process.kill()
        if chance.random() < 0.5:
            _kill(living[0].pid)
