"""What this package does beyond the contract."""

import json

import pytest

from hookwright.plugins.errors import BadReference, EncodeError, MissingSecret, NotifyError
from hookwright.plugins.testing import ATTEMPT, bare_request, body_context, notice
from hookwright_acme.encoder import CSVEncoder
from hookwright_acme.injector import StampInjector
from hookwright_acme.notifier import JournalNotifier
from hookwright_acme.secrets import VARIABLE, INISecrets


def encoded(value):
    return CSVEncoder().encode(value, body_context("text/csv")).body.decode()


def test_a_table_has_every_column_once():
    rows = [{"a": "x,y", "b": None}, {"c": {"d": [1]}, "a": True}]
    assert encoded(rows) == 'a,b,c\r\n"x,y",,\r\ntrue,,"{""d"": [1]}"\r\n'


@pytest.mark.parametrize("value", ["text", [1], [{"a": float("nan")}]])
def test_what_is_no_table_is_refused(value):
    with pytest.raises(EncodeError):
        encoded(value)


def test_the_stamp_is_over_id_and_time():
    request = bare_request()
    StampInjector().build({"key": {"acme": "erp.key"}}, lambda _: "k")(request, ATTEMPT)
    assert request.headers["X-Acme-Stamp"] == (
        "t=1700000000,v1=45c8505bec6cba6244f81cfae9436ee526591034b4c4af3297dbd6b1c1f8b71a"
    )


def test_a_notice_is_a_line(tmp_path):
    path = tmp_path / "notices.jsonl"
    tell = JournalNotifier().build({"path": str(path)}, lambda _: "", None)
    for told in (notice("msg_1"), notice("msg_2", "disabled")):
        assert tell(told) is None
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["id"], line["kind"]) for line in lines] == [("msg_1", "failure"), ("msg_2", "disabled")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    tell = JournalNotifier().build({"path": str(tmp_path)}, lambda _: "", None)
    with pytest.raises(NotifyError, match="Is a directory"):
        tell(notice("msg_1"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[erp]\nkey =\n", "the file has no such entry"),
        ("[other]\n", "the file has no such entry"),
        ("s3cret\n", "is not an INI file"),
        (None, "No such file"),
    ],
)
def test_a_missing_secret_says_why_and_shows_nothing(tmp_path, monkeypatch, text, said):
    path = tmp_path / "secrets.ini"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(MissingSecret, match=said) as caught:
        INISecrets().resolve("erp.key")
    assert "s3cret" not in str(caught.value)


def test_a_reference_has_a_section_and_a_name():
    with pytest.raises(BadReference, match=r"is not section\.name"):
        INISecrets().resolve("key")
