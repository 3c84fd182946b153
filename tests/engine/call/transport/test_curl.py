"""What only the libcurl transport has: callbacks that judge, a loop that must survive, handles used again."""

from __future__ import annotations

import threading

import pytest

from hookwright.engine.call.transport import Reply
from hookwright.engine.call.transport.curl import CurlTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def serve_forever(line) -> None:
    while line.request():
        line.send(OK)


@pytest.fixture
def kind():
    return "curl"


class Changing:
    """A judge that says yes so many times, then no."""

    def __init__(self, yes: int) -> None:
        self.left = yes

    def __call__(self, address: str, port: int) -> str | None:
        self.left -= 1
        return None if self.left >= 0 else "not any more"


@pytest.mark.parametrize(("yes", "connections"), [(0, 0), (1, 0), (2, 1)])
def test_each_of_three_looks_is_enough_to_stop_a_call(yes, connections, caller, receive, roots, until):
    """Before the call, at the socket, and before the request."""
    receiver = receive(serve_forever)
    transport = CurlTransport(Changing(yes), ca=roots)
    reply = type(caller)("curl", transport)(receiver)
    transport.close()
    assert (reply.error, reply.message) == ("blocked_target", "not any more")
    until(lambda: receiver.connections == connections)  # it may be told of one a moment later
    assert receiver.requests == []


def test_a_judge_that_breaks_down_stops_the_call(caller, receive, roots, capfd):
    receiver = receive(serve_forever)
    asked: list[str] = []

    def judge(address: str, port: int) -> str | None:
        asked.append(address)
        if len(asked) > 1:
            raise RuntimeError("boom")
        return None

    transport = CurlTransport(judge, ca=roots)
    reply = type(caller)("curl", transport)(receiver)
    transport.close()
    assert not reply.complete
    assert reply.error
    assert receiver.requests == []


def test_calls_in_a_row_leave_nothing_behind_for_each_other(caller, receive):
    receiver = receive(serve_forever)
    caller(receiver, headers=(("Authorization", "Bearer one"), ("X-A", "1")), body=b"x" * 9000)
    caller(receiver, headers=(), body=b"", url=f"http://receiver.test:{receiver.port}/other")
    second = receiver.requests[1]
    assert second.lines[0] == b"POST /other HTTP/1.1"
    assert (second.header("authorization"), second.header("x-a"), second.body) == ([], [], b"")
    caller(receiver, method="PUT")
    caller(receiver)
    assert [request.lines[0].split()[0] for request in receiver.requests[2:]] == [b"PUT", b"POST"]


def test_a_reply_may_lead_to_the_next_call_from_the_transports_own_thread(caller, receive):
    receiver = receive(serve_forever)
    replies: list[Reply] = []
    over = threading.Event()

    def again(reply: Reply) -> None:
        replies.append(reply)
        if len(replies) == 50:
            over.set()
        else:
            caller.transport.submit(caller.call_for(receiver), again)

    caller.transport.submit(caller.call_for(receiver), again)
    assert over.wait(20)
    assert {reply.status for reply in replies} == {200}
    assert len({request.connection for request in receiver.requests}) == 1


def test_closing_from_a_reply_does_not_hang(caller, receive):
    receiver = receive(serve_forever)
    closed = threading.Event()

    def close(reply: Reply) -> None:
        caller.transport.close()
        closed.set()

    caller.transport.submit(caller.call_for(receiver), close)
    assert closed.wait(10)


def test_when_the_loop_breaks_down_every_call_is_answered(caller, receive, monkeypatch, caplog):
    receiver = receive(lambda line: line.wait())
    replies: list[Reply] = []
    answered = threading.Event()
    monkeypatch.setattr(caller.transport, "_collect", lambda: 1 / 0)
    caller.transport.submit(
        caller.call_for(receiver, timeout=30.0), lambda reply: (replies.append(reply), answered.set())
    )
    assert answered.wait(10)
    assert replies[0].error == "reset"
    assert "broke down" in caplog.text


@pytest.mark.fault(34)
def test_stray_bytes_on_a_kept_connection_end_it(caller, receive):
    sent = threading.Event()

    def script(line):
        line.request()
        line.send(OK)
        if line.number == 0:
            line.wait(0.05)
            line.send(b"HTTP/1.1 500 Poison\r\nContent-Length: 0\r\n\r\n")
            sent.set()
            line.wait()

    receiver = receive(script)
    assert caller(receiver).status == 200
    assert sent.wait(10)
    assert caller(receiver).status == 200
    assert [request.connection for request in receiver.requests] == [0, 1]


def test_many_connections_to_many_receivers_are_kept_apart(caller, receive):
    receivers = [receive(serve_forever) for _ in range(20)]
    for _ in range(3):
        assert {caller(receiver).status for receiver in receivers} == {200}
    assert [receiver.connections for receiver in receivers] == [1] * 20


def test_a_head_is_a_call_like_any_other_and_leaves_nothing_behind(caller, receive):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    methods = iter(["HEAD", "POST", "HEAD", "GET", "HEAD", "PUT"])

    def script(line):
        while (request := line.request()) is not None:
            line.send(answer if request.lines[0].startswith(b"HEAD") else answer + b"hello")

    receiver = receive(script)
    for method in methods:
        body = None if method in ("HEAD", "GET") else b'{"a":1}'
        reply = caller(receiver, method=method, body=body)
        assert (reply.status, reply.error) == (200, None)
        assert reply.body == (b"" if method == "HEAD" else b"hello")
        assert receiver.requests[-1].body == (body or b"")
    sent = [request.lines[0].split()[0] for request in receiver.requests]
    assert sent == [b"HEAD", b"POST", b"HEAD", b"GET", b"HEAD", b"PUT"]
