"""What a notifier that speaks no HTTP can connect to, and what it is told when it cannot."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from hookwright.engine.call.guard import Allowed, Policy, judge
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.target import Blocked
from hookwright.engine.worker.network import GuardedNetwork, NotConnected, mail_policy

OPEN = Policy(allow=(Allowed.parse("127.0.0.0/8"), Allowed.parse("::1")))


@pytest.fixture
def listening():
    """A listening socket on loopback, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, server.getsockname()[1]


@pytest.fixture
def networks():
    """`networks(policy, lookup=...)` makes a network; its resolver is closed at the end."""
    resolvers = []

    def make(policy=OPEN, **options):
        policy = mail_policy(policy)
        resolvers.append(Resolver(policy, **options))
        return GuardedNetwork(resolvers[-1], policy)

    yield make
    for resolver in resolvers:
        resolver.close()


def test_it_connects_to_a_judged_address(listening, networks):
    server, port = listening
    with networks(lookup=lambda _: ("127.0.0.1",)).connect("mail.test", port, 5.0) as opened:
        accepted, _ = server.accept()
        accepted.sendall(b"220 ready\r\n")
        assert opened.recv(100) == b"220 ready\r\n"
        assert opened.gettimeout() == 5.0
        accepted.close()


def test_the_next_address_is_taken_when_one_takes_no_connection(listening, networks):
    _, port = listening
    lookup = ("127.9.9.9", "127.0.0.1")
    with networks(lookup=lambda _: lookup).connect("mail.test", port, 5.0) as opened:
        assert opened.getpeername()[0] == "127.0.0.1"


def test_an_address_that_is_not_open_is_never_connected_to(listening, networks):
    server, port = listening
    server.setblocking(False)
    with pytest.raises(Blocked, match="private, local or reserved"):
        networks(Policy(), lookup=lambda _: ("127.0.0.1",)).connect("mail.test", port, 5.0)
    with pytest.raises(BlockingIOError):
        server.accept()


def test_one_closed_address_closes_the_name(networks):
    lookup = ("127.0.0.1", "169.254.169.254")
    with pytest.raises(Blocked, match="metadata"):
        networks(lookup=lambda _: lookup).connect("mail.test", 25, 5.0)


@pytest.mark.parametrize("port", [25, 465, 587])
def test_mail_ports_are_open_to_notifiers_and_closed_to_calls(port):
    assert judge("9.9.9.9", port, mail_policy(Policy())) is None
    assert judge("9.9.9.9", port, Policy()) == f"port {port} is closed"


@pytest.mark.parametrize("port", [22, 110, 6379, 9200])
def test_other_ports_stay_closed_to_notifiers(port):
    assert judge("9.9.9.9", port, mail_policy(Policy())) == f"port {port} is closed"


@pytest.mark.parametrize("host", ["a b", "127.1", "user@host", "", "x" * 300, "fe80::1%eth0"])
def test_a_host_that_is_none_is_blocked(host, networks):
    with pytest.raises(Blocked):
        networks().connect(host, 25, 1.0)


def test_a_server_that_is_away_is_named_with_the_reason(listening, networks):
    server, port = listening
    server.close()
    with pytest.raises(
        NotConnected, match=f"mail.test:{port} takes no connection: Connection refused"
    ) as told:
        networks(lookup=lambda _: ("127.0.0.1",)).connect("Mail.test", port, 5.0)
    assert told.value.error == "connect"


def test_a_name_nobody_knows_is_a_dns_error(networks):
    def lookup(host):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotConnected, match=r"mail\.test cannot be resolved") as told:
        networks(lookup=lookup).connect("mail.test", 25, 5.0)
    assert told.value.error == "dns"


def test_a_lookup_that_hangs_ends_with_the_timeout(networks):
    released = threading.Event()

    def lookup(host):
        released.wait(10)
        return ("127.0.0.1",)

    before = time.monotonic()
    with pytest.raises(NotConnected, match=r"within 0\.2 s"):
        networks(lookup=lookup).connect("mail.test", 25, 0.2)
    assert time.monotonic() - before < 2
    released.set()


def test_an_ipv6_address_may_be_written_without_brackets(networks):
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:  # a machine without IPv6: then the answer is that nobody can connect
        with pytest.raises(NotConnected):
            networks().connect("::1", 2525, 1.0)
        return
    with server, networks().connect("::1", server.getsockname()[1], 5.0) as opened:
        assert opened.getpeername()[0] == "::1"
