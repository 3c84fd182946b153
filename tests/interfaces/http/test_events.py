import json
import socket
import struct
import threading

import pytest

from hookwright.engine.errors import JournalError

EVENT = {"type": "Lead_Post_Create", "data": {"a": 1}}


def test_an_accepted_event_is_answered_with_its_deliveries(api) -> None:
    answer = api.post(EVENT)
    assert answer.status == 202
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert said["id"].startswith("evt_")
    assert (said["duplicate"], said["revision"]) == (False, "sha256:r")
    (delivery,) = said["deliveries"]
    assert delivery["id"].startswith("dlv_")
    del delivery["id"]
    expected = {"entityType": "webhook", "entityId": "one", "status": "In Queue", "batched": False}
    assert delivery == expected
    assert len(api.journalled) == 1


def test_a_batch_is_answered_event_by_event(api) -> None:
    answer = api.post([EVENT, {**EVENT, "id": "b"}])
    assert answer.status == 202
    assert [event["id"] for event in answer.json()["events"]][1] == "b"


def test_the_same_event_again_gets_the_first_answer(api) -> None:
    first, second = api.post({**EVENT, "id": "a"}), api.post({**EVENT, "id": "a"})
    assert second.json() == {**first.json(), "duplicate": True}
    assert len(api.journalled) == 1
    other = api.post({**EVENT, "id": "a", "data": 2})
    assert (other.status, other.json()["pointer"]) == (409, "/id")


def test_binary_cloudevents_and_idempotency_keys_come_through_headers(api) -> None:
    headers = {"ce_type": "Lead_Post_Create", "ce_id": "c1", "ce_source": "/s", "ce_specversion": "1.0"}
    assert (
        api.request("POST", "/v1/events", b"{}", Content_Type="application/json", **headers).json()["id"]
        == "c1"
    )
    keyed = [api.post(EVENT, Idempotency_Key="k").json() for _ in range(2)]
    assert keyed[0]["id"] == keyed[1]["id"]
    assert keyed[1]["duplicate"] is True


@pytest.mark.parametrize(
    ("body", "status", "member", "value"),
    [
        (b"{", 400, "line", 1),
        (b'{"type": "Lead_Post_Create", "data": NaN}', 400, "title", "Not valid JSON"),
        (b'{"type": "Lead_Post_Create", "type": "x"}', 400, "title", "Not valid JSON"),
        (b"[" * 100_000, 400, "title", "Not valid JSON"),
        (b"\xff\xfe", 400, "title", "Not valid JSON"),
        (b'{"data": {}}', 400, "pointer", "/type"),
        (b'{"type": "Lead_Post_Creat"}', 422, "pointer", "/type"),
        (b'{"type": "Lead_Post_Create", "data": "' + b"a" * 300_000 + b'"}', 413, "title", "Event too large"),
        (b"", 400, "title", "Not valid JSON"),
        (b"5", 400, "title", "Not an event"),
    ],
)
def test_a_wrong_event_is_a_problem_naming_the_place(api, body, status, member, value) -> None:
    answer = api.post(body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said[member] == value
    assert {"type", "title", "detail"} <= set(said)
    assert api.journalled == []


def test_data_that_does_not_fit_its_type_is_a_problem_with_every_place(api) -> None:
    answer = api.post([EVENT, {"type": "com.example.cold", "data": {"Score": "71"}}])
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    said = answer.json()
    assert said["title"] == "Data does not fit"
    assert {each["pointer"] for each in said["problems"]} == {"/1/data", "/1/data/Score"}
    assert said["pointer"] == said["problems"][0]["pointer"]
    assert said["detail"] == f"{said['problems'][0]['message']} (and 1 more)"
    assert api.journalled == []
    assert api.post([EVENT, {"type": "com.example.cold", "data": {"Id": 1, "Score": 71}}]).status == 202


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("application/jsonx", "application/json; charset=utf-16", "text/plain; application/json"),
    ],
)
def test_what_a_web_page_could_send_is_415(api, content_type: str) -> None:
    answer = api.post(EVENT, Content_Type=content_type)
    assert (answer.status, answer.json()["header"]) == (415, "content-type")
    assert api.journalled == []


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/cloudevents+json"])
def test_json_and_cloudevents_are_taken(api, content_type: str) -> None:
    assert api.post({**EVENT, "specversion": "1.0"}, Content_Type=content_type).status == 202


