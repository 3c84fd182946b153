import ast
import inspect
from pathlib import Path

import pytest

from hookwright.engine.state import State
from hookwright.interfaces import tokens
from hookwright.interfaces.tokens import ADMIN, Keyring, TokenError, bearer, read_token

TOKEN = "correct-horse-battery-staple"


def test_only_the_exact_token_is_admitted() -> None:
    keyring = Keyring.of("another-token-of-some-length", TOKEN)
    good = TOKEN.encode()
    assert keyring.holder(good) == ADMIN
    one_bit_off = bytes([good[0] ^ 1]) + good[1:]
    for wrong in (
        b"",
        good[:-1],
        good + b"x",
        one_bit_off,
        good + b"\0",
        good.upper(),
        "\u0661".encode(),
        good * 999,
    ):
        assert keyring.holder(wrong) is None


def test_no_token_is_admitted_by_an_empty_keyring() -> None:
    assert Keyring.of().holder(b"") is None


def test_tokens_are_kept_as_digests_only() -> None:
    assert TOKEN not in repr(Keyring.of(TOKEN))


def test_tokens_are_compared_by_digest_in_constant_time() -> None:
    source = ast.unparse(ast.parse(inspect.getsource(tokens.Keyring)))
    assert "hmac.compare_digest(known, digest)" in source
    assert "==" not in source


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer abc", b"abc"),
        (b"bearer   abc ", b"abc"),
        (b"Basic abc", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"Bearer   ", None),
        (b"", None),
    ],
)
def test_the_token_is_read_from_a_bearer_header_only(header: bytes, token: bytes | None) -> None:
    assert bearer(header) == token


def test_the_token_of_a_state_folder_is_private_and_stays_the_same(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.prepare()
    token = state.admin_token()
    assert read_token(state.token) == token == state.admin_token()
    assert state.token.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"short", b"has spaces in it, quite a few", b"\xff" * 40, b"x" * 10_000]
)
def test_a_file_without_a_token_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(TokenError, match="token: not a token"):
        read_token(path)


def test_a_missing_token_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match="nothing: No such file"):
        read_token(tmp_path / "nothing")
