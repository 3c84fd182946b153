"""Lapps that behave badly, each in its own way, and some that do not. An installed plugin for the tests."""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import LappFunction

KEY = {
    "type": "object",
    "properties": {"key": {"$ref": "#/$defs/secret", "examples": [{"env": "WILD"}]}, "least": {}},
}


def echo(event, config):
    return {"data": event.data, "config": config, "stage": event.stage, "attempt": event.attempt}


def talks(event, config):
    print("printed", config.get("key"))
    logging.getLogger("wild").warning("logged")
    sys.stderr.write("said aside\n")
    return config.get("key")


def fails(event, config):
    raise ValueError(f"no luck with {event.data['n']}\nand {config.get('key')}")


def hangs(event, config):
    while True:
        time.sleep(60)


def spins(event, config):
    while True:
        pass


def leaves(event, config):
    os._exit(7)


def exits(event, config):
    sys.exit("bye")


def crashes(event, config):
    ctypes.string_at(0)


def shoots_itself(event, config):
    os.kill(os.getpid(), signal.SIGKILL)


def leaks(event, config):
    kept = bytearray()
    while True:
        kept += bytes(1 << 20)


def leaks_elsewhere(event, config):
    script = "import time; kept = b'x' * (40 << 20); time.sleep(60)"  # each within the limit
    for _ in range(3):
        subprocess.Popen([sys.executable, "-S", "-E", "-c", script])
    time.sleep(60)


def chatters(event, config):
    while True:
        print("x" * 100)


def forks(event, config):
    while True:
        with contextlib.suppress(OSError):
            os.fork()


def escapes(event, config):
    """Leaves a process behind that left its session and its parent; says which one it is."""
    told, tell = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(tell, str(os.getpid()).encode())
            time.sleep(60)
        os._exit(0)
    return int(os.read(told, 20))


def closes(event, config):
    os.closerange(0, 100)
    return "said to nobody"


def looks_around(event, config):
    return {
        "environment": sorted(os.environ),
        "files": sorted(each.name for each in Path("/proc/self/fd").iterdir()),
        "folder": [each.name for each in Path.cwd().iterdir()],
        "at": str(Path.cwd()),
        "read": sys.stdin.read(),
        "nice": os.nice(0),
        "main": threading.current_thread() is threading.main_thread(),
    }


def returns_much(event, config):
    return "x" * (2 << 20)


def returns_no_json(event, config):
    return {1, 2}


def keeps_a_thread(event, config):
    threading.Thread(target=hangs, args=(event, config)).start()
    return "done"


def remembers(event, config):
    sys.modules[__name__].__dict__["seen"] = sys.modules[__name__].__dict__.get("seen", 0) + 1
    return sys.modules[__name__].__dict__["seen"]


def writes_much(event, config):
    with Path("much").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def shoots_the_nursery(event, config):
    guardian = os.getppid()
    nursery = int(Path(f"/proc/{guardian}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(nursery, signal.SIGKILL)
    return json.dumps([guardian, nursery])


ALL = (
    echo, talks, fails, hangs, spins, leaves, exits, crashes, shoots_itself, leaks, leaks_elsewhere, chatters,
    forks, escapes, closes, looks_around, returns_much, returns_no_json, keeps_a_thread, remembers,
    writes_much, shoots_the_nursery,
)  # fmt: skip


@hookimpl
def hookwright_lapps():
    return [LappFunction(each.__name__.replace("_", "-"), each, KEY) for each in ALL]
