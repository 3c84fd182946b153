"""Builds Hookwright and the example plugin, installs both where nothing of the project is, and runs them.

`just plugin` proves the frozen hooks from outside: a bundle uses what the plugin adds, a real `serve` makes
the calls, and what arrives at a receiver and at the notifier is compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from wheel import ROOT, run

from hookwright.interfaces.receiver import Arrival, Receiver, Script

PLUGIN = ROOT / "examples" / "plugins" / "hookwright-acme"
KEY = "100%-s3cret-Zq7"
ADDED = ("encoder acme-csv", "auth acme-stamp", "notifier acme-journal", "secret acme")
Found = TypeVar("Found")


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hookwright-plugin-") as name:
        folder = Path(name)
        commands = install(folder)
        check(commands, folder)
        deliver(commands, folder)
    print(f"the plugin is loaded, checked and used from YAML ({time.monotonic() - started:.0f} s)")


def install(folder: Path) -> Path:
    """Both wheels in an environment of their own; the folder of its commands."""
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, cwd=ROOT)
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, PLUGIN, cwd=ROOT)
    (ours,) = folder.glob("hookwright-*.whl")
    (theirs,) = folder.glob("hookwright_acme-*.whl")
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
    commands = folder / "env" / "bin"
    wanted = [f"{ours}[embedded]", theirs, "pytest"]
    run("uv", "pip", "install", "--quiet", "--python", commands / "python", *wanted, cwd=folder)
    return commands


def check(commands: Path, folder: Path) -> None:
    """The commands see the plugin, its contract holds, its own tests pass, and its example is valid."""
    listed = json.loads(run(commands / "hookwright", "plugins", "list", "-o", "json", cwd=folder))
    (acme,) = [each for each in listed["plugins"] if each["name"] == "acme"]
    assert acme["distribution"] == "hookwright-acme", acme
    assert tuple(acme["provides"]) == ADDED, acme
    checks = json.loads(run(commands / "hookwright", "plugins", "check", "-o", "json", cwd=folder))["checks"]
    passed = {each["contribution"] for each in checks if each["outcome"] == "passed"}
    assert passed == set(ADDED), checks
    shutil.copytree(PLUGIN / "tests", folder / "tests")
    print(run(commands / "python", "-m", "pytest", "-q", "tests", cwd=folder).splitlines()[-1])
    run(commands / "hookwright", "validate", "--strict", PLUGIN / "example.yaml", cwd=folder)


def deliver(commands: Path, folder: Path) -> None:
    """One event through the example: a table with a stamp arrives, and a failure is told."""
    arrivals: list[Arrival] = []
    script = Script(paths={"/broken": [500]})
    with Receiver(script=script, on_arrival=arrivals.append) as receiver:
        example = (PLUGIN / "example.yaml").read_text(encoding="utf-8")
        (folder / "hooks").mkdir()
        (folder / "hooks" / "example.yaml").write_text(example.replace("http://127.0.0.1:8421", receiver.url))
        (folder / "secrets.ini").write_text(f"[erp]\nkey = {KEY}\n")
        server = start(commands, folder)
        try:
            until((folder / "state" / "server.json").exists, "the server is there", server)
            data = '{"FirstName": "Ada", "Score": "7", "Tags": ["a", "b"]}'
            emit = ("emit", "-t", "Lead_Post_Create", "-d", data, "--state", "state")
            until(lambda: accepted(commands, folder, emit), "the event is taken", server)
            (lead,) = until(lambda: of(arrivals, "/leads"), "the table arrives", server)
            notice = until(lambda: told(folder / "notices.jsonl"), "the failure is told", server)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)
    compare(lead, notice)
    history = (folder / "state" / "history").rglob("*.jsonl")
    files = [folder / "serve.log", folder / "notices.jsonl", *history]
    assert KEY not in "".join(path.read_text(encoding="utf-8") for path in files), (
        "the secret is written down"
    )


def compare(lead: Arrival, notice: dict[str, Any]) -> None:
    assert lead.header("Content-Type") == "text/csv", lead.headers
    assert lead.body == b'FirstName,Score,Tags\r\nAda,7,"[""a"", ""b""]"\r\n', lead.body
    seconds = lead.header("webhook-timestamp")
    digest = hmac.new(KEY.encode(), f"{lead.header('webhook-id')}.{seconds}".encode(), hashlib.sha256)
    assert lead.header("X-Acme-Stamp") == f"t={seconds},v1={digest.hexdigest()}", lead.headers
    (failure,) = notice["failures"]
    said = (notice["kind"], notice["entity_id"], notice["count"], failure["code"], failure["attempts"])
    assert said == ("failure", "leads-to-nowhere", 1, 500, 1), notice


def start(commands: Path, folder: Path) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKWRIGHT_")}
    serve = ("serve", "--config", "hooks", "--state", "state", "--port", "0", "--allow-target", "127.0.0.0/8")
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [commands / "hookwright", *serve],
            cwd=folder,
            env={**kept, "ACME_SECRETS": str(folder / "secrets.ini")},
            stdout=log,
            stderr=log,
        )


def accepted(commands: Path, folder: Path, emit: tuple[str, ...]) -> bool:
    done = subprocess.run([commands / "hookwright", *emit], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def of(arrivals: list[Arrival], path: str) -> list[Arrival]:
    return [arrival for arrival in arrivals if arrival.path == path]


def told(file: Path) -> dict[str, Any] | None:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return json.loads(lines[0]) if lines else None


def until(look: Callable[[], Found], what: str, server: subprocess.Popen[bytes]) -> Found:
    """What `look` finds. Ends the program when that takes over 20 s, or when the server has ended."""
    deadline = time.monotonic() + 20
    while not (found := look()):
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"it never came to this: {what}")
        threading.Event().wait(0.05)
    return found


if __name__ == "__main__":
    main()
