"""Both ways of waiting for sockets do the same."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from hookwright.engine.call.transport.readiness import READ, WRITE, Epoll, Selector


@pytest.fixture(params=[Epoll, Selector])
def readiness(request):
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_socket_is_ready_for_what_it_is_watched_for(readiness, pair):
    ours, theirs = pair
    readiness.watch(ours.fileno(), READ)
    assert readiness.wait(0) == []
    theirs.send(b"x")
    assert readiness.wait(1) == [(ours.fileno(), READ)]
    readiness.watch(ours.fileno(), WRITE)
    assert readiness.wait(1) == [(ours.fileno(), WRITE)]
    readiness.watch(ours.fileno(), READ | WRITE)
    assert readiness.wait(1) == [(ours.fileno(), READ | WRITE)]


def test_a_forgotten_socket_is_not_heard_of_and_can_be_watched_again(readiness, pair):
    ours, theirs = pair
    readiness.watch(ours.fileno(), READ)
    readiness.forget(ours.fileno())
    theirs.send(b"x")
    assert readiness.wait(0) == []
    assert readiness.wait(0) == []
    readiness.watch(ours.fileno(), READ)
    assert readiness.wait(1) == [(ours.fileno(), READ)]


def test_a_number_given_out_anew_is_a_new_socket(readiness):
    first, other = socket.socketpair()
    fd = first.fileno()
    readiness.watch(fd, READ)
    readiness.forget(fd)
    first.close()
    other.close()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert fd in {ours.fileno(), theirs.fileno()}
        here, there = (ours, theirs) if ours.fileno() == fd else (theirs, ours)
        readiness.renew()
        readiness.watch(fd, READ)
        there.send(b"x")
        assert readiness.wait(1) == [(fd, READ)]
        assert here.recv(1) == b"x"


def test_what_a_forgotten_socket_sent_is_heard_of_once_it_is_watched_again(readiness, pair):
    ours, theirs = pair
    for _ in range(3):
        readiness.watch(ours.fileno(), READ)
        assert readiness.wait(0) == []
        readiness.forget(ours.fileno())
        theirs.send(b"x")
        readiness.watch(ours.fileno(), READ)
        assert readiness.wait(1) == [(ours.fileno(), READ)]
        assert ours.recv(1) == b"x"


def test_a_hang_up_is_ready(readiness, pair):
    ours, theirs = pair
    readiness.watch(ours.fileno(), READ)
    theirs.close()
    ((fd, events),) = readiness.wait(1)
    assert fd == ours.fileno()
    assert events & READ


def test_waking_ends_a_wait_once(readiness):
    threading.Timer(0.05, readiness.wake).start()
    started = time.monotonic()
    assert readiness.wait(10) == []
    assert time.monotonic() - started < 5
    readiness.wake()
    readiness.wake()
    assert readiness.wait(10) == []
    started = time.monotonic()
    assert readiness.wait(0.05) == []
    assert time.monotonic() - started >= 0.04


def test_waking_without_anybody_waiting_never_blocks(readiness):
    for _ in range(100_000):
        readiness.wake()
    assert readiness.wait(10) == []


def test_forgetting_what_was_never_watched_is_fine(readiness, pair):
    readiness.forget(pair[0].fileno())
    assert readiness.wait(0) == []
