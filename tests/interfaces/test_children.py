"""Children: started again when they die, more patiently each time, and ended by closing their pipe."""

from __future__ import annotations

import errno
import os
import signal
import subprocess

from hookwright.interfaces.children import RESTART_MOST, STEADY, Child


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_child_that_dies_is_started_again_after_a_pause_that_doubles(until):
    clock = Clock()
    child = Child("version", ["--version"], os.environ, clock=clock, output=os.open(os.devnull, os.O_WRONLY))
    child.start()
    pauses = []
    for _ in range(8):
        until(lambda: not child.running)
        child.watch()
        began = clock.now
        while not child.running:
            clock.now += 0.05
            child.watch()
        pauses.append(round(clock.now - began, 2))
    child.wait(5)
    assert pauses[0] <= 0.25
    assert pauses == sorted(pauses)
    assert RESTART_MOST <= pauses[-1] <= RESTART_MOST + 0.1


def test_a_child_that_lived_for_a_while_is_started_again_at_once(until):
    clock = Clock()
    child = Child("version", ["--version"], os.environ, clock=clock, output=os.open(os.devnull, os.O_WRONLY))
    child.start()
    until(lambda: not child.running)
    clock.now += STEADY
    child.watch()
    clock.now += 0.11
    child.watch()
    assert child.pid is not None
    child.wait(5)


def test_closing_its_standard_input_ends_a_child_that_waits_for_it(valkey, until):
    environment = {**os.environ, "HOOKWRIGHT_REDIS_URL": valkey}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    child = Child("worker", ["worker", "--stop-at-eof"], environment, clock=Clock(), output=nowhere)
    child.start()
    child.hang_up()
    until(lambda: not child.running)
    assert child.code == 0


def test_a_child_that_does_not_end_is_killed():
    nowhere = os.open(os.devnull, os.O_WRONLY)
    child = Child("listen", ["listen", "--port", "0"], os.environ, clock=Clock(), output=nowhere)
    child.start()
    os.kill(child.pid, signal.SIGSTOP)
    child.wait(0.1)
    assert child.code == -signal.SIGKILL


def test_a_child_that_cannot_be_started_is_tried_again_later(monkeypatch, until):
    clock = Clock()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    child = Child("version", ["--version"], os.environ, clock=clock, output=nowhere)

    def refuse(*_arguments, **_options):
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        child.watch()
        assert child.pid is None
        child.watch()
    clock.now += RESTART_MOST
    child.watch()
    assert child.pid is not None
    child.wait(5)
