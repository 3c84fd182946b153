"""Whose thread drives the calls: that of who attends, and the transport's own whenever nobody does."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from tests.engine.call.transport.conftest import OK

from hookwright.engine.call.transport import Reply


def serve(line) -> None:
    while line.request():
        line.send(OK)


def attend_until(transport, condition, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        transport.attend(0.05)


def test_calls_are_answered_while_somebody_attends(caller, receive):
    receiver = receive(serve)
    replies: list[Reply] = []
    for _ in range(20):
        caller.transport.submit(caller.call_for(receiver), replies.append)
    attend_until(caller.transport, lambda: len(replies) == 20)
    assert {reply.status for reply in replies} == {200}


def test_a_call_goes_on_when_who_attended_stays_away(caller, receive):
    arrived, go = threading.Event(), threading.Event()

    def script(line):
        line.request()
        arrived.set()
        go.wait(20)
        line.send(OK)

    receiver = receive(script)
    answered = threading.Event()
    caller.transport.submit(caller.call_for(receiver, timeout=30.0), lambda _: answered.set())
    attend_until(caller.transport, arrived.is_set)
    go.set()
    assert answered.wait(15)


def test_a_deadline_is_kept_when_who_attended_stays_away(caller, receive):
    receiver = receive(lambda line: line.wait())
    answered: list[tuple[float, str | None]] = []
    over = threading.Event()
    started = time.monotonic()

    def done(reply: Reply) -> None:
        answered.append((time.monotonic() - started, reply.error))
        over.set()

    caller.transport.submit(caller.call_for(receiver, timeout=0.3), done)
    caller.transport.attend(0.01)
    assert over.wait(15)
    [(took, error)] = answered
    assert (error, took >= 0.29) == ("timeout", True)


def test_waking_ends_the_waiting_of_who_attends(caller):
    threading.Timer(0.05, caller.transport.wake).start()
    started = time.monotonic()
    caller.transport.attend(20)
    assert time.monotonic() - started < 15


def test_who_attends_waits_no_longer_than_asked(caller):
    started = time.monotonic()
    while time.monotonic() - started < 0.05:
        caller.transport.attend(0.01)
    assert time.monotonic() - started < 10


def test_a_socket_that_can_be_read_ends_the_waiting(caller):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        attend_until(caller.transport, lambda: caller.transport.attend(5, ours.fileno()))


@pytest.mark.parametrize("kind", ["curl"])
def test_a_socket_that_cannot_be_read_is_not_said_to_be(caller):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert caller.transport.attend(0, ours.fileno()) is False
        theirs.send(b"x")
        assert caller.transport.attend(5, ours.fileno()) is True


@pytest.mark.parametrize("kind", ["curl"])
def test_another_socket_of_the_same_number_is_waited_for_as_well(caller):
    first, other = socket.socketpair()
    fd = first.fileno()
    caller.transport.attend(0, fd)
    first.close()
    ours, theirs = socket.socketpair()
    with ours, theirs, other:
        here, there = (ours, theirs) if ours.fileno() == fd else (theirs, ours)
        assert here.fileno() == fd
        assert caller.transport.attend(0, fd) is False
        there.send(b"x")
        assert caller.transport.attend(5, fd) is True


def test_a_socket_that_is_read_by_somebody_else_later_troubles_no_call(caller, receive):
    receiver = receive(serve)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        caller.transport.attend(0, ours.fileno())
        theirs.send(b"x")  # now nobody asks for it
        assert caller(receiver).status == 200
        assert ours.recv(1) == b"x"


@pytest.mark.parametrize("kind", ["curl"])
def test_the_calls_of_who_attends_need_no_other_thread(caller, receive):
    receiver = receive(serve)
    threads: list[int] = []
    while len(threads) < 5:  # it may have to wait for the transport's own thread to leave
        count = len(threads)
        caller.transport.submit(caller.call_for(receiver), lambda _: threads.append(threading.get_ident()))
        attend_until(caller.transport, lambda count=count: len(threads) > count)
    assert threads[-1] == threading.get_ident()


def test_closing_ends_the_waiting_of_who_attends_and_answers_their_calls(caller, receive):
    arrived = threading.Event()

    def script(line):
        line.request()
        arrived.set()
        line.wait()

    receiver = receive(script)
    replies: list[Reply] = []
    caller.transport.submit(caller.call_for(receiver, timeout=60.0), replies.append)
    attend_until(caller.transport, arrived.is_set)
    closing = threading.Timer(0.05, caller.transport.close)
    closing.start()
    attend_until(caller.transport, lambda: replies)
    closing.join(15)
    assert [reply.error for reply in replies] == ["reset"]


def test_who_attends_may_close_from_a_reply(caller, receive):
    receiver = receive(serve)
    closed: list[bool] = []

    def done(_: Reply) -> None:
        caller.transport.close()
        closed.append(True)

    caller.transport.submit(caller.call_for(receiver), done)
    attend_until(caller.transport, lambda: closed)


def test_a_closed_transport_can_be_attended_to_and_woken(caller):
    caller.transport.close()
    threading.Timer(0.05, caller.transport.wake).start()
    started = time.monotonic()
    caller.transport.attend(20)
    assert time.monotonic() - started < 15
    assert caller.transport.attend(0.01, 0) is True
