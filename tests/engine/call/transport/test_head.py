"""The head of an answer, line by line."""

from __future__ import annotations

import pytest

from hookwright.engine.call.transport.head import Head


def fed(text: bytes) -> Head:
    head = Head()
    for line in text.splitlines(keepends=True):
        if not head.feed(line):
            break
    return head


def test_a_head_is_complete_at_its_blank_line_and_not_before():
    head = Head()
    for line in (b"HTTP/1.1 200 OK\r\n", b"A: 1\r\n"):
        assert head.feed(line)
        assert not head.complete
    assert head.feed(b"\r\n")
    assert (head.complete, head.status, head.headers()) == (True, 200, (("A", "1"),))


def test_interim_heads_leave_nothing_behind():
    head = fed(b"HTTP/1.1 100 Continue\r\nA: 1\r\n\r\n")
    assert (head.complete, head.status) == (False, None)
    head = fed(b"HTTP/1.1 100 Continue\r\nA: 1\r\n\r\nHTTP/1.1 204 None\r\nB: 2\r\n\r\n")
    assert (head.complete, head.status, head.headers()) == (True, 204, (("B", "2"),))


def test_trailers_are_counted_and_not_kept():
    head = fed(b"HTTP/1.1 200 OK\r\n\r\n")
    assert head.feed(b"X-Sum: 1\r\n")
    assert head.headers() == ()
    assert not head.feed(b"X: " + b"x" * 65_536)
    assert (head.complaint, head.complete) == ("more than 64 KiB of headers", True)


@pytest.mark.parametrize("length", [1, 255, 257, 5000])
def test_a_line_means_the_same_however_long_and_however_often_it_comes(length):
    filling = "x" * length
    for _ in range(2):
        head = fed(f"HTTP/1.1 203 {filling}\r\nA : {filling}\r\nB:\r\n {filling} \r\n\r\n".encode())
        assert (head.status, head.complete) == (203, True)
        assert head.headers() == (("A", filling), ("B", filling))
        assert fed(f"HTTP/1.1 20 {filling}\r\n".encode()).complaint == "the status line is not HTTP/1.1"
        assert fed(f"HTTP/1.1 200 OK\r\n{filling}\r\n".encode()).complaint == "a header line is malformed"


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\n folded before any header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA B: space in the name\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.12 200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b" HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"\r\n",
    ],
)
def test_a_head_that_breaks_a_rule_is_refused_with_a_reason(text):
    head = fed(text)
    assert head.complaint
    assert not head.complete


def test_a_length_beside_a_transfer_coding_is_odd():
    both = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    assert fed(both).odd
    assert not fed(both.replace(b"Content-Length: 3\r\n", b"")).odd
