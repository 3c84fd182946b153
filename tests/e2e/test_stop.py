"""The end of a server: whenever it is told to stop, and however often, nothing it started outlives it."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

BUNDLE = """
version: 1
webhooks:
  - {{id: slow, event: Lead_Post_Create, timeout: 20s, url: "{url}/slow"}}
"""


def survivors(server):
    """Processes that work on the server's state folder, or in it, as its Valkey does."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd"])
        if str(server.state) in " ".join([process.info["cwd"] or "", *(process.info["cmdline"] or ())])
    ]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_server_told_to_stop_while_its_valkey_starts_ends_it_again(sign, serve, until):
    server = serve(BUNDLE.format(url="http://127.0.0.1:1"), ready=False)
    until((server.state / "redis" / "socket").exists)
    os.killpg(server.process.pid, sign)
    assert server.process.wait(timeout=20) == 0
    until(lambda: not survivors(server))


@pytest.mark.slow
def test_a_second_signal_does_not_break_off_the_end(serve, receiver, until):
    sink = receiver(delay=30)
    server = serve(BUNDLE.format(url=sink.url))
    server.post({"type": "Lead_Post_Create", "data": {}})
    until(lambda: sink.arrivals.all)
    os.killpg(server.process.pid, signal.SIGTERM)
    until(lambda: "stopping" in server.log.read_text())
    server.process.terminate()
    assert server.process.wait(timeout=20) == 0
    assert not survivors(server)


@pytest.mark.timeout(60)
@pytest.mark.slow
def test_a_valkey_that_hangs_does_not_hold_up_the_end(serve):
    server = serve(BUNDLE.format(url="http://127.0.0.1:1"))
    os.kill(int((server.state / "redis" / "pid").read_text()), signal.SIGSTOP)
    os.killpg(server.process.pid, signal.SIGTERM)
    assert server.process.wait(timeout=20) == 0
    assert not survivors(server)
