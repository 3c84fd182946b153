"""Whom a call trusts and who it says it is: each endpoint for itself, over kept connections, too."""

from __future__ import annotations

import ssl

import pytest
import trustme

from hookwright.engine.call.transport import Identity, select

from .conftest import Caller, server_context


def serve(line) -> None:
    """Answers with the name in the certificate that was shown."""
    while line.request():
        shown = line.socket.getpeercert() or {}
        name = str(dict(shown.get("subjectAltName", ())).get("DNS", "nobody")).encode()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name))


def identity(authority: trustme.CA, name: str | None = None) -> Identity:
    ca = authority.cert_pem.bytes().decode()
    if name is None:
        return Identity(ca)
    issued = authority.issue_cert(name)
    certificate = "".join(each.bytes().decode() for each in issued.cert_chain_pems)
    return Identity(ca, certificate, issued.private_key_pem.bytes().decode())


@pytest.fixture(scope="module")
def own_authority() -> trustme.CA:
    """One that no transport trusts by itself."""
    return trustme.CA()


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def asking(request, own_authority):
    """A server of that authority that asks for certificates of its own, and takes none, too."""
    context = server_context(own_authority.issue_cert("receiver.test"))
    context.maximum_version = context.minimum_version = request.param
    own_authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def test_an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else(
    caller, receive, asking, own_authority
):
    receiver = receive(serve, tls=asking)
    own = identity(own_authority)
    assert [caller(receiver, identity=who).error for who in (None, own, None)] == ["tls", None, "tls"]
    assert len(receiver.requests) == 1


def test_an_authority_of_ones_own_takes_the_place_of_the_usual_ones(caller, receive, tls, own_authority):
    receiver = receive(serve, tls=tls["good"])
    assert caller(receiver).error is None
    assert caller(receiver, identity=identity(own_authority)).error == "tls"


def test_each_identity_is_shown_over_connections_of_its_own(caller, receive, asking, own_authority):
    receiver = receive(serve, tls=asking)
    who = {name: identity(own_authority, name) for name in ("one.test", "two.test")}
    who["nobody"] = identity(own_authority)
    seen = []
    for _ in range(3):
        for name, shown in who.items():
            reply = caller(receiver, identity=shown)
            seen.append((name, reply.body.decode(), reply.error))
    assert seen == [(name, name, None) for _ in range(3) for name in who]


def test_a_certificate_is_asked_for_and_there(caller, receive, asking, own_authority):
    asking.verify_mode = ssl.CERT_REQUIRED
    receiver = receive(serve, tls=asking)
    assert caller(receiver, identity=identity(own_authority, "one.test")).body == b"one.test"
    refused = {"tls", "reset"}  # with TLS 1.3 the refusal comes later, and a reset may overtake it
    assert caller(receiver, identity=identity(own_authority)).error in refused
    stranger = identity(trustme.CA(), "one.test")
    strange = Identity(identity(own_authority).ca, stranger.certificate, stranger.key)
    assert caller(receiver, identity=strange).error in refused
    assert len(receiver.requests) == 1


ENCRYPTED = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw
-----END ENCRYPTED PRIVATE KEY-----
"""


@pytest.mark.parametrize("flaw", ["no key", "junk", "encrypted", "of another certificate", "no certificate"])
def test_what_cannot_be_shown_is_a_tls_error_that_tells_no_key(flaw, caller, receive, tls, own_authority):
    receiver = receive(serve, tls=tls["good"])
    one, two = identity(own_authority, "one.test"), identity(own_authority, "two.test")
    certificate = "junk" if flaw == "no certificate" else one.certificate
    key = {
        "no key": "",
        "junk": "-----BEGIN PRIVATE KEY-----\nanVuaw==\n-----END PRIVATE KEY-----\n",
        "encrypted": ENCRYPTED,
        "of another certificate": two.key,
        "no certificate": one.key,
    }[flaw]
    reply = caller(receiver, identity=Identity("", certificate, key))
    assert (reply.error, reply.complete) == ("tls", False)
    assert receiver.requests == []
    assert not any(line in reply.message for line in key.splitlines() if line)
    assert caller(receiver).status == 200


def test_an_identity_shows_no_key_when_it_is_printed(own_authority):
    shown = repr(identity(own_authority, "one.test"))
    assert "PRIVATE" not in shown


def test_nothing_is_written_to_a_disk(kind, receive, asking, own_authority, roots, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "absent"))
    transport = select(kind, lambda address, port: None, ca=roots)  # type: ignore[arg-type]
    receiver = receive(serve, tls=asking)
    reply = Caller(kind, transport)(receiver, identity=identity(own_authority, "one.test"))
    transport.close()
    assert (reply.status, reply.body) == (200, b"one.test")