def test_a_request_over_the_limit_is_refused_by_its_length_alone(api) -> None:
    got = api.raw(
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999\r\n\r\n"
    )
    assert got.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in got


def test_a_request_over_the_limit_without_a_length_is_cut_off(api) -> None:
    head = (
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    got = api.raw(head + b"100000\r\n" + b"a" * 0x100000 + b"\r\n" + b"400001\r\n" + b"a" * 0x310000)
    assert got.startswith(b"HTTP/1.1 413 ")
    assert api.journalled == []


def test_a_body_that_dribbles_in_is_given_up_on_and_others_are_served(serve) -> None:
    api = serve(body_seconds=0.3)
    begun = (
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 9\r\n\r\n{"
    )
    answers: list[bytes] = []
    slow = threading.Thread(target=lambda: answers.append(api.raw(begun)))
    slow.start()
    assert api.post(EVENT).status == 202
    slow.join(10)
    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answers[0]


def test_a_sender_that_hangs_up_in_its_body_stores_nothing(api) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", api.port), 10) as connection:
        connection.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 999\r\n\r\n{"type": "Lead_Post_Create"'
        )
    assert api.post(EVENT).status == 202
    assert len(api.journalled) == 1


def test_a_journal_that_cannot_be_written_is_503_with_retry_after(api) -> None:
    api.failure = JournalError("No space left on device")
    answer = api.post(EVENT)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert "No space left" in answer.json()["detail"]


def test_a_fault_of_ours_is_a_500_problem_that_tells_nothing(api, caplog) -> None:
    api.failure = RuntimeError("secret inside")
    answer = api.post(EVENT)
    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"secret" not in answer.body


def test_many_senders_at_once_are_all_answered(api) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(api.post(EVENT).status)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses == [202] * 50
    assert len(api.journalled) == 50


def test_expect_100_continue_is_honoured(api) -> None:
    body = json.dumps(EVENT).encode()
    got = api.raw(
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )
    assert got.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 202 " in got


@pytest.mark.fault(52)
def test_one_key_a_hundred_times_at_once_is_one_event_and_one_answer(api) -> None:
    body = json.dumps(EVENT).encode()
    request = wire(api, body, b"k-1")
    connections = [socket.create_connection(("127.0.0.1", api.port), 10) for _ in range(100)]
    for connection in connections:
        connection.sendall(request)
    answers = [json.loads(_last(connection)) for connection in connections]
    assert len({answer["id"] for answer in answers}) == 1
    assert sorted(answer["duplicate"] for answer in answers) == [False] + 99 * [True]
    assert len({answer["deliveries"][0]["id"] for answer in answers}) == 1
    assert len(api.journalled) == 1
    other = api.post({**EVENT, "data": 2}, Idempotency_Key="k-1")
    assert other.status == 409


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    "key", [b"", b"k" * 10_240, "\N{PARTY POPPER}".encode(), b"a\x01b", b"a\r\n b", b"a\x00"]
)
def test_a_key_that_is_none_is_refused_and_nothing_is_taken(api, key: bytes) -> None:
    assert api.raw(wire(api, b"{}", key, b"close")).startswith(b"HTTP/1.1 400 ")
    assert api.journalled == []


@pytest.mark.fault(53)
def test_who_hung_up_before_the_answer_may_send_again_under_the_same_key(api, until) -> None:
    for number in range(20):
        connection = socket.create_connection(("127.0.0.1", api.port), 10)
        reset = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        connection.sendall(wire(api, json.dumps(EVENT).encode(), b"gone-%d" % number))
        connection.close()
    answers = [api.post(EVENT, Idempotency_Key=f"gone-{number}") for number in range(20)]
    assert {answer.status for answer in answers} == {202}
    assert len(api.journalled) == 20
    assert len({plan.event.id for plan in api.journalled}) == 20


def wire(api, body: bytes, key: bytes, connection: bytes = b"close") -> bytes:
    head = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return b"%bIdempotency-Key: %b\r\nConnection: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        head,
        key,
        connection,
        len(body),
        body,
    )


def _last(connection: socket.socket) -> bytes:
    """The body of the answer on a connection that the server then closes."""
    with connection:
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 202 ")
    return got.partition(b"\r\n\r\n")[2]
