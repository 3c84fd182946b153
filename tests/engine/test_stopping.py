"""The signals that end a process in order."""

from __future__ import annotations

import signal

import pytest

from hookwright.engine.stopping import stop_signals


@pytest.fixture
def at_hangup():
    """`at_hangup(handler)` says what SIGHUP does, until the end of the test."""
    before = signal.getsignal(signal.SIGHUP)
    yield lambda handler: signal.signal(signal.SIGHUP, handler)
    signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_closes_is_a_stop(at_hangup):
    at_hangup(signal.SIG_DFL)
    assert stop_signals() == (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def test_what_was_started_under_nohup_outlives_its_terminal(at_hangup):
    at_hangup(signal.SIG_IGN)
    assert stop_signals() == (signal.SIGTERM, signal.SIGINT)
