"""The `file` secret source: only small regular files under the folder, whatever names and links say."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from hookwright.plugins.builtin.secrets.file import LIMIT, FileSecrets
from hookwright.plugins.errors import BadReference, MissingSecret
from hookwright.plugins.hookspecs import SecretSource
from hookwright.plugins.testing import SecretContract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "secrets"
    inside.mkdir()
    (tmp_path / "outside").write_text("not yours")
    return inside


def _write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


class TestContract(SecretContract):
    known = "erp-token"
    value = "t-0815"
    missing = "not-there"

    @pytest.fixture(autouse=True)
    def _folder(self, folder: Path) -> None:
        self.folder = folder
        _write(folder / "erp-token", b"t-0815\n")

    def make(self) -> SecretSource:
        return FileSecrets(self.folder)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"plain", "plain"),
        (b"one\n", "one"),
        (b"two\n\n", "two\n"),
        (b"dos\r\n", "dos"),
        (b" spaces stay ", " spaces stay "),
        ("schlüssel\n".encode(), "schlüssel"),
        (b"x" * LIMIT, "x" * LIMIT),
    ],
)
def test_one_trailing_line_break_is_not_part_of_the_secret(folder: Path, content: bytes, secret: str) -> None:
    _write(folder / "token", content)
    assert FileSecrets(folder).resolve("token") == secret


def test_a_file_in_a_folder_below_is_found(folder: Path) -> None:
    (folder / "crm").mkdir()
    _write(folder / "crm" / "smtp", b"p")
    assert FileSecrets(folder).resolve("crm/smtp") == "p"


def test_a_changed_file_is_seen_at_the_next_question(folder: Path) -> None:
    source = FileSecrets(folder)
    _write(folder / "token", b"old")
    assert source.resolve("token") == "old"
    _write(folder / "token", b"new")
    assert source.resolve("token") == "new"


@pytest.mark.parametrize(
    "name",
    ["../outside", "a/../../outside", "..", ".", "", "/etc/passwd", "a//b", "./token", "token/", "to\0ken"],
)
def test_a_name_that_leaves_the_folder_is_a_bad_reference(folder: Path, name: str) -> None:
    with pytest.raises(BadReference, match=r"relative path without '\.\.'"):
        FileSecrets(folder).resolve(name)


def _link_out(folder: Path) -> None:
    (folder / "odd").symlink_to(folder.parent / "outside")


def _link_inside(folder: Path) -> None:
    _write(folder / "real", b"x")
    (folder / "odd").symlink_to("real")


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "odd")


def _folder(folder: Path) -> None:
    (folder / "odd").mkdir()


def _socket(_folder: Path) -> None:  # in the current folder: the whole path may be too long

    with socket.socket(socket.AF_UNIX) as server:
        server.bind("odd")


def _too_large(folder: Path) -> None:
    _write(folder / "odd", b"x" * (LIMIT + 1))


def _sparse(folder: Path) -> None:
    with (folder / "odd").open("wb") as file:
        file.truncate(1 << 30)


def _binary(folder: Path) -> None:
    _write(folder / "odd", b"s3cr\xff\xfe")


def _empty(folder: Path) -> None:
    _write(folder / "odd", b"\n")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_link_out, "symbolic link"),
        (_link_inside, "symbolic link"),
        (_fifo, "not a regular file"),
        (_folder, "not a regular file"),
        (_socket, "."),
        (_too_large, "larger than 64 KiB"),
        (_sparse, "larger than 64 KiB"),
        (_binary, "not UTF-8"),
        (_empty, "empty"),
        (lambda _folder: None, "no such file"),
    ],
)
@pytest.mark.timeout(5)
def test_what_is_no_small_regular_file_is_missing_with_the_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], reason: str
) -> None:
    monkeypatch.chdir(folder)
    make(folder)
    with pytest.raises(MissingSecret, match=reason) as caught:
        FileSecrets(folder).resolve("odd")
    assert "s3cr" not in str(caught.value)


def test_a_link_in_the_middle_of_the_path_is_refused(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    _write(folder.parent / "elsewhere" / "token", b"not yours")
    (folder / "crm").symlink_to(folder.parent / "elsewhere")
    with pytest.raises(MissingSecret, match="symbolic link or no folder"):
        FileSecrets(folder).resolve("crm/token")


def test_a_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="not a regular file"):
        FileSecrets(Path("/dev")).resolve("zero")


def test_without_a_folder_the_error_says_which_option_gives_one() -> None:
    with pytest.raises(MissingSecret, match="--secrets-dir"):
        FileSecrets(None).resolve("token")


def test_a_folder_that_is_not_there_is_a_missing_secret(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret):
        FileSecrets(tmp_path / "none").resolve("token")


def test_a_file_open_to_all_is_used_and_warned_about_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _write(folder / "token", b"value-77", 0o644)
    source = FileSecrets(folder)
    with caplog.at_level(logging.WARNING):
        assert [source.resolve("token"), source.resolve("token")] == ["value-77"] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "secret file 'token' is open to every user (mode 0644)"
    ]


def test_a_private_file_is_not_warned_about(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    _write(folder / "token", b"v", 0o640)
    with caplog.at_level(logging.WARNING):
        FileSecrets(folder).resolve("token")
    assert caplog.records == []


@pytest.mark.parametrize(
    "reference", ["../x", "a/../../x", "..", ".", "", "/etc/x", "a//b", "./x", "x/", "a\0b"]
)
def test_a_path_that_leaves_the_folder_is_refused_by_the_schema(reference: str) -> None:
    assert not re.search(FileSecrets.schema["pattern"], reference)


@pytest.mark.parametrize(
    "reference", ["token", "crm/smtp", ".hidden", "..data/x", "...", "a.b/c..d", "a/.b/..c"]
)
def test_every_other_relative_path_is_taken_by_the_schema(reference: str) -> None:
    assert re.search(FileSecrets.schema["pattern"], reference)
