"""The email notifier, against a real mail server."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import ssl
import threading
from email.message import EmailMessage
from typing import ClassVar

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from hookwright.plugins.builtin.notifiers.email import EmailNotifier
from hookwright.plugins.builtin.notifiers.message import Envelope, message
from hookwright.plugins.errors import MissingSecret, NotifyError
from hookwright.plugins.hookspecs import Notifier
from hookwright.plugins.testing import NOTICES, NotifierContract, notice

from .conftest import HOST, PASSWORD, USER, Mails, Wire, authenticate, server_context

SMTP = {"host": HOST, "ca": {"env": "CA"}}
LOGIN = {"user": USER, "password": {"env": "PASSWORD"}}
ENVELOPE = Envelope("Hookwright <hooks@example.com>", ("Ops <ops@example.com>", "cto@example.com"))


class TestContract(NotifierContract):
    config: ClassVar = {
        "from": "hooks@example.com",
        "to": ["ops@example.com"],
        "smtp": {"host": HOST, **LOGIN},
    }
    secrets: ClassVar = {"PASSWORD": PASSWORD}

    def make(self) -> Notifier:
        return EmailNotifier()


@pytest.fixture
def tell(authority: trustme.CA):
    """`tell(notice, wire, smtp)` builds the notifier and tells one notice."""
    values = {"CA": authority.cert_pem.bytes().decode(), "PASSWORD": PASSWORD}

    def secrets(reference):
        return values[reference["env"]]

    def one(told, wire, smtp, to=("ops@example.com",), **values_of):
        values.update(values_of)
        config = {"from": "Hookwright <hooks@example.com>", "to": list(to), "smtp": smtp}
        return EmailNotifier().build(config, secrets, wire)(told)

    return one


def read(envelope) -> EmailMessage:
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def test_a_notice_arrives_over_starttls_with_a_login(tell, tls, mail_server):
    mails = Mails()
    wire = mail_server(
        mails, tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate
    )
    told = notice(
        "msg_1", title="3 Zustellungen an „Bücher“ sind gescheitert", text="Grüße\n.\nzwei", count=3
    )
    assert tell(told, wire, {**SMTP, **LOGIN}, to=("Ops <ops@example.com>", "cto@example.com")) is None
    assert wire.asked == [(HOST, 587)]
    (envelope,) = mails.taken
    assert mails.tls == [True]
    assert envelope.mail_from == "hooks@example.com"
    assert envelope.rcpt_tos == ["ops@example.com", "cto@example.com"]
    mail = read(envelope)
    assert mail["Subject"] == "3 Zustellungen an „Bücher“ sind gescheitert"
    assert mail["From"] == "Hookwright <hooks@example.com>"
    assert mail["To"] == "Ops <ops@example.com>, cto@example.com"
    assert mail["Message-ID"] == "<msg_1@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.timestamp() == told.at
    assert mail.get_content().splitlines() == ["Grüße", ".", "zwei"]


def test_every_try_of_a_notice_carries_the_same_message_id(tell, tls, mail_server):
    mails = Mails()
    wire = mail_server(mails, tls_context=tls)
    for told in (NOTICES[0], NOTICES[0], NOTICES[1]):
        tell(told, wire, SMTP)
    first, second, other = (read(envelope)["Message-ID"] for envelope in mails.taken)
    assert first == second != other


def test_port_465_is_tls_from_the_first_byte(tell, tls, mail_server):
    mails = Mails()
    wire = mail_server(mails, tls=tls)
    tell(notice("msg_1"), wire, {**SMTP, "port": 465})
    assert wire.asked == [(HOST, 465)]
    assert len(mails.taken) == 1


def test_without_starttls_only_when_the_configuration_says_so(tell, mail_server):
    mails = Mails()
    wire = mail_server(mails)
    for wanted in ({}, {"starttls": True}, {"starttls": "required"}):
        with pytest.raises(NotifyError, match="does not offer STARTTLS"):
            tell(notice("msg_1"), wire, {**SMTP, **wanted})
    assert mails.taken == []
    tell(notice("msg_1"), wire, {**SMTP, "starttls": False})
    assert mails.tls == [False]


def test_a_password_never_goes_over_a_clear_connection(tell, mail_server):
    seen: list[bytes] = []
    mails = Mails()
    wire = mail_server(mails, authenticator=authenticate, auth_require_tls=False)

    class Watching(socket.socket):
        def sendall(self, data, *flags):
            seen.append(bytes(data))
            return super().sendall(data, *flags)

    class Network(Wire):
        def connect(self, host, port, timeout):
            watching = Watching(socket.AF_INET, socket.SOCK_STREAM)
            watching.connect(("127.0.0.1", self.port))
            return watching

    for wanted in ({}, {"starttls": False}):
        with pytest.raises(NotifyError):
            tell(notice("msg_1"), Network(wire.port), {**SMTP, **LOGIN, **wanted})
    assert mails.taken == []
    assert b"AUTH" not in b"".join(seen).upper()


def test_a_wrong_password_is_told_without_it(tell, tls, mail_server):
    wire = mail_server(Mails(), tls_context=tls, require_starttls=True, authenticator=authenticate)
    with pytest.raises(NotifyError, match=r"^the mail server mail.test refused the login \(535\)$") as caught:
        tell(notice("msg_1"), wire, {**SMTP, **LOGIN}, PASSWORD="wr0ng-Zq7")
    assert "Zq7" not in str(caught.value)


def test_a_server_that_offers_no_login_is_told(tell, tls, mail_server):
    wire = mail_server(Mails(), tls_context=tls, auth_exclude_mechanism=["LOGIN", "PLAIN"])
    with pytest.raises(NotifyError, match="offers no way to log in"):
        tell(notice("msg_1"), wire, {**SMTP, **LOGIN})


@pytest.mark.parametrize("password", ["wörd", "a\nb", "a\0b"])
def test_a_password_smtp_cannot_say_is_not_shown(tell, password):
    with pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), Wire(1), {**SMTP, **LOGIN}, PASSWORD=password)
    assert password not in str(caught.value)


def test_a_missing_password_makes_the_notice_wait():
    def secrets(reference):
        raise MissingSecret("env", "PASSWORD", "it is not set")

    config = {"from": "a@example.com", "to": ["b@example.com"], "smtp": {"host": HOST, **LOGIN}}
    with pytest.raises(MissingSecret):
        EmailNotifier().build(config, secrets, Wire(1))


def test_a_certificate_of_another_host_is_refused(tell, authority, mail_server):
    wire = mail_server(Mails(), tls_context=server_context(authority, "other.test"))
    with pytest.raises(NotifyError, match="a certificate that is not trusted: Hostname mismatch"):
        tell(notice("msg_1"), wire, SMTP)


@pytest.mark.parametrize("smtp", [SMTP, {**SMTP, "port": 465}])
def test_a_certificate_of_a_stranger_is_refused(tell, smtp, mail_server):
    stranger = server_context(trustme.CA(), HOST)
    options = {"tls": stranger} if "port" in smtp else {"tls_context": stranger}
    mails = Mails()
    with pytest.raises(NotifyError, match="a certificate that is not trusted"):
        tell(notice("msg_1"), mail_server(mails, **options), smtp)
    assert mails.taken == []


def test_without_a_ca_the_usual_ones_are_trusted(tell, tls, mail_server):
    with pytest.raises(NotifyError, match="a certificate that is not trusted"):
        tell(notice("msg_1"), mail_server(Mails(), tls_context=tls), {"host": HOST})


@pytest.mark.parametrize(
    "text", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_ca_that_is_no_certificate_is_told(tell, text):
    with pytest.raises(NotifyError, match=r"`smtp\.ca` leads to no certificate"):
        tell(notice("msg_1"), Wire(1), SMTP, CA=text)


@pytest.mark.parametrize("answer", ["451 try again later", "554 5.7.1 no \x1b[31m thanks"])
def test_what_the_server_answers_is_told(tell, tls, answer, mail_server):
    wire = mail_server(Mails(data=answer), tls_context=tls)
    with pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), wire, SMTP)
    assert str(caught.value).startswith(f"the mail server mail.test answered {answer[:3]} ")
    assert str(caught.value).isprintable()


def test_when_all_are_refused_nothing_is_sent(tell, tls, mail_server):
    mails = Mails(rcpt={"ops@example.com": "550 5.1.1 no such user"})
    with pytest.raises(
        NotifyError, match=r"refused every recipient, ops@example\.com with 550 5\.1\.1 no such user"
    ):
        tell(notice("msg_1"), mail_server(mails, tls_context=tls), SMTP)
    assert mails.taken == []


def test_when_some_are_refused_the_others_get_it_once(tell, tls, mail_server, caplog):
    mails = Mails(rcpt={"gone@example.com": "550 no such user"})
    wire = mail_server(mails, tls_context=tls)
    assert tell(notice("msg_1"), wire, SMTP, to=("gone@example.com", "ops@example.com")) is None
    assert [envelope.rcpt_tos for envelope in mails.taken] == [["ops@example.com"]]
    assert "the mail server mail.test refused gone@example.com" in caplog.text


def test_a_server_that_is_away_is_the_networks_to_tell(tell):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        tell(notice("msg_1"), Wire(port), SMTP)


class Scripted:
    """A server that says `greeting` and, when `drip` is set, a byte now and then after it, for ever."""

    def __init__(self, greeting: bytes, *, drip: bytes = b"") -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._over = threading.Event()
        self._greeting, self._drip = greeting, drip
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.sendall(self._greeting)
            while self._drip and not self._over.wait(0.05):
                try:
                    connection.sendall(self._drip)
                except OSError:
                    return


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"554 go away\r\n", "answered 554 go away"),
        (b"", "hung up"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "does not speak SMTP"),
    ],
)
def test_what_is_no_mail_server_is_told(tell, greeting, said):
    with Scripted(greeting) as server, pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), Wire(server.port), SMTP)
    assert str(caught.value) == f"the mail server mail.test {said}"


def test_plain_text_on_the_port_of_tls_is_told(tell, mail_server):
    with pytest.raises(NotifyError, match="speaks no TLS that can be used here"):
        tell(notice("msg_1"), mail_server(Mails()), {**SMTP, "port": 465})


@pytest.mark.parametrize("drip", [b"", b"2"])
def test_a_server_that_takes_for_ever_is_left_at_the_deadline(tell, drip):
    silent = drip or b"\0"
    with Scripted(b"", drip=silent) as server, pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), Wire(server.port), {**SMTP, "timeout": "1s"})
    assert str(caught.value) == "the mail server mail.test did not answer within 1 s"


@pytest.mark.parametrize("greeting", [b"", b"220 welcome\r\n"])
def test_a_server_that_does_not_stop_answering_is_left(tell, greeting):
    line = b"220-" + b"x" * 8000 + b"\r\n"
    with Scripted(greeting, drip=line * 50) as server, pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), Wire(server.port), SMTP)
    assert str(caught.value) == "the mail server mail.test does not stop answering"


def test_a_server_that_takes_for_ever_in_its_second_answer_is_left_at_the_deadline(tell):
    with Scripted(b"220 welcome\r\n", drip=b"2") as server, pytest.raises(NotifyError) as caught:
        tell(notice("msg_1"), Wire(server.port), {**SMTP, "timeout": "1s"})
    assert str(caught.value) == "the mail server mail.test did not answer within 1 s"


def test_a_message_that_was_taken_is_sent_whatever_the_server_says_to_quit(tell, tls, mail_server):
    class Rude(Mails):
        async def handle_QUIT(self, server, session, envelope):  # noqa: N802
            return "500 stay"

    mails = Rude()
    assert tell(notice("msg_1"), mail_server(mails, tls_context=tls), SMTP) is None
    assert len(mails.taken) == 1


ADDRESS = re.compile(EmailNotifier.schema["properties"]["from"]["pattern"])
bare = st.from_regex(r"[a-z0-9'+.-]{1,30}@[a-z0-9.-]{1,30}", fullmatch=True)
named = st.builds("{} <{}>".format, st.text(st.characters(), max_size=40), bare)
addresses = (bare | named).filter(ADDRESS.search)


@given(sender=addresses, recipients=st.lists(addresses, min_size=1, max_size=3))
def test_every_address_the_schema_takes_can_be_written(sender, recipients):
    envelope = Envelope(sender, tuple(recipients))
    mail = email.message_from_bytes(
        message(notice("msg_1"), envelope).as_bytes(), policy=email.policy.default
    )
    assert [each.addr_spec for each in mail["From"].addresses] == [envelope.sender_address]
    assert {each.addr_spec for each in mail["To"].addresses} == set(envelope.addresses)


def test_a_name_beyond_ascii_costs_no_recipient():
    """Python's own folding would write `=?utf-8?q?=2C?=` in place of the comma."""
    named = "é <0.0.0.0.0.0.0.0.0.0@0.0.0.0.0.0.0.0.0.0>"
    written = message(notice("msg_1"), Envelope("Bücher <a@b.example>", ("0@0.0.000000", named, "0@0")))
    assert written["To"] == "0@0.0.000000, 0.0.0.0.0.0.0.0.0.0@0.0.0.0.0.0.0.0.0.0, 0@0"
    assert b"From: =?utf-8?" in written.as_bytes()


text = st.text(st.characters(), max_size=300)


@given(title=text, body=text, identifier=text)
def test_no_text_adds_a_header_or_is_lost(title, body, identifier):
    written = message(notice(identifier, title=title, text=body), ENVELOPE).as_bytes()
    mail = email.message_from_bytes(written, policy=email.policy.default)
    assert mail.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip
    assert max(map(len, written.splitlines())) <= 998
    assert mail["From"] == ENVELOPE.sender
    words = "".join(letter if letter.isprintable() else " " for letter in body).split()
    assert mail.get_content().split() == words


def test_the_server_of_these_tests_checks_passwords(tls, mail_server, authority):
    import smtplib

    wire = mail_server(Mails(), tls_context=tls, require_starttls=True, authenticator=authenticate)
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with smtplib.SMTP("127.0.0.1", wire.port) as client:
        client._host = HOST
        client.starttls(context=context)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(USER, "wrong")
        assert client.login(USER, PASSWORD)[0] == 235
