"""Crash loops: one kill after the other under load, then the audit as a user would run it.

A seed chooses what dies and when; it is printed, and `HOOKWRIGHT_SEED` and `HOOKWRIGHT_KILLS` set it.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import redis

BUNDLE = """
version: 1
bundle: crash
defaults:
  retry: {{attempts: 6, initial: 300ms, multiplier: 1}}
  timeout: 5s
  concurrency: 8
  disable_after: false
webhooks:
  - {{id: fine, event: Lead_Post_Create, url: "{url}/fine"}}
  - {{id: flaky, event: Lead_Post_Create, url: "{url}/flaky"}}
  - {{id: later, event: Lead_Post_Create, delay: 1s, url: "{url}/later"}}
  - {{id: grouped, event: Lead_Post_Update, url: "{url}/grouped", batch: {{window: 500ms, max_events: 5}}}}
"""
ANSWERS = {"/flaky": (500, 200)}
IN_FLIGHT = 64  # of one worker: the most a single kill may repeat
SHARES = {"worker": 70, "valkey": 12, "flush": 6, "bookkeeper": 6, "serve": 6}  # in a hundred


class Workers:
    """Processes on a Redis of their own, started anew as soon as they die."""

    def __init__(self, count, redis_url):
        self.environment = {**os.environ, "HOOKWRIGHT_REDIS_URL": redis_url}
        self.running = [self.start() for _ in range(count)]

    def start(self):
        command = [sys.executable, "-m", "hookwright", "worker", "--allow-target", "127.0.0.0/8"]
        quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=self.environment, **quiet)

    def kill(self, rng):
        index = rng.randrange(len(self.running))
        self._end(self.running[index])
        self.running[index] = self.start()

    def close(self):
        for process in self.running:
            self._end(process)

    @staticmethod
    def _end(process):
        process.kill()
        process.wait()
        process.stdin.close()


class Load:
    """Sends an event every so often, each until it is acknowledged; writes the acknowledgements down."""

    def __init__(self, server, path, pause):
        self.server = server
        self.pause = pause
        self.file = path.open("w")
        self.stopping = threading.Event()
        self.accepted = 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        number = 0
        while not self.stopping.wait(self.pause):
            number += 1
            kind = "Lead_Post_Update" if number % 4 == 0 else "Lead_Post_Create"
            event = {"type": kind, "id": f"e{number}", "source": "/load", "data": {"n": number}}
            while not self.sent(event):
                self.stopping.wait(0.1)

    def sent(self, event):
        try:
            status, answer = self.server.post(event, timeout=10)
        except (OSError, ValueError):
            return False
        if status == 202:
            self.accepted += 1
            self.file.write(json.dumps(answer) + "\n")
        return status == 202

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.file.close()


class Ledger:
    """What the receiver got, in the form `hookwright listen -o ndjson` prints it."""

    def __init__(self, path):
        self.file = path.open("w")
        self.lock = threading.Lock()

    def __call__(self, arrival):
        body = {"body": base64.b64encode(arrival.body).decode(), "encoding": "base64"}
        line = json.dumps({"headers": [list(each) for each in arrival.headers], **body})
        with self.lock:
            self.file.write(line + "\n")


def torment(server, valkey, workers, kills, rng, until):
    """Kill so many times, with a pause before each."""
    done = Counter()
    wait = threading.Event().wait
    for _ in range(kills):
        wait(rng.uniform(0.1, 0.6))
        (what,) = rng.choices(list(SHARES), SHARES.values())
        done[what] += 1
        match what:
            case "worker":
                workers.kill(rng)
            case "valkey":
                valkey.kill()
                valkey.start()
            case "flush":
                with valkey.client() as client:
                    until(lambda: _flushed(client))
            case "bookkeeper":
                for process in server.children(" bookkeeper "):
                    process.kill()
            case "serve":
                server.kill()
                server.start()
    return done


def _flushed(client):
    try:
        return client.flushall()
    except redis.RedisError:
        return False


def survive(serve, receiver, own_valkey, until, tmp_path, *, kills, seed, pause):
    sink = receiver(ANSWERS)
    sink._on_arrival = ledger = Ledger(tmp_path / "received")
    environment = {"HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=sink.url), workers=0, environment=environment, ready=False)
    workers = Workers(2, own_valkey.url)
    load = Load(server, tmp_path / "acknowledged", pause)
    began = time.monotonic()
    try:
        until(server.ready)
        load.thread.start()
        done = torment(server, own_valkey, workers, kills, random.Random(seed), until)
        load.stop()
        healed = time.monotonic()
        until(lambda: server.run("audit", "--ended")[0] == 0, seconds=120, every=1)
    finally:
        workers.close()
    assert server.stop() == 0
    ledger.file.close()
    files = ("--received", tmp_path / "received", "--acknowledged", tmp_path / "acknowledged")
    bound = ("--most-repeated", str(kills * IN_FLIGHT))
    code, out, err = server.run("audit", "--ended", *files, *bound, "-o", "json")
    said = json.loads(out)
    print(
        f"seed {seed}: {dict(done)} in {healed - began:.0f} s, drained in {time.monotonic() - healed:.0f} s; "
        f"{load.accepted} events acknowledged, audit: "
        + ", ".join(f"{key} {said[key]}" for key in ("deliveries", "attempts", "requests", "repeated"))
        + f", findings {said['findings']}"
    )
    assert code == 0, err
    assert load.accepted


@pytest.mark.fault(2)
@pytest.mark.fault(3)
@pytest.mark.fault(10)
def test_a_few_kills_in_a_row_lose_nothing(serve, receiver, own_valkey, until, tmp_path):
    survive(serve, receiver, own_valkey, until, tmp_path, kills=10, seed=7, pause=0.02)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.fault(2)
@pytest.mark.fault(3)
@pytest.mark.fault(10)
def test_a_thousand_kills_lose_nothing(serve, receiver, own_valkey, until, tmp_path):
    kills = int(os.environ.get("HOOKWRIGHT_KILLS", "1000"))
    seed = int(os.environ.get("HOOKWRIGHT_SEED", str(random.randrange(10**6))))
    survive(serve, receiver, own_valkey, until, tmp_path, kills=kills, seed=seed, pause=0.05)
