"""The commands that run as processes of a server: `worker` and `bookkeeper`."""

import json
import signal
import subprocess
import sys

import psutil
import pytest

from ..conftest import environment


@pytest.fixture
def process(tmp_path):
    """Starts `hookwright ARGUMENTS` with a pipe as standard input."""
    started = []

    def start(*arguments: str, redis: str | None = None) -> subprocess.Popen[bytes]:
        extra = {"HOOKWRIGHT_REDIS_URL": redis} if redis else {}
        running = subprocess.Popen(
            [sys.executable, "-m", "hookwright", *arguments],
            cwd=tmp_path,
            env=environment(extra),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()
        running.wait()
        running.stdin.close()
        running.stderr.close()


def _read_until(running: subprocess.Popen[bytes], words: str) -> dict[str, object]:
    """The first log line whose event holds `words`."""
    for line in running.stderr:
        said = json.loads(line)
        if words in said["event"]:
            return said
    pytest.fail(f"ended without saying {words!r}")


def test_a_worker_ends_with_0_at_sigterm(process, valkey) -> None:
    worker = process("worker", redis=valkey)
    _read_until(worker, "started")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


def test_a_worker_told_so_ends_when_its_parent_is_gone(process, valkey) -> None:
    worker = process("worker", "--stop-at-eof", redis=valkey)
    _read_until(worker, "started")
    worker.stdin.close()
    assert worker.wait(20) == 0


@pytest.mark.slow
def test_several_workers_are_started_replaced_and_ended(process, valkey, until) -> None:
    fleet = process("worker", "-p", "2", redis=valkey)
    _read_until(fleet, "started")
    victim = psutil.Process(fleet.pid).children()[0]
    victim.kill()
    assert _read_until(fleet, "child_died")["pid"] == victim.pid
    children = until(lambda: len(found := psutil.Process(fleet.pid).children()) == 2 and found)
    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(20) == 0
    assert not any(child.is_running() for child in children)


@pytest.mark.slow
def test_no_worker_outlives_its_fleet(process, valkey) -> None:
    fleet = process("worker", "-p", "2", redis=valkey)
    _read_until(fleet, "started")
    children = psutil.Process(fleet.pid).children()
    fleet.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_a_worker_without_a_redis_is_6(inside) -> None:
    ran = inside("worker")
    assert (ran.code, ran.out) == (6, "")
    assert ran.err == "error: no Redis: `serve` runs none on .hookwright, and --redis-url names none\n"


@pytest.mark.parametrize("target", ["10.0.0.0/99", "localhost", "10.0.0.0/8:0:1"])
def test_a_target_that_is_no_network_is_a_usage_error(inside, target: str) -> None:
    ran = inside("worker", "--redis-url", "redis://127.0.0.1:1", "--allow-target", target)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("error: --allow-target: ")


def test_the_bookkeeper_keeps_going_until_its_input_ends(process, valkey, tmp_path) -> None:
    bookkeeper = process("bookkeeper", redis=valkey)
    index = tmp_path / ".hookwright" / "index.sqlite"
    while not index.exists():
        assert bookkeeper.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            bookkeeper.wait(0.05)
    bookkeeper.send_signal(signal.SIGTERM)
    bookkeeper.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        bookkeeper.wait(0.3)
    bookkeeper.stdin.close()
    assert bookkeeper.wait(20) == 0


def test_the_bookkeeper_needs_a_redis(inside) -> None:
    assert inside("bookkeeper").code == 4


def test_the_bookkeeper_is_not_in_the_help(hookwright) -> None:
    assert "bookkeeper" not in hookwright("--help").out.replace("the bookkeeper,", "")
