import http.client
import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from hookwright.interfaces.receiver import Arrival, Receiver, Script

Arrivals = queue.SimpleQueue[Arrival]


@pytest.fixture
def arrivals() -> Arrivals:
    return queue.SimpleQueue()


@pytest.fixture
def receiver(arrivals: Arrivals) -> Iterator[Receiver]:
    script = Script(paths={"/flaky": (500, 500, 200), "/gone": (410,), "/quiet": (204,)})
    with Receiver(script=script, on_arrival=arrivals.put) as running:
        yield running


def _connection(receiver: Receiver) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(receiver.url).netloc, timeout=10)


def _post(connection: http.client.HTTPConnection, target: str, message: str, body: bytes = b"{}") -> int:
    connection.request("POST", target, body, {"webhook-id": message})
    response = connection.getresponse()
    response.read()
    return response.status


def test_everything_about_a_request_is_told(receiver: Receiver, arrivals: Arrivals) -> None:
    connection = _connection(receiver)
    assert _post(connection, "/hook?entityType=webhook&a=%20", "msg_1", b'{"a": 1}\xff') == 200
    connection.close()
    arrival = arrivals.get(timeout=5)
    assert (arrival.method, arrival.target, arrival.path) == (
        "POST",
        "/hook?entityType=webhook&a=%20",
        "/hook",
    )
    assert arrival.header("Webhook-Id") == "msg_1"
    assert arrival.header("x-missing") is None
    assert arrival.body == b'{"a": 1}\xff'
    assert arrival.status == 200


def test_each_message_goes_through_the_script_of_its_path_by_itself(receiver: Receiver) -> None:
    connection = _connection(receiver)
    answers = [_post(connection, "/flaky?x=1", message) for message in ("a", "a", "b", "a", "b", "b", "a")]
    connection.close()
    assert answers == [500, 500, 500, 200, 500, 200, 200]


def test_a_connection_serves_many_requests(receiver: Receiver, arrivals: Arrivals) -> None:
    connection = _connection(receiver)
    connection.connect()
    before = connection.sock
    for path in ("/", "/gone", "/quiet"):
        _post(connection, path, path)
        assert connection.sock is before
    connection.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_every_method_is_answered(receiver: Receiver, method: str) -> None:
    connection = _connection(receiver)
    connection.request(method, "/x")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"Content-Length: -1\r\n", b"413"),
        (b"Content-Length: 99999999999\r\n", b"413"),
        (b"Content-Length: x\r\n", b"413"),
    ],
)
def test_a_body_without_a_usable_length_ends_the_connection(
    receiver: Receiver, headers: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(receiver.url).port), 10) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_stopping_closes_open_connections(arrivals: Arrivals) -> None:
    with Receiver(on_arrival=arrivals.put) as receiver:
        connection = _connection(receiver)
        assert _post(connection, "/", "a") == 200
        raw = connection.sock
        assert raw is not None
    assert raw.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(receiver.url).port), 10)


def test_a_slow_answer_does_not_hold_up_other_connections() -> None:
    with Receiver(delay=30) as receiver:
        first, second = _connection(receiver), _connection(receiver)
        first.request("POST", "/", b"")
        second.request("GET", "/")
        assert first.sock is not None
        first.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            first.sock.recv(1)
        first.close()
        second.close()


def test_it_listens_on_ipv6_loopback() -> None:
    with Receiver("::1") as receiver:
        connection = _connection(receiver)
        assert receiver.url.startswith("http://[::1]:")
        assert _post(connection, "/", "a") == 200
        connection.close()


def test_what_was_taken_down_is_answered_before_it_stops() -> None:
    told, go = threading.Event(), threading.Event()

    def tell(_: Arrival) -> None:
        told.set()
        go.wait(5)

    receiver = Receiver(on_arrival=tell)
    receiver.start()
    connection = _connection(receiver)
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(_post, connection, "/", "msg_1")
        assert told.wait(5)
        stopping = threading.Thread(target=receiver.stop)
        stopping.start()
        stopping.join(0.3)
        go.set()
        assert status.result() == 200
    stopping.join()
    connection.close()
