"""What both transports promise, held against friendly and evil receivers. Differences are said aloud."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hookwright.engine.call.transport import NOT_PERMITTED

HEAD_LIMIT = 64 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BOTH_LENGTHS = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def close_after(*parts: bytes) -> Callable:
    """Reads the request, sends the parts, and hangs up."""

    def script(line):
        line.request()
        for part in parts:
            line.send(part)

    return script


def serve_all(answer: bytes) -> Callable:
    """Answers every request on a connection the same."""

    def script(line):
        while line.request() is not None:
            line.send(answer)

    return script


def hold_after(*parts: bytes) -> Callable:
    """Reads the request, sends the parts, and then nothing for ever."""

    def script(line):
        close_after(*parts)(line)
        line.wait()

    return script


def flood(part: bytes, first: bytes = b"") -> Callable:
    """Reads the request and sends without end."""

    def script(line):
        line.request()
        line.send(first)
        while not line.receiver.over.is_set():
            line.send(part)

    return script


def drip(first: bytes, slow: bytes) -> Callable:
    def script(line):
        line.request()
        line.send(first)
        line.drip(slow)

    return script


def reset_after(part: bytes) -> Callable:
    def script(line):
        line.request()
        line.send(part)
        line.wait(0.05)  # let it arrive: a reset overtakes what is unread
        line.reset()

    return script


def reset_at_once(line) -> None:
    line.socket.recv(1)
    line.reset()


@dataclass(frozen=True)
class Mode:
    """What a receiver does, and what both transports say. `requests` holds what only the fallback says."""

    script: Callable
    error: str | None = None
    status: int | None = None
    truncated: bool = False
    requests: dict[str, object] | None = None
    timeout: float = 5.0
    body: bytes | None = None

    def expected(self, kind: str) -> dict[str, object]:
        expected = {"error": self.error, "status": self.status, "truncated": self.truncated}
        return expected | (self.requests or {} if kind == "requests" else {})


SLOW = 0.5  # seconds of patience where waiting is the point

MODES = {
    # It answers.
    "200": Mode(close_after(OK), status=200, body=b"ok"),
    "200 that ends with the connection": Mode(
        close_after(b"HTTP/1.1 200 OK\r\n\r\nbye"), status=200, body=b"bye"
    ),
    "HTTP/1.0": Mode(close_after(b"HTTP/1.0 201 Fine\r\n\r\n1"), status=201, body=b"1"),
    "chunked with trailers": Mode(
        close_after(CHUNKED, b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"), status=200, body=b"ok"
    ),
    "204": Mode(close_after(b"HTTP/1.1 204 No Content\r\n\r\n"), status=204, body=b""),
    "200 empty": Mode(close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), status=200, body=b""),
    "200 with error text": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nerror"), status=200, body=b"error"
    ),
    "204 with a body": Mode(hold_after(b"HTTP/1.1 204 No Content\r\n\r\nsurplus"), status=204, body=b""),
    "500": Mode(close_after(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), status=500),
    "no reason phrase": Mode(close_after(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"), status=200),
    "lines that end in LF only": Mode(
        close_after(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), status=200, body=b"ok"
    ),
    "an equal Content-Length twice": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"), status=200
    ),
    "eight interim answers": Mode(
        close_after(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 8, OK), status=200, body=b"ok"
    ),
    "escape characters in the reason": Mode(
        close_after(b"HTTP/1.1 200 \x1b[2J\xff\r\nContent-Length: 2\r\n\r\nok"), status=200
    ),
    "escape characters in a header": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nX-A: \x1b[2J\xff\r\nContent-Length: 0\r\n\r\n"), status=200
    ),
    "status 999": Mode(close_after(b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"), status=999),
    "a body at the limit": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 8192\r\n\r\n", b"x" * 8192),
        status=200,
        body=b"x" * 8192,
    ),
    "CL and TE together": Mode(close_after(BOTH_LENGTHS, b"2\r\nok\r\n0\r\n\r\n"), status=200, body=b"ok"),
    # It has answered, whatever becomes of the body.
    "dripped body": Mode(
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x" * 999),
        status=200,
        truncated=True,
        timeout=SLOW,
    ),
    "body cut off, with Content-Length": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), status=200, truncated=True, body=b"ok"
    ),
    "body cut off, chunked": Mode(
        close_after(CHUNKED, b"5\r\nok"), status=200, truncated=True, requests={"truncated": True}
    ),
    "reset within the body": Mode(
        reset_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), status=200, truncated=True
    ),
    "body without end": Mode(
        flood(b"x" * 65_536, b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"),
        status=200,
        truncated=True,
        body=b"x" * 8192,
    ),
    "chunks without end": Mode(
        flood(b"400\r\n" + b"x" * 1024 + b"\r\n", CHUNKED), status=200, truncated=True, body=b"x" * 8192
    ),
    "a chunk that never ends": Mode(
        hold_after(CHUNKED, b"5\r\nok"), status=200, truncated=True, timeout=SLOW
    ),
    "a malformed chunk size": Mode(close_after(CHUNKED, b"zz\r\nok\r\n"), status=200, truncated=True),
    "a chunk of 2^64 bytes": Mode(
        close_after(CHUNKED, b"10000000000000000\r\nok"), status=200, truncated=True
    ),
    "trailers without end": Mode(
        flood(b"X-T: " + b"x" * 999 + b"\r\n", CHUNKED + b"2\r\nok\r\n0\r\n"),
        status=200,
        truncated=True,
        timeout=SLOW,
    ),
    "redirect": Mode(
        close_after(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
        status=302,
    ),
    # It does not answer.
    "resets at once": Mode(reset_at_once, error="reset"),
    "resets within the head": Mode(reset_after(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n"), error="reset", status=200),
    "closes without a word": Mode(close_after(), error="reset"),
    "silent": Mode(hold_after(), error="timeout", timeout=SLOW),
    "dripped head": Mode(
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"x" * 999), error="timeout", status=200, timeout=SLOW
    ),
    "one interim answer, then silence": Mode(
        hold_after(b"HTTP/1.1 100 Continue\r\n\r\n"), error="timeout", timeout=SLOW
    ),
    # It answers with what is no answer.
    "EOF after the status line": Mode(close_after(b"HTTP/1.1 200 OK\r\n"), error="protocol", status=200),
    "EOF after a header line": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n"), error="protocol", status=200
    ),
    "EOF within a header line": Mode(close_after(b"HTTP/1.1 200 OK\r\nX-A: 1"), error="protocol", status=200),
    # libcurl takes half a status line for nothing at all
    "EOF within the status line": Mode(
        close_after(b"HTTP/1.1 200"), error="reset", requests={"error": "protocol"}
    ),
    "100 without end": Mode(flood(b"HTTP/1.1 100 Continue\r\n\r\n"), error="protocol"),
    "102 without end": Mode(flood(b"HTTP/1.1 102 Processing\r\n\r\n"), error="protocol"),
    "103 without end": Mode(flood(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), error="protocol"),
    "nine interim answers": Mode(close_after(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9, OK), error="protocol"),
    "101": Mode(hold_after(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), error="protocol", status=101),
    "a header line of 70 kB": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 70_000 + b"\r\n\r\n"), error="protocol", status=200
    ),
    "a header line without end": Mode(
        flood(b"x" * 65_536, b"HTTP/1.1 200 OK\r\nX-A: "), error="protocol", status=200
    ),
    "90 cookies of 60 kB": Mode(
        close_after(b"HTTP/1.1 200 OK\r\n", b"Set-Cookie: a=" + b"x" * 60_000 + b"\r\n", OK),
        error="protocol",
        status=200,
    ),
    "10,000 headers": Mode(
        close_after(b"HTTP/1.1 200 OK\r\n" + b"X-A: 12345\r\n" * 10_000 + b"\r\n"),
        error="protocol",
        status=200,
    ),
    # http.client takes no more than 100, and cannot be told otherwise
    "200 headers": Mode(
        close_after(b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"Content-Length: 0\r\n\r\n"),
        status=200,
        requests={"error": "protocol"},
    ),
    "HTTP/0.9": Mode(close_after(b"hello\n"), error="protocol"),
    "ICY": Mode(close_after(b"ICY 200 OK\r\n\r\n"), error="protocol"),
    "junk before the status line": Mode(close_after(b"junk\r\n", OK), error="protocol"),
    "status abc": Mode(close_after(b"HTTP/1.1 abc OK\r\n\r\n"), error="protocol"),
    "status 20": Mode(close_after(b"HTTP/1.1 20 OK\r\n\r\n"), error="protocol"),
    "status 99": Mode(close_after(b"HTTP/1.1 99 OK\r\n\r\n"), error="protocol"),
    "status 099": Mode(close_after(b"HTTP/1.1 099 OK\r\n\r\n"), error="protocol"),
    "HTTP/2 in text": Mode(close_after(b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"), error="protocol"),
    "HTTP/3.0 in text": Mode(close_after(b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n"), error="protocol"),
    "NUL in the reason": Mode(close_after(b"HTTP/1.1 200 O\0K\r\n\r\n"), error="protocol"),
    "NUL in a header": Mode(close_after(b"HTTP/1.1 200 OK\r\nX-A: \0\r\n\r\n"), error="protocol", status=200),
    "a header without a colon": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nX-A\r\nContent-Length: 0\r\n\r\n"), error="protocol", status=200
    ),
    "Content-Length -5": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), error="protocol", status=200
    ),
    "two different Content-Lengths": Mode(
        close_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        error="protocol",
        status=200,
    ),
}


SHOWS = {  # which of the numbered faults a mode is
    26: (
        "reset within the body",
        "resets at once",
        "resets within the head",
        "closes without a word",
        "silent",
    ),
    27: ("dripped body",),
    28: ("dripped head", "one interim answer, then silence"),
    29: ("100 without end", "102 without end", "103 without end", "nine interim answers", "101"),
    30: (
        "a header line of 70 kB",
        "a header line without end",
        "90 cookies of 60 kB",
        "10,000 headers",
        "200 headers",
    ),
    31: (
        "EOF after the status line",
        "EOF after a header line",
        "EOF within a header line",
        "EOF within the status line",
    ),
    32: (
        *(
            "HTTP/0.9",
            "ICY",
            "junk before the status line",
            "status abc",
            "status 20",
            "status 099",
            "status 99",
        ),
        *("status 999", "HTTP/2 in text", "HTTP/3.0 in text", "NUL in the reason", "NUL in a header"),
        *("escape characters in the reason", "escape characters in a header"),
    ),
    33: (
        *("CL and TE together", "a malformed chunk size", "a chunk of 2^64 bytes", "a chunk that never ends"),
        *("trailers without end", "chunks without end", "Content-Length -5", "two different Content-Lengths"),
        *("body cut off, chunked", "body cut off, with Content-Length"),
    ),
    36: ("body without end",),
    40: ("200 with error text", "204 with a body", "200 empty"),
}


def modes() -> list[object]:
    marks = {name: [pytest.mark.fault(number)] for number, names in SHOWS.items() for name in names}
    assert not marks.keys() - MODES.keys()
    return [pytest.param(name, marks=marks.get(name, ())) for name in MODES]


@pytest.mark.parametrize("name", modes())
def test_a_receiver_gets_the_reply_it_deserves(name, caller, receive):
    mode = MODES[name]
    receiver = receive(mode.script)
    started = time.monotonic()
    reply = caller(receiver, timeout=mode.timeout)
    assert time.monotonic() - started < mode.timeout + 1
    assert {"error": reply.error, "status": reply.status, "truncated": reply.truncated} == mode.expected(
        caller.kind
    )
    assert reply.complete == (reply.error is None)
    assert reply.message if reply.error else not reply.message
    if mode.body is not None:
        assert reply.body == mode.body
    assert receiver.connections == 1
    assert sum(map(len, map(str, reply.headers))) <= HEAD_LIMIT * 2


@pytest.mark.fault(26)
def test_a_refused_connection_is_a_connect_error(caller, receive):
    receiver = receive(close_after(OK))
    receiver.close()
    assert caller(receiver).error == "connect"


@pytest.mark.fault(4)
def test_a_call_whose_permit_has_ended_connects_and_sends_nothing(caller, receive):
    asked = []
    receiver = receive(close_after(OK))
    reply = caller(receiver, permit=lambda: bool(asked.append(receiver.connections)))
    assert (reply.error, reply.status) == (NOT_PERMITTED, None)
    assert len(asked) == 1
    assert receiver.requests == []


def test_the_next_checked_address_is_tried_when_one_takes_no_connection(caller, receive):
    receiver = receive(close_after(OK))
    reply = caller(receiver, addresses=("127.0.0.9", "127.0.0.8", "127.0.0.1"))
    assert (reply.status, reply.error) == (200, None)
    assert receiver.connections == 1


@pytest.mark.fault(37)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/", "/hook?a=1", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_redirects_are_never_followed(status, to, caller, receive):
    canary = receive(close_after(OK))
    location = to.format(port=canary.port).encode()
    answer = b"HTTP/1.1 %d Go\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (status, location)
    receiver = receive(close_after(answer))
    reply = caller(receiver)
    assert (reply.status, reply.error) == (status, None)
    assert ("Location", location.decode()) in reply.headers
    assert (canary.connections, len(receiver.requests)) == (0, 1)


@pytest.mark.fault(35)
@pytest.mark.parametrize("coding", ["br", "zstd", "gzip", ", ".join(["gzip"] * 1000)], ids=len)
def test_what_says_it_is_compressed_is_kept_as_it_came(coding, caller, receive):
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 9\r\n\r\n".encode()
    reply = caller(receive(close_after(head, b"not at all")))
    assert (reply.status, reply.error, reply.body) == (200, None, b"not at al")


@pytest.mark.fault(35)
def test_a_compressed_bomb_stays_small_and_is_never_decoded(caller, receive):
    bomb = gzip.compress(bytes(10_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    receiver = receive(close_after(head, bomb))
    reply = caller(receiver)
    assert (reply.status, reply.error, reply.truncated) == (200, None, True)
    assert reply.body == bomb[:8192]
    assert receiver.requests[0].header("accept-encoding") == [b"identity"]


@pytest.mark.fault(36)
def test_an_endless_body_is_not_drained(caller, receive):
    sent: list[int] = []

    def script(line):
        line.request()
        line.send(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not line.receiver.over.is_set():
                line.send(b"x" * 4096)
                sent.append(4096)
        finally:
            sent.append(0)

    reply = caller(receive(script))
    assert reply.truncated
    assert sum(sent) < 16 * 1024 * 1024  # no more than the sockets' buffers hold


def test_headers_come_back_in_order_with_doubles_and_folded_lines_joined(caller, receive):
    answer = b"HTTP/1.1 200 OK\r\nX-A:  one \r\nx-a: two\r\nX-B: a\r\n\t b\r\nX-E:\r\nX-L: \xe9\r\n"
    reply = caller(receive(close_after(answer, b"Content-Length: 0\r\n\r\n")))
    assert reply.headers == (
        ("X-A", "one"), ("x-a", "two"), ("X-B", "a b"), ("X-E", ""), ("X-L", "\xe9"), ("Content-Length", "0"),
    )  # fmt: skip


def test_interim_headers_are_not_taken_for_the_answers(caller, receive):
    reply = caller(receive(close_after(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n", OK)))
    assert reply.headers == (("Content-Length", "2"),)


@pytest.mark.parametrize("common", [0, 3, 99])
def test_nothing_is_added_on_the_wire_but_host_length_and_identity(common, caller, receive):
    receiver = receive(close_after(OK))
    headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", "Hookwright/test"),
        ("Accept", "text/plain"),
        ("X-Team", "growth"),
        ("X-Empty", ""),
        ("X-Blank", " \t"),
        ("x-team", "caf\xe9; a=b"),
        ("webhook-id", "msg_1"),
    )
    caller(receiver, headers=headers, common=common)
    first, *lines = receiver.requests[0].lines
    assert first == b"POST /hook?a=1 HTTP/1.1"
    added = {b"Host: receiver.test:%d" % receiver.port, b"Content-Length: 7", b"Accept-Encoding: identity"}
    assert {line for line in lines if line in added} == added
    # an empty value may carry the space after its colon
    assert [line.rstrip() for line in lines if line not in added] == [
        f"{name}: {value}".encode("latin-1").rstrip() for name, value in headers
    ]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_call_without_a_body_says_nothing_of_one(method, caller, receive):
    receiver = receive(close_after(OK))
    headers = (("User-Agent", "Hookwright/test"), ("webhook-id", "msg_1"))
    assert caller(receiver, method=method, body=None, headers=headers).status == 200
    (request,) = receiver.requests
    lines = request.head.decode().split("\r\n")
    assert lines[0] == f"{method} /hook?a=1 HTTP/1.1"
    assert sorted(line.partition(":")[0].lower() for line in lines[1:]) == [
        "accept-encoding",
        "host",
        "user-agent",
        "webhook-id",
    ]
    assert request.body == b""


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_any_method_can_have_a_body(method, caller, receive):
    receiver = receive(close_after(OK))
    assert caller(receiver, method=method, body=b"abc").status == 200
    (request,) = receiver.requests
    assert request.head.startswith(f"{method} /hook?a=1 ".encode())
    assert (request.body, request.header("content-length")) == (b"abc", [b"3"])


def test_calls_with_and_without_a_body_follow_one_another(caller, receive):
    receiver = receive(serve_all(OK))
    for method, body in [("POST", b"a"), ("GET", None), ("PUT", b"bc"), ("DELETE", None), ("POST", b"")]:
        assert caller(receiver, method=method, body=body).status == 200
    seen = [
        (request.head.split()[0], request.body, request.header("content-length"))
        for request in receiver.requests
    ]
    assert seen == [
        (b"POST", b"a", [b"1"]),
        (b"GET", b"", []),
        (b"PUT", b"bc", [b"2"]),
        (b"DELETE", b"", []),
        (b"POST", b"", [b"0"]),
    ]


def test_a_header_may_be_sent_more_than_once(caller, receive):
    receiver = receive(close_after(OK))
    headers = (("x-api-key", "a"), ("X-Other", "o"), ("x-api-key", "b"), ("X-Api-Key", "c"))
    assert caller(receiver, headers=headers).status == 200
    lines = receiver.requests[0].head.decode().split("\r\n")
    assert [line for line in lines if line.lower().startswith("x-")] == [
        "x-api-key: a",
        "X-Other: o",
        "x-api-key: b",
        "X-Api-Key: c",
    ]


def test_a_call_without_headers_gets_no_defaults(caller, receive):
    receiver = receive(close_after(OK))
    caller(receiver, headers=())
    names = {line.partition(b":")[0].lower() for line in receiver.requests[0].lines[1:]}
    assert names == {b"host", b"content-length", b"accept-encoding"}


def test_host_names_the_receiver_and_its_port(caller, receive):
    receiver = receive(close_after(OK))
    caller(receiver, url=f"http://elsewhere.test:{receiver.port}/", host="receiver.test")
    assert receiver.requests[0].header("host") == [b"receiver.test:%d" % receiver.port]


@pytest.mark.parametrize(
    ("tail", "target"),
    [
        ("", b"/"),
        ("?a=1", b"/?a=1"),
        ("/a%2fb/../c/./d?x=%7e&y=%C3%A9", b"/a%2fb/../c/./d?x=%7e&y=%C3%A9"),
        ("//a//b?c?d=e&&", b"//a//b?c?d=e&&"),
        ("/a;b=1,2/!$'()*+?q={1}|[2]^`", b"/a;b=1,2/!$'()*+?q={1}|[2]^`"),
    ],
)
def test_the_url_goes_out_as_it_was_written(tail, target, caller, receive):
    receiver = receive(close_after(OK))
    assert caller(receiver, url=f"http://receiver.test:{receiver.port}{tail}").status == 200
    assert receiver.requests[0].lines[0] == b"POST %b HTTP/1.1" % target


@pytest.mark.parametrize("body", [b"", b"\0\r\n\xff" * 3, b"x" * 262_144], ids=["empty", "binary", "256 KiB"])
def test_the_body_goes_out_byte_for_byte(body, caller, receive):
    receiver = receive(close_after(OK))
    assert caller(receiver, body=body).status == 200
    assert receiver.requests[0].body == body
    assert receiver.requests[0].header("content-length") == [b"%d" % len(body)]
    assert receiver.requests[0].header("expect") == []


def test_an_ipv6_receiver_is_reached_and_named_in_brackets(caller, receive):
    receiver = receive(close_after(OK), address="::1")
    reply = caller(receiver, url=f"http://[::1]:{receiver.port}/", host="::1")
    assert (reply.status, reply.error) == (200, None)
    assert receiver.requests[0].header("host") == [b"[::1]:%d" % receiver.port]


@pytest.mark.fault(30)
def test_cookies_are_never_sent_back(caller, receive):
    def script(line):
        while line.request():
            line.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n")

    receiver = receive(script)
    assert caller(receiver).status == caller(receiver).status == 200
    assert [request.header("cookie") for request in receiver.requests] == [[], []]


def test_proxy_settings_of_the_environment_do_not_count(caller, receive, monkeypatch):
    canary = receive(close_after(OK))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    receiver = receive(close_after(OK))
    assert caller(receiver).status == 200
    assert (canary.connections, receiver.connections) == (0, 1)


def test_passwords_in_netrc_are_not_sent(caller, receive, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine receiver.test login me password hunter2\ndefault login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    receiver = receive(close_after(OK))
    assert caller(receiver).status == 200
    assert receiver.requests[0].header("authorization") == []


def test_the_good_certificate_is_taken_and_the_phases_are_timed(caller, receive, tls):
    receiver = receive(close_after(OK), tls=tls["good"])
    reply = caller(receiver)
    assert (reply.status, reply.body, reply.error) == (200, b"ok", None)
    timing = reply.timing
    assert 0 < timing.connect <= timing.tls <= timing.first_byte <= timing.total < 5


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    "flaw",
    [
        *("expired", "not yet valid", "wrong host", "wildcard of another level", "unknown authority"),
        *("TLS 1.0", "asks for a certificate", "asks for a certificate, TLS 1.3"),
    ],
)
def test_a_certificate_that_is_not_good_is_a_tls_error(flaw, caller, receive, tls):
    receiver = receive(close_after(OK), tls=tls[flaw])
    reply = caller(receiver)
    late = {"reset"} if flaw.endswith("1.3") else set()  # a reset may overtake what is told that late
    assert reply.error in {"tls"} | late
    assert (reply.status, reply.complete) == (None, False)
    assert receiver.requests == []


@pytest.mark.fault(38)
def test_a_server_that_speaks_no_tls_is_a_tls_error(caller, receive):
    receiver = receive(lambda line: line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert caller(receiver, url=f"https://receiver.test:{receiver.port}/").error == "tls"


@pytest.mark.fault(38)
def test_a_tls_handshake_that_stalls_ends_at_the_deadline(caller, receive):
    receiver = receive(lambda line: line.wait())
    reply = caller(receiver, url=f"https://receiver.test:{receiver.port}/", timeout=SLOW)
    assert reply.error == "timeout"


def test_tls_that_ends_within_the_head_is_no_success(caller, receive, tls):
    receiver = receive(close_after(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n"), tls=tls["good"])
    reply = caller(receiver)
    # without a goodbye, Python's TLS says so and libcurl's does, too: both are failures
    assert reply.error in {"protocol", "reset", "tls"}
    assert not reply.complete


def serve_forever(line) -> None:
    while line.request():
        line.send(OK)


def test_a_connection_is_kept_where_libcurl_does_the_work(caller, receive):
    receiver = receive(serve_forever)
    assert [caller(receiver).status for _ in range(3)] == [200, 200, 200]
    assert receiver.connections == (1 if caller.kind == "curl" else 3)


def test_a_connection_with_tls_is_kept_too(caller, receive, tls):
    receiver = receive(serve_forever, tls=tls["good"])
    assert [caller(receiver).status for _ in range(3)] == [200, 200, 200]
    assert receiver.connections == (1 if caller.kind == "curl" else 3)


@pytest.mark.fault(33)
@pytest.mark.fault(34)
@pytest.mark.parametrize(
    "first",
    [
        OK + b"HTTP/1.1 500 Poison\r\nContent-Length: 6\r\n\r\npoison",
        b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 500 Poison\r\n\r\n",
        BOTH_LENGTHS + b"2\r\nok\r\n0\r\n\r\nHTTP/1.1 500 Poison\r\n\r\n",
        CHUNKED + b"zz\r\nHTTP/1.1 500 Poison\r\n\r\n",
        CHUNKED + b"10000000000000000\r\nHTTP/1.1 500 Poison\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Poison\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000 + b"HTTP/1.1 500 Poison\r\n\r\n",
    ],
    ids=[
        "pipelined",
        "204 with a body",
        "CL and TE",
        "bad chunk",
        "huge chunk",
        "empty",
        "too long",
    ],
)
def test_bytes_left_over_are_not_the_answer_to_the_next_call(first, caller, receive):
    def script(line):
        while line.request():
            line.send(first if line.number == 0 else OK)

    receiver = receive(script)
    assert caller(receiver, timeout=SLOW).status in {200, 204}
    reply = caller(receiver)
    assert (reply.status, reply.body) == (200, b"ok")
    assert receiver.connections == 2


@pytest.mark.fault(34)
def test_bytes_after_the_last_chunk_are_dropped(caller, receive):
    """libcurl reads past them and keeps the connection; they are gone all the same."""

    def script(line):
        while line.request():
            first = CHUNKED + b"2\r\nno\r\n0\r\n\r\nHTTP/1.1 500 Poison\r\n\r\n"
            line.send(first if len(line.receiver.requests) == 1 else OK)

    receiver = receive(script)
    assert [caller(receiver).body for _ in range(3)] == [b"no", b"ok", b"ok"]


@pytest.mark.fault(46)
def test_a_kept_connection_that_was_closed_is_replaced_without_costing_a_try(caller, receive):
    def script(line):
        line.request()
        line.send(OK)

    receiver = receive(script)
    for number in range(1, 4):
        assert caller(receiver).status == 200
        assert len(receiver.requests) == number
        assert receiver.hung_up.acquire(timeout=10)


@pytest.mark.fault(46)
def test_a_request_is_never_sent_twice_behind_our_back(caller, receive):
    """libcurl repeats a request of its own accord when a kept connection closes without an answer."""

    def script(line):
        while line.request():
            if len(line.receiver.requests) == 2:
                return  # the second request was read, and is not answered
            line.send(OK)

    receiver = receive(script)
    assert caller(receiver).status == 200
    assert caller(receiver).error == "reset"
    assert len(receiver.requests) == 2
    assert [caller(receiver).status for _ in range(3)] == [200, 200, 200]
    # it is not trusted with kept connections any more
    assert len({request.connection for request in receiver.requests[2:]}) == 3


def test_64_calls_are_in_flight_at_the_same_time(caller, receive):
    import threading

    everybody = threading.Barrier(64)

    def script(line):
        line.request()
        everybody.wait(20)
        line.send(OK)

    receiver = receive(script)
    replies: list = []
    answered = threading.Semaphore(0)
    for _ in range(64):
        caller.transport.submit(
            caller.call_for(receiver, timeout=20.0), lambda reply: (replies.append(reply), answered.release())
        )
    assert all(answered.acquire(timeout=20) for _ in range(64))
    assert [reply.status for reply in replies] == [200] * 64


def test_closing_answers_what_is_in_flight_and_what_comes_after(caller, receive):
    import threading

    arrived = threading.Event()

    def script(line):
        line.request()
        arrived.set()
        line.wait()

    receiver = receive(script)
    replies: list = []
    caller.transport.submit(caller.call_for(receiver, timeout=30.0), replies.append)
    assert arrived.wait(10)
    started = time.monotonic()
    caller.transport.close()
    assert time.monotonic() - started < 2
    caller.transport.submit(caller.call_for(receiver), replies.append)
    assert [(reply.error, reply.complete) for reply in replies] == [("reset", False)] * 2
    caller.transport.close()


def test_a_receiver_of_replies_that_fails_harms_no_other_call(caller, receive, caplog, until):
    import threading

    failed = threading.Event()

    def done(reply) -> None:
        failed.set()
        raise RuntimeError("boom")

    receiver = receive(serve_forever)
    caller.transport.submit(caller.call_for(receiver), done)
    assert failed.wait(10)
    assert caller(receiver).status == 200
    until(lambda: "broke down" in caplog.text)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://\xfcber.test/"},
        {"url": "http://receiver.test/a b"},
        {"url": "gopher://receiver.test/"},
        {"headers": (("X-A", "\u20ac"),)},
        {"headers": None},
        {"body": 5},
    ],
    ids=["host", "space", "scheme", "header", "no headers", "no body"],
)
def test_what_cannot_be_sent_is_a_reply_and_not_an_exception(changes, caller, receive):
    receiver = receive(close_after(OK))
    reply = caller(receiver, **changes)
    assert not reply.complete
    assert reply.error
    assert receiver.requests == []
    assert caller(receiver).status == 200  # and the transport goes on


class Gate:
    """A judge that can change its mind, and remembers what it was asked."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.asked: list[tuple[str, int]] = []

    def __call__(self, address: str, port: int) -> str | None:
        self.asked.append((address, port))
        return self.reason


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def gated(kind, roots, gate, caller):
    from hookwright.engine.call.transport import select

    transport = select(kind, gate, ca=roots)
    yield type(caller)(kind, transport)
    transport.close()


