"""The command is run by a real `sh`, with a function in place of curl that writes down what it was given."""

import base64
import subprocess
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.engine.history.detail import Request
from hookwright.interfaces.curl_command import curl_command
from hookwright.interfaces.printable import printable

URL = "https://erp.example.com/leads/add?team=7&entityType=webhook"
CURL = "curl() { printf '%s\\0' \"$@\"; case \" $* \" in *' @- '*) printf 'stdin\\0'; cat;; esac; }\n"


def given_to_curl(command: str) -> tuple[list[bytes], bytes | None]:
    """The arguments that `sh` hands to curl, and what it feeds it on standard input."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as script:
        script.write(CURL + command)
        script.flush()
        ran = subprocess.run(["/bin/sh", script.name], capture_output=True, check=True, timeout=20)
    assert ran.stderr == b""
    arguments, piped, stdin = ran.stdout.partition(b"\0stdin\0")
    return arguments.removesuffix(b"\0").split(b"\0"), stdin if piped else None


def sent(command: str) -> bytes:
    arguments, stdin = given_to_curl(command)
    value = arguments[arguments.index(b"--data-binary") + 1]
    return value if stdin is None else stdin


def request(body: bytes = b"{}", *headers: tuple[str, str], url: str = URL, method: str = "POST") -> Request:
    try:
        return Request(method=method, url=url, headers=headers, body=body.decode())
    except UnicodeDecodeError:
        text = base64.b64encode(body).decode()
        return Request(method=method, url=url, headers=headers, body=text, encoding="base64")


def test_a_common_request_is_a_command_people_can_read() -> None:
    made = request(b'{"Name": "O\'Brien"}', ("Content-Type", "application/json"), ("X-Team", "growth"))
    assert curl_command(made) == (
        "curl -sS -g --path-as-is -X POST \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        "  -H 'X-Team: growth' \\\n"
        """  --data-binary '{"Name": "O'"'"'Brien"}' \\\n"""
        f"  --url '{URL}'"
    )


def test_a_redacted_secret_stays_redacted_and_a_comment_says_so() -> None:
    made = request(b"{}", ("Authorization", "[redacted]"), url=f"{URL}&key=[redacted]")
    first, second, *command = curl_command(made).splitlines()
    assert first == "# Authorization: put the secret in place of [redacted]"
    assert second == "# the URL: put the secret in place of [redacted]"
    arguments, _ = given_to_curl("\n".join(command))
    assert b"Authorization: [redacted]" in arguments


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_sh_hands_curl_the_bytes_of_any_body(body: bytes) -> None:
    made = curl_command(request(body))
    assert sent(made) == body
    assert all(line == printable(line) for line in made.split("\n"))


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        st.characters(codec="latin-1", exclude_categories=["Cc"]) | st.sampled_from("'\"\\$`!%-"), min_size=1
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\n")),
)
def test_sh_hands_curl_any_header_and_any_url_as_recorded(value: str, tail: str) -> None:
    made = curl_command(request(b"{}", ("X-Odd", value), url=URL + tail))
    arguments, _ = given_to_curl(made)
    assert f"X-Odd: {value}".encode("latin-1") in arguments
    assert arguments[arguments.index(b"--url") + 1] == (URL + tail).encode()
    assert made.replace("\n", "") == printable(made.replace("\n", ""))


@pytest.mark.parametrize(
    "body", [b"@/etc/passwd", b"x" * 200_000, b"\x00\x01", b"caf\xe9", b"a\x1b[2Jb", b"-", b"\n\n"]
)
def test_bodies_an_argument_cannot_carry_are_exact_all_the_same(body: bytes) -> None:
    assert sent(curl_command(request(body))) == body


def test_an_empty_body_is_sent_as_one_but_a_get_without_one_has_none() -> None:
    assert sent(curl_command(request(b""))) == b""
    arguments, _ = given_to_curl(curl_command(request(b"", method="DELETE")))
    assert b"--data-binary" not in arguments
    arguments, _ = given_to_curl(curl_command(request(b"", method="GET")))
    assert b"--data-binary" not in arguments
    assert arguments[arguments.index(b"-X") + 1] == b"GET"
    assert b"--head" in given_to_curl(curl_command(request(b"", method="HEAD")))[0]


def test_curl_adds_no_content_type_of_its_own_and_sends_an_empty_header() -> None:
    arguments, _ = given_to_curl(curl_command(request(b"{}", ("X-Empty", ""))))
    assert b"Content-Type:" in arguments
    assert b"X-Empty;" in arguments
    assert b"Content-Type:" not in given_to_curl(curl_command(request(b"{}", ("content-type", "a/b"))))[0]
