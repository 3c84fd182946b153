"""A real server for end-to-end tests: `hookwright serve` as users start it, and a receiver on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

import psutil
import pytest

from hookwright.engine.history.history import History
from hookwright.interfaces.receiver import Receiver, Script

TERMINAL = {"Success", "Failure", "Cancelled", "Skipped"}


class Server:
    """`hookwright serve` in a process group of its own."""

    def __init__(self, folder: Path, bundle: str | None, until, *, workers=1, arguments=(), environment=None):
        self.folder = folder
        self.until = until
        self.state = folder / "state"
        self.config = folder / "hooks"
        if bundle is not None:
            self.config.mkdir(exist_ok=True)
            (self.config / "webhooks.yaml").write_text(bundle, encoding="utf-8")
        self.arguments = ["--workers", str(workers), "--allow-target", "127.0.0.0/8", *arguments]
        self.environment = {**os.environ, **(environment or {})}
        self.log = folder / "serve.log"
        self.process = None

    def start(self, *, ready=True):
        command = [
            sys.executable,
            "-m",
            "hookwright",
            "serve",
            *(("--config", self.config) if self.config.exists() else ()),
            "--state",
            self.state,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", "0", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        if ready:
            self.until(self.ready, seconds=20)
        return self

    @property
    def url(self):
        return json.loads((self.state / "server.json").read_text())["url"]

    def ready(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            if json.loads((self.state / "server.json").read_text())["pid"] != self.process.pid:
                return False
            return urllib.request.urlopen(self.url + "/readyz", timeout=2).status == 200
        except (OSError, ValueError):
            return False

    def post(self, body, *, content_type="application/json", headers=None, timeout=20):
        """POST to /v1/events; the status and the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + "/v1/events", raw, {"Content-Type": content_type, **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def run(self, *arguments):
        """A command as a script would run it, on this server's state."""
        done = subprocess.run(
            [sys.executable, "-m", "hookwright", *arguments, "--state", self.state],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def history(self, limit=50):
        """`hookwright history list -o json`, newest first."""
        code, out, err = self.run("history", "list", "-o", "json", "--limit", str(limit))
        assert code in (0, 5), err
        return json.loads(out)["deliveries"]

    def show(self, delivery):
        code, out, err = self.run("history", "show", delivery, "-o", "json")
        assert code == 0, err
        return json.loads(out)

    def journal(self):
        """Every line of the journal."""
        return [json.loads(line) for line in self.raw_journal()]

    def raw_journal(self):
        """Every line as it stands on disk, but for one that is being written."""
        return [
            line
            for path in sorted((self.state / "history").rglob("*.jsonl"))
            for line in path.read_bytes().rpartition(b"\n")[0].splitlines()
        ]

    def reader(self):
        return History(self.state)

    def ended(self, delivery, *, seconds=20.0):
        """Wait until a delivery is terminal; its row."""

        def row():
            (found,) = [each for each in self.reader().list(limit=10_000) if each.id == delivery] or [None]
            return found if found is not None and found.status in TERMINAL else None

        return self.until(row, seconds=seconds)

    def children(self, name):
        """Processes of this server's family whose command line holds `name`."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in family if name in " ".join(_command(each))]

    def stop(self, seconds=20):
        """SIGTERM to the group; the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        code = self.process.wait(timeout=seconds)
        self.process = None
        return code

    def kill(self):
        """SIGKILL to `serve` alone: its children find out by themselves."""
        self.process.kill()
        self.process.wait()


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def serve(tmp_path, until):
    """`serve(bundle, workers=1, arguments=...)` starts a server; it is stopped, with all it started."""
    yield from _starter(lambda: tmp_path, until)


@pytest.fixture(scope="module")
def module_serve(tmp_path_factory, until):
    """The same, for servers that all tests of a module share; each has a folder of its own."""
    yield from _starter(lambda: tmp_path_factory.mktemp("server"), until)


def _starter(folder, until):
    servers = []

    def start(bundle, *, ready=True, **options):
        server = Server(folder(), bundle, until, **options)
        servers.append(server)
        return server.start(ready=ready)

    yield start
    for server in servers:
        try:
            server.stop()
        finally:
            _sweep(server.state)


def _sweep(state):
    """Nothing a test started may outlive it, whatever happened in between."""
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and any(str(state) in part for part in process.info["cmdline"] or ()):
            process.kill()


class Arrivals:
    """What a receiver got, by path and by message."""

    def __init__(self):
        self.all = []
        self._lock = threading.Lock()

    def __call__(self, arrival):
        with self._lock:
            self.all.append(arrival)

    def of(self, row):
        """The requests of one delivery, given its row of the history."""
        return self.by_message()[row.message]

    def by_message(self):
        found = defaultdict(list)
        with self._lock:
            for arrival in self.all:
                found[arrival.header("webhook-id")].append(arrival)
        return found


@pytest.fixture
def receiver():
    """`receiver(answers={"/path": (500, 200)}, delay=0)` starts a receiver; its `.arrivals` say what came."""
    yield from _receivers()


@pytest.fixture(scope="module")
def module_receiver():
    """The same, for a receiver that all tests of a module share."""
    yield from _receivers()


def _receivers():
    started = []

    def start(answers=None, delay=0.0):
        arrivals = Arrivals()
        made = Receiver(script=Script(paths=answers or {}), delay=delay, on_arrival=arrivals)
        made.arrivals = arrivals
        made.start()
        started.append(made)
        return made

    yield start
    for each in started:
        each.stop()
