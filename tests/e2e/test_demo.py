"""The demonstration: it starts everything, shows it, ends by itself and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import psutil
import pytest

COMMAND = [sys.executable, "-m", "hookwright", "demo", "--rate", "50"]


def demo_processes():
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "hookwright-demo-" in " ".join(process.info["cmdline"] or ())
    ]


def test_piped_it_prints_a_line_for_every_change_and_ends_with_a_summary():
    done = subprocess.run(
        [*COMMAND, "--events", "15"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    told = re.compile(r"\d\d:\d\d:\d\d  Success +webhook/leads-to-erp +Lead_Post_Create +1 try  200")
    assert [line for line in lines if told.fullmatch(line)]
    assert [line for line in lines if "Success" in line and "webhook/tasks" in line and "3 tries" in line]
    assert [
        line
        for line in lines
        if "Failure" in line and "webhook/old-system" in line and "3 tries  500" in line
    ]
    assert [line for line in lines if "In Queue" in line and "webhook/welcome" in line and "0 tries" in line]
    assert re.search(r"\d+ deliveries: \d+ Failure, \d+ Success", done.stderr)
    assert demo_processes() == []


def test_on_a_terminal_it_shows_one_table():
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(
        [*COMMAND, "--events", "5"], stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        assert process.wait(60) == 0, shown.decode()
    text = shown.decode()
    assert "subscriber" in text
    assert "\x1b[32mSuccess" in text
    assert "5 events" in text


def _read(leader):
    try:
        return os.read(leader, 65536)
    except OSError:  # the terminal's other side is closed
        return b""


@pytest.mark.slow
def test_what_it_ran_in_can_be_kept_and_looked_at(tmp_path):
    done = subprocess.run(
        [*COMMAND, "--events", "3", "--keep", tmp_path / "kept"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    state = tmp_path / "kept" / "state"
    listed = subprocess.run(
        [sys.executable, "-m", "hookwright", "history", "list", "--state", state],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "leads-to-erp" in listed.stdout
    assert f"hookwright history list --state {state}" in done.stderr
