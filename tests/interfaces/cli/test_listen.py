import http.client
import json
import re
import signal


def _post(line: str, target: str, body: bytes, **headers: str) -> int:
    """Posts to the receiver that announced itself in `line`."""
    match = re.search(r"http://([\d.]+:\d+)", line)
    assert match, line
    connection = http.client.HTTPConnection(match[1], timeout=10)
    connection.request(
        "POST", target, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_says_where_it_listens_even_when_piped_and_prints_a_line_a_request(running) -> None:
    receiver = running("listen", "--port", "0", "--count", "2", "--answer", "500,200")
    where = receiver.line("stderr")
    assert where.startswith("listening on http://127.0.0.1:")
    assert _post(where, "/hook?eventType=x", b"{}", webhook_id="msg_1") == 500
    assert _post(where, "/hook?eventType=x", b"{}", webhook_id="msg_1") == 200
    first, second = receiver.line(), receiver.line()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  500  POST /hook\?eventType=x  msg_1  2 bytes\n", first)
    assert "  200  " in second
    assert receiver.process.wait(20) == 0


def test_ndjson_carries_all_of_the_request(running) -> None:
    receiver = running("listen", "--port", "0", "--count", "2", "-o", "ndjson")
    where = receiver.line("stderr")
    _post(where, "/a%20b", '{"ä": 1}'.encode(), X_Team="growth")
    _post(where, "/", b"\xff\x00")
    first, second = json.loads(receiver.line()), json.loads(receiver.line())
    assert (first["format_version"], first["method"], first["target"]) == ("1.0", "POST", "/a%20b")
    assert (first["body"], first["status"]) == ('{"ä": 1}', 200)
    assert ["X-Team", "growth"] in first["headers"]
    assert (second["body"], second["encoding"]) == ("/wA=", "base64")


def test_ctrl_c_ends_it_with_130_and_no_traceback(running) -> None:
    receiver = running("listen", "--port", "0")
    receiver.line("stderr")
    receiver.process.send_signal(signal.SIGINT)
    assert receiver.process.wait(20) == 130
    assert b"Traceback" not in receiver.process.stderr.read()


def test_hostile_requests_cannot_write_to_the_terminal(running) -> None:
    receiver = running("listen", "--port", "0", "--count", "1")
    _post(receiver.line("stderr"), "/", b"", webhook_id="a\x9b2J")
    assert "\x9b" not in receiver.line()


def test_a_port_that_is_taken_is_one_line_and_3(running, hookwright) -> None:
    where = running("listen", "--port", "0").line("stderr")
    port = where.split(":")[2].split(" ")[0].rstrip("/")
    ran = hookwright("listen", "--port", port)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"error: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_answers_must_be_http_statuses(inside) -> None:
    for wrong in ("", "200,", "99", "200,6000", "abc"):
        assert inside("listen", "--answer", wrong).code == 4, wrong