def test_every_socket_is_judged_before_it_is_opened(gated, gate, receive):
    receiver = receive(close_after(OK))
    gate.reason = "not there"
    reply = gated(receiver)
    assert (reply.error, reply.message, reply.status) == ("blocked_target", "not there", None)
    assert (receiver.connections, set(gate.asked)) == (0, {("127.0.0.1", receiver.port)})


def test_a_kept_connection_is_judged_again(gated, gate, receive):
    receiver = receive(serve_forever)
    assert gated(receiver).status == 200
    gate.reason = "not any more"
    reply = gated(receiver)
    assert (reply.error, reply.message) == ("blocked_target", "not any more")
    assert len(receiver.requests) == 1


def test_a_name_that_moved_does_not_get_the_old_names_connection(caller, receive):
    here = receive(serve_forever)
    assert caller(here).status == 200
    reply = caller(here, addresses=("127.0.0.7",))
    assert reply.error == "connect"
    assert len(here.requests) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433"])
def test_the_socket_goes_to_the_checked_address_whatever_the_url_names(host, caller, receive):
    here, there = receive(serve_forever), receive(serve_forever)
    url = f"http://{host}:{here.port}/"
    assert caller(here, url=url, host=host, port=there.port).status == 200
    assert (here.connections, there.connections) == (0, 1)


def test_a_call_without_a_checked_address_is_blocked(caller, receive):
    receiver = receive(serve_forever)
    assert caller(receiver, addresses=()).error == "blocked_target"
    assert receiver.connections == 0


def test_selecting_says_what_there_is(roots):
    from hookwright.engine.call.transport import select

    names = []
    for kind in ("auto", "curl", "requests"):
        transport = select(kind, lambda address, port: None, ca=roots)
        names.append(type(transport).__name__)
        transport.close()
    assert names == ["CurlTransport", "CurlTransport", "RequestsTransport"]


def test_without_pycurl_the_fallback_is_selected_and_curl_is_refused(monkeypatch, roots):
    import sys

    from hookwright.engine.call.transport import select

    monkeypatch.setitem(sys.modules, "pycurl", None)
    for name in ("curl", "handle"):
        monkeypatch.delitem(sys.modules, f"hookwright.engine.call.transport.{name}", raising=False)
    transport = select("auto", lambda address, port: None, ca=roots)
    transport.close()
    assert re.search("Requests", type(transport).__name__)
    with pytest.raises(ImportError):
        select("curl", lambda address, port: None, ca=roots)
