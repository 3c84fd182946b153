"""Requests no client of good will sends: never a 500, and nothing that follows them is believed."""

import contextlib
import json
import socket

import pytest

from hookwright.interfaces.http import protocol

BODY = b'{"type":"Lead_Post_Create"}'
JSON = b"Content-Type: application/json\r\n"
HOST = b"Host: localhost\r\n"
LENGTH = b"Content-Length: 27\r\n"
POST = b"POST /v1/events HTTP/1.1\r\n"
CHUNKED = b"1b\r\n" + BODY + b"\r\n0\r\n\r\n"
SECOND = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

REFUSED = {
    "length and chunked": POST + HOST + JSON + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "two lengths": POST + HOST + JSON + LENGTH + b"Content-Length: 28\r\n\r\n" + BODY + b" ",
    "a list of lengths": POST + HOST + JSON + b"Content-Length: 27, 27\r\n\r\n" + BODY,
    "a negative length": POST + HOST + JSON + b"Content-Length: -1\r\n\r\n",
    "a signed length": POST + HOST + JSON + b"Content-Length: +27\r\n\r\n" + BODY,
    "a huge length": POST + HOST + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY,
    "space before the colon": POST + HOST + JSON + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "unknown transfer coding": POST + HOST + JSON + b"Transfer-Encoding: gzip\r\n\r\n" + BODY,
    "chunked is not last": POST + HOST + JSON + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKED,
    "a bad chunk size": POST + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY,
    "a chunk of 2^64": POST + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + BODY,
    "a folded header": POST + HOST + JSON + b"X-A: b\r\n folded\r\n" + LENGTH + b"\r\n" + BODY,
    "a NUL in a header": POST + HOST + JSON + b"X-A: \0\r\n" + LENGTH + b"\r\n" + BODY,
    "a bare CR in a header": POST + HOST + JSON + b"X-A: a\rb\r\n" + LENGTH + b"\r\n" + BODY,
    "a space in a header name": POST + HOST + JSON + b"X A: b\r\n" + LENGTH + b"\r\n" + BODY,
    "no host": POST + JSON + LENGTH + b"\r\n" + BODY,
    "two hosts": POST + HOST + b"Host: evil.example\r\n" + JSON + LENGTH + b"\r\n" + BODY,
    "two equal hosts": POST + HOST + HOST + JSON + LENGTH + b"\r\n" + BODY,
    "a foreign host": POST + b"Host: evil.example\r\n" + JSON + LENGTH + b"\r\n" + BODY,
    "a host with user": POST + b"Host: localhost@evil.example\r\n" + JSON + LENGTH + b"\r\n" + BODY,
    "a host with a path": POST + b"Host: localhost/evil\r\n" + JSON + LENGTH + b"\r\n" + BODY,
    "an absolute URI": b"POST http://localhost/v1/events HTTP/1.1\r\n"
    + HOST
    + JSON
    + LENGTH
    + b"\r\n"
    + BODY,
    "a foreign absolute URI": b"POST http://evil.example/v1/events HTTP/1.1\r\n"
    + HOST
    + JSON
    + LENGTH
    + b"\r\n"
    + BODY,
    "an authority": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"POST /v1/events x HTTP/1.1\r\n" + HOST + JSON + LENGTH + b"\r\n" + BODY,
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/3.0": b"GET /livez HTTP/3.0\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60,
    "rubbish": b"\0\xff\r\n\r\n",
    "a method of our own making": b"FOO\0 / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target that is no ASCII": "GET /livez\u2028 HTTP/1.1\r\n".encode() + HOST + b"\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_request_is_refused_and_its_connection_closed(api, name: str) -> None:
    got = api.raw(REFUSED[name] + SECOND)
    status = int(got[9:12])
    assert 400 <= status < 500, got
    assert got.count(b"HTTP/1.1 ") == 1, "what followed was believed"
    assert api.journalled == []
    assert api.request("GET", "/livez").status == 200


def test_a_well_formed_chunked_request_is_taken_and_the_next_one_served(api) -> None:
    got = api.raw(
        POST
        + HOST
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + CHUNKED
        + SECOND.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    )
    assert got.startswith(b"HTTP/1.1 202 ")
    assert b"HTTP/1.1 200 " in got
    assert len(api.journalled) == 1


def test_headers_without_end_are_refused(api) -> None:
    got = api.raw(POST + HOST + b"X: " + b"a" * 200_000)
    assert got[9:10] == b"4" or got == b""
    assert api.request("GET", "/livez").status == 200


@pytest.mark.parametrize("begun", [b"", POST, POST + HOST + JSON])
def test_a_head_that_never_ends_is_given_up_on(api, monkeypatch, begun: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    assert api.raw(begun) == b""


def test_the_head_of_a_second_request_has_its_time_too(api, monkeypatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    got = api.raw(SECOND + POST)
    assert got.count(b"HTTP/1.1 200 ") == got.count(b"HTTP/1.1 ") == 1


def test_a_refusal_by_the_parser_is_a_problem_document_too(api) -> None:
    head, _, body = api.raw(REFUSED["two lengths"]).partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
    assert json.loads(body)["status"] == 400


def test_connections_beyond_the_bound_are_refused_and_the_others_served(serve, monkeypatch) -> None:
    api = serve()
    monkeypatch.setattr(protocol, "CONNECTIONS", 2)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            held = stack.enter_context(socket.create_connection(("127.0.0.1", api.port), 10))
            assert _alive(held)
        refused = api.raw(b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in refused
        assert _alive(held)


def _alive(connection: socket.socket) -> bool:
    connection.sendall(SECOND)
    got = b""
    while not got.endswith(b'{"status":"alive"}') and (block := connection.recv(4096)):
        got += block
    return got.startswith(b"HTTP/1.1 200 ")


def test_an_upgrade_is_not_taken_up(api) -> None:
    got = api.raw(
        b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert got.startswith(b"HTTP/1.1 200 ")
