import socket
import threading
from collections.abc import Iterator

import pytest

from hookwright.interfaces.addresses import Server
from hookwright.interfaces.client import Answer, Client, Unreachable


@pytest.fixture
def canned() -> Iterator:
    """Serves one canned answer on a real socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def start(answer: bytes) -> str:
        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                got.append(connection.recv(65536))
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    start.got = got  # type: ignore[attr-defined]
    yield start
    listening.close()


def test_the_token_and_the_body_are_sent(canned) -> None:
    url = canned(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}")
    answer = Client(Server(url, "tok")).post("/v1/events", b"{}", "application/json")
    assert (answer.status, answer.body) == (202, {})
    assert b"Authorization: Bearer tok\r\n" in canned.got[0]
    assert b"Content-Type: application/json\r\n" in canned.got[0]


@pytest.mark.parametrize(
    "answer",
    [b"", b"rubbish", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", b"HTTP/1.1 200 OK\r\n\r\n<html>"],
)
def test_what_does_not_answer_as_a_server_is_unreachable(canned, answer: bytes) -> None:
    url = canned(answer)
    with pytest.raises(Unreachable, match=url):
        Client(Server(url)).get("/livez")


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        Client(Server(f"http://127.0.0.1:{port}")).get("/livez")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "no", "pointer": "/type"}, "no (HTTP 422 at /type)"),
        ({"title": "Bad", "header": "host"}, "Bad (HTTP 422 at host)"),
        ([], "no reason given (HTTP 422)"),
    ],
)
def test_a_refusal_is_told_in_one_line(body: object, said: str) -> None:
    assert Answer(422, body).complaint == said
