"""Lapps in the sandbox: what comes back of each, whatever it does, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests import wild

from hookwright.engine.lapp.order import Limits, Order
from hookwright.engine.lapp.processes import below
from hookwright.engine.lapp.sandbox import Sandbox

from .conftest import EVENT

SOON = Limits(time=0.3)
MIB = 1 << 20


def test_a_value_comes_back_as_json(call):
    report = call("echo", b'{"n": 5}', least=3)
    assert (report.end, report.error, report.logs, report.exit) == ("value", "", "", "")
    assert json.loads(report.value) == {
        "data": {"n": 5},
        "config": {"least": 3},
        "stage": "live",
        "attempt": 1,
    }


def test_what_it_prints_and_logs_is_kept_in_order(call):
    assert call("talks", key="k").logs == "printed k\nWARNING wild: logged\nsaid aside\n"


def test_an_exception_is_told_in_one_line_and_its_traceback_is_logged(call):
    report = call("fails")
    assert (report.end, report.error) == ("error", "ValueError: no luck with 5 and None")
    assert "Traceback" in report.logs
    assert "in fails" in report.logs


@pytest.mark.parametrize(
    ("lapp", "end", "error", "how"),
    [
        ("leaves", "exit", "", "exited with 7"),
        ("exits", "error", "SystemExit: bye", ""),
        ("crashes", "exit", "", "killed by SIGSEGV"),
        ("shoots-itself", "exit", "", "killed by SIGKILL"),
        ("closes", "exit", "", "exited with 0"),
        ("leaks", "error", "MemoryError", ""),
        ("returns-much", "size", "", ""),
        ("writes-much", "error", "OSError: [Errno 27] File too large", ""),
        ("forks", "processes", "", ""),
    ],
)
def test_what_behaves_badly_is_told_and_harms_nothing(call, lapp, end, error, how):
    report = call(lapp)
    assert (report.end, report.value, report.error, report.exit) == (end, "", error, how)
    assert call("echo").end == "value"


def test_what_json_cannot_say_is_told(call):
    assert call("returns-no-json").error == (
        "its value cannot be said in JSON: TypeError: Object of type set is not JSON serializable"
    )


@pytest.mark.parametrize("lapp", ["hangs", "spins", "chatters"])
def test_one_that_takes_too_long_is_killed(call, lapp):
    report = call(lapp, limits=SOON)
    assert report.end == "timeout"
    assert len(report.logs) < 70_000


def test_of_much_that_is_printed_both_ends_are_kept(call):
    logs = call("chatters", limits=SOON).logs
    assert "bytes left out" in logs
    assert len(logs) > 60_000


def test_processor_time_has_a_limit_of_its_own(call):
    report = call("spins", limits=Limits(time=60, processor=1))
    assert (report.end, report.exit) == ("processor", "killed by SIGXCPU")


def test_memory_is_counted_over_all_the_processes_it_starts(call):
    assert call("leaks-elsewhere", limits=Limits(time=60, memory=64 * MIB)).end == "memory"


def test_a_process_that_left_its_session_and_its_parent_is_found_and_ended(call):
    report = call("escapes")
    assert report.end == "value"
    assert not Path(f"/proc/{report.value}").exists()


def test_threads_of_a_call_end_with_it(call):
    assert call("keeps-a-thread").value == '"done"'


def test_a_call_finds_nothing_of_an_earlier_one(call):
    assert [call("remembers").value for _ in range(2)] == ["1", "1"]


def test_nothing_of_ours_is_within_reach(call, monkeypatch):
    monkeypatch.setenv("HOOKWRIGHT_TOKEN", "s3cret")
    with wild.installed():
        sandbox = Sandbox(["wild"])
        found = json.loads(sandbox.call(Order(lapp="looks-around", event=EVENT, data=b"{}")).value)
        sandbox.close()
    allowed = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"}
    assert set(found.pop("environment")) <= allowed
    assert found.pop("nice") >= 10
    del found["at"]
    # Standard input, output and error, where the answer goes, and the folder that is being listed.
    assert found == {"files": ["0", "1", "2", "3", "4"], "folder": [], "read": "", "main": True}


def test_its_folder_is_gone_afterwards(call):
    found = json.loads(call("looks-around").value)["at"]
    assert "hookwright-lapp-" in found
    assert not Path(found).exists()


def test_many_at_once_get_their_own_answers(call):
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda n: json.loads(call("echo", b"%d" % n).value)["data"], range(24))
    assert list(found) == list(range(24))


def test_a_nursery_that_was_killed_is_started_anew():
    with wild.installed():
        sandbox = Sandbox(["wild"])
        first = sandbox.call(Order(lapp="shoots-the-nursery", event=EVENT, data=b"{}"))
        after = [sandbox.call(Order(lapp="echo", event=EVENT, data=b"{}")).end for _ in range(2)]
        sandbox.close()
    assert first.end == "value"
    assert after[-1] == "value"


def test_a_plugin_that_ends_the_nursery_is_told():
    sandbox = Sandbox(["no-such-plugin"])
    report = sandbox.call(Order(lapp="echo", event=EVENT, data=b"{}"))
    sandbox.close()
    assert (report.end, report.error) == ("error", "KeyError: 'echo'")


def test_one_that_hangs_holds_up_no_other_and_is_cut_off_by_closing():
    with wild.installed():
        sandbox = Sandbox(["wild"])
        ended = []
        order = Order(lapp="hangs", event=EVENT, data=b"{}", limits=Limits(time=60))
        thread = threading.Thread(target=lambda: ended.append(sandbox.call(order)))
        thread.start()
        assert sandbox.call(Order(lapp="echo", event=EVENT, data=b"{}")).end == "value"
        assert ended == []
        sandbox.close()
        thread.join()
    assert (ended[0].end, ended[0].error) == ("lost", "it was cut off")
    assert sandbox.call(order).end == "lost"


def test_when_its_worker_is_killed_nothing_of_a_call_is_left():
    script = (
        "import json, sys\nfrom hookwright.engine.lapp.sandbox import Sandbox\n"
        "from hookwright.engine.lapp.order import Limits, Order\n"
        "event = json.loads(sys.argv[1])\n"
        "order = Order(lapp='hangs', event=event, data=b'{}', limits=Limits(time=60))\n"
        "Sandbox(['wild']).call(order)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(wild.SITE)}
    worker = subprocess.Popen([sys.executable, "-c", script, json.dumps(EVENT)], env=environment)
    try:
        theirs = _until(lambda: _sessions_below(worker.pid))
    finally:
        worker.kill()
        worker.wait()
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in theirs))


def _sessions_below(pid: int) -> list[int]:
    """The nursery, a guardian and its call, as soon as all three are there."""
    found = below(pid)
    return found if len(found) >= 3 else []


def _until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    return found
