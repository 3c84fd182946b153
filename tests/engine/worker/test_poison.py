"""Deliveries that break whatever touches them: set aside after a few tries, and all others go on."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from hookwright.engine.call.transport import Reply
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.worker.published import Published, loader
from hookwright.plugins.loader import load_plugins

from .conftest import CountingTransport

pytestmark = pytest.mark.fault(62)
RETRY = "retry: {attempts: 5, initial: 10ms, multiplier: 1}"

PLUGIN = """
import ctypes, os, time
from hookwright.plugins.hookspecs import hookimpl

class Deed:
    name = "deed"
    schema = {"type": "object", "properties": {"does": {"type": "string"}}, "additionalProperties": False}

    def build(self, config, secrets):
        def inject(request, attempt):
            deed = config["does"]
            if deed == "exit":
                os._exit(9)
            elif deed == "segfault":
                ctypes.string_at(0)
            elif deed == "hang":
                while True:
                    time.sleep(0.01)
            elif deed == "raise":
                raise RuntimeError("s3cret")
            elif deed == "quit":
                raise SystemExit(3)
            elif deed == "url":
                request.url = chr(0xD800)
            elif deed == "nothing":
                request.headers = None
        return inject

@hookimpl
def hookwright_injectors():
    return [Deed()]
"""
WORKER = """
import sys
from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.worker.worker import WorkerSettings, run_worker
from hookwright.plugins.loader import load_plugins

policy = Policy(allow=(Allowed.parse("127.0.0.0/8"),))
run_worker(
    WorkerSettings(
        url=sys.argv[1], plugins=load_plugins(), policy=policy, lease=0.4, patience=0.4, stop_at_eof=True
    )
)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A plugin that is installed, here and in every process that is started."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "deeds.py").write_text(PLUGIN)
    metadata = folder / "deeds-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: deeds\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[hookwright]\ndeeds = deeds\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def keep_alive():
    """Starts a worker, and another one whenever it died, until the test is over."""
    over = threading.Event()
    threads = []

    def start(url: str) -> list[int]:
        codes: list[int] = []

        def run() -> None:
            while not over.is_set():
                process = subprocess.Popen(
                    [sys.executable, "-c", WORKER, url], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
                while process.poll() is None and not over.wait(0.02):
                    pass
                if process.poll() is None:
                    process.kill()
                    process.wait()
                else:
                    codes.append(process.returncode)
                process.stdin.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return codes

    yield start
    over.set()
    for thread in threads:
        thread.join()


def dies_of(rig, plugin, keep_alive, deed: str) -> list[int]:
    sink = rig.sink()
    rig.plugins = load_plugins()
    rig.publish(bad=f"{sink.url}, auth: {{type: deed, does: {deed}}}", good=sink.url)
    rig.offer("good", 3)
    [bad] = rig.offer("bad")
    rig.offer("good", 3)
    codes = keep_alive(rig.url)
    ended = rig.settled(7, 60)
    assert ended.pop(bad.delivery.id) == ["lost", "lost", "lost", "failure"]
    assert {outcomes[-1] for outcomes in ended.values()} == {"success"}
    failure = next(result for result in rig.booked if result.outcome == "failure")
    assert failure.error == "poison"
    assert failure.reason == "set aside: workers died again and again while they had it"
    return codes


@pytest.mark.faults
def test_a_delivery_that_ends_three_workers_is_set_aside_and_all_others_arrive(rig, plugin, keep_alive):
    assert dies_of(rig, plugin, keep_alive, "exit") == [9, 9, 9]


@pytest.mark.slow
@pytest.mark.parametrize(("deed", "code"), [("segfault", -11), ("hang", 70)])
def test_a_delivery_that_crashes_or_hangs_three_workers_is_set_aside(rig, plugin, keep_alive, deed, code):
    assert dies_of(rig, plugin, keep_alive, deed) == [code] * 3


@pytest.mark.parametrize("deed", ["raise", "quit", "url", "nothing"])
def test_what_a_plugin_raises_or_leaves_behind_ends_its_own_delivery_only(rig, plugin, deed):
    sink = rig.sink()
    rig.plugins = load_plugins()
    rig.publish(bad=f"{sink.url}, {RETRY}, auth: {{type: deed, does: {deed}}}", good=sink.url)
    [bad] = rig.offer("bad")
    rig.offer("good", 2)
    rig.drain().run()
    ended = rig.settled(3)
    assert ended.pop(bad.delivery.id)[-1] == "failure"
    assert list(ended.values()) == [["success"], ["success"]]
    assert "s3cret" not in repr(rig.booked)


def test_what_breaks_down_while_it_is_prepared_is_tried_three_times(rig):
    class Broken(Published):
        def prepare(self, claim, now):
            raise RuntimeError("s3cret")

    def load(revision, content):
        found = loader(rig.plugins)(revision, content)
        return Broken(revision, found._table, found._plugins, found._network)

    rig.publish(crm=f"http://127.0.0.1:9/, {RETRY}")
    rig.offer("crm")
    rig.drain(load=load).run()
    assert [(r.outcome, r.error) for r in rig.book()] == [("retry", "poison")] * 2 + [("failure", "poison")]
    assert rig.booked[-1].reason == "set aside: preparing it broke down (RuntimeError)"


def test_what_breaks_down_while_its_end_is_told_is_not_stranded(rig):
    class Unspeakable(CountingTransport):
        def submit(self, call, done):
            self.calls.append(call)
            done(Reply(200, True, body=None))

    transport = Unspeakable()
    rig.publish(crm=f"{rig.sink().url}, {RETRY}")
    rig.offer("crm")
    ledger = Ledger(rig.url, worker="w")
    rig.drain(transport=transport, ledger=ledger).run()
    assert [(r.outcome, r.error) for r in rig.book()] == [("retry", "poison")] * 2 + [("failure", "poison")]
    assert "telling its end broke down" in rig.booked[-1].reason
    assert len(transport.calls) == 3
