"""Express: events that come in whole are answered as those that come in pieces, and in order."""

from __future__ import annotations

import re
import socket

import pytest

from hookwright.engine.errors import JournalError

EVENT = b'{"type":"Lead_Post_Create","id":"%d"}'
LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def request(body: bytes, more: bytes = b"", path: bytes = b"/v1/events") -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % path
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def in_pieces(port: int, sent: bytes) -> bytes:
    """The answer to what is sent as its head and, when that was surely read alone, the rest."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head, _, body = sent.partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body + LAST)
        got = b""
        while block := connection.recv(65536):
            got += block
        return got


def comparable(answer: bytes) -> list[bytes]:
    """Its lines, in any order, without what is never the same."""
    return sorted(re.sub(rb"date: [^\r]*|dlv_[a-z2-7]*|evt_[-0-9a-f]*", b"", answer).split(b"\r\n"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"Lead_Post_Create"}',
        b'[{"type":"Lead_Post_Create"}]',
        b'{"type": 1}',
        b"{",
        b'{"type":"x"}',
    ],
)
def test_what_comes_in_whole_is_answered_like_what_comes_in_pieces(api, body: bytes) -> None:
    whole = api.raw(request(body) + LAST)
    assert whole.count(b"HTTP/1.1 ") == 2, "the connection lives on after an answer"
    assert comparable(whole) == comparable(in_pieces(api.port, request(body)))


def test_a_fault_of_the_journal_is_answered_and_the_next_request_taken(api) -> None:
    api.failure = JournalError("disk full")
    got = api.raw(request(EVENT % 1) + LAST)
    assert got.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 5\r\n" in got
    assert b"HTTP/1.1 200 " in got


def test_a_fault_of_our_own_ends_the_connection(api) -> None:
    api.failure = RuntimeError("a bug")
    got = api.raw(request(EVENT % 1) + LAST)
    assert got.startswith(b"HTTP/1.1 500 ")
    assert b"\r\nconnection: close\r\n" in got
    assert got.count(b"HTTP/1.1 ") == 1


def test_requests_that_come_at_once_are_answered_in_their_order(api) -> None:
    many = b"".join(request(EVENT % number) for number in range(5))
    got = api.raw(many + LAST)
    assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"202"] * 5 + [b"200"]
    assert re.findall(rb'"id":"(\d)"', got) == [b"0", b"1", b"2", b"3", b"4"]
    assert [plan.event.id for plan in api.journalled] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(EVENT % 21, b"Origin: http://evil.example\r\n"), 403),
        (request(EVENT % 22, b"Host: evil.example\r\n"), 400),
        (request(EVENT % 23, b"Connection: close\r\n"), 202),
        (request(EVENT % 24).replace(b"HTTP/1.1", b"HTTP/1.0"), 202),
        (request(EVENT % 25, path=b"/v1/events?x=1"), 202),
        (request(EVENT % 26, path=b"/v1/deliveries"), 401),
        (request(EVENT % 27).replace(b"POST", b"PUT"), 401),
    ],
    ids=["foreign origin", "two hosts", "close", "HTTP/1.0", "query", "another path", "another method"],
)
def test_what_is_out_of_the_ordinary_goes_the_usual_way(api, sent: bytes, status: int) -> None:
    assert int(api.raw(sent + LAST)[9:12]) == status
    assert len(api.journalled) == (status == 202)


def test_a_token_is_asked_for_beyond_loopback(public) -> None:
    host = (b"Host: localhost", b"Host: hooks.example.com")
    assert public.raw(request(EVENT % 28).replace(*host) + LAST.replace(*host)).startswith(b"HTTP/1.1 401 ")
    assert public.journalled == []
