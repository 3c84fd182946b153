"""Worker processes forked from one that has imported everything; whoever is killed is replaced at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

# A worker dies at a point of an attempt when it is the one that takes the file of that point away.
# Its clock, but not how it measures spans, is off by the next of the shifts, and by the opposite of it once
# the file `jump` stands in its folder.
CHILD = """
import gc, os, resource, signal, sys, time
from pathlib import Path
from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.worker.drain import Drain
from hookwright.engine.worker.launcher import Launcher
from hookwright.engine.worker.worker import WorkerSettings, run_worker
from hookwright.plugins.loader import load_plugins

url, count, lease, descriptors = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
shifts = [float(each) for each in sys.argv[5:]] or [0.0]

def reached(point):
    try:
        os.unlink(point)
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

begin, may_send, ended, step = Launcher.begin, Drain._may_send, Drain._ended, Ledger.step

def beginning(self, claim, configuration):
    reached("claimed")
    return begin(self, claim, configuration)

asked = set()

def may_sending(self, flight):
    reached("connected" if flight.claim.token in asked else "resolved")
    asked.add(flight.claim.token)
    return may_send(self, flight)

def ending(self, flight, end):
    reached("answered")
    return ended(self, flight, end)

def stepping(self, *, settles=(), **what):
    if settles:
        reached("settling")
    tick = step(self, settles=settles, **what)
    if settles:
        reached("settled")
    return tick

Launcher.begin, Drain._may_send, Drain._ended, Ledger.step = beginning, may_sending, ending, stepping

def be_worker(shift):
    if shift:
        true = time.time
        time.time = lambda: true() + (-shift if Path("jump").exists() else shift)
        time.time_ns = lambda: int(time.time() * 1e9)
    if descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    policy = Policy(allow=(Allowed.parse("127.0.0.0/8"),))
    run_worker(
        WorkerSettings(url=url, plugins=load_plugins(), policy=policy, lease=lease, stop_at_eof=True, grace=3)
    )

def fork(shift):
    pid = os.fork()
    if not pid:
        try:
            be_worker(shift)
        finally:
            os._exit(1 if sys.exc_info()[0] else 0)
    living[pid] = shift

living = {}
gc.freeze()
for number in range(count):
    fork(shifts[number % len(shifts)])
while living:
    pid, status = os.wait()
    shift = living.pop(pid)
    print(f"{pid} ended: {os.waitstatus_to_exitcode(status)}", flush=True)
    if os.WIFSIGNALED(status):
        fork(shift)
"""


class Nursery:
    """Keeps `count` workers on the Redis at `url` alive, in `folder`. Times in seconds.

    `lease` is theirs, `descriptors` how many files and sockets each may have open (0: as many as it likes),
    `shifts` by how much their clocks are wrong, in turns.
    """

    POINTS = ("claimed", "resolved", "connected", "answered", "settling", "settled")

    def __init__(self, url, folder: Path, count, *, lease=5.0, descriptors=0, shifts=()):
        self.folder = folder
        numbers = [str(each) for each in (count, lease, descriptors, *shifts)]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CHILD, url, *numbers],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
            )

    def arm(self, point):
        """Have the worker die that gets to this point of an attempt next."""
        (self.folder / point).touch()

    def is_armed(self, point):
        return (self.folder / point).exists()

    def workers(self):
        """The processes there are at the moment."""
        return [each for each in psutil.Process(self._process.pid).children() if each.is_running()]

    def log(self):
        return (self.folder / "log").read_text()

    def stop(self):
        """The end of their standard input is their stop. Whether all ended as they should."""
        self._process.stdin.close()
        return self._process.wait(20) == 0

    def kill(self):
        """Nothing of it is left, whatever it was doing."""
        if self._process.poll() is None:
            for each in [self._process, *self.workers()]:
                each.kill()
            self._process.wait()
