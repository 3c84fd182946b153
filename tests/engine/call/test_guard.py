"""No packet to a denied address, whatever the URL, the DNS answer or the environment says."""

from __future__ import annotations

import threading

import pytest

from hookwright.engine.call.guard import Allowed, Blocked, Policy, TargetAddress, judge, parse_target
from hookwright.engine.call.prepare import Preparer, Refusal
from hookwright.engine.call.resolve import Resolver, Unresolved
from hookwright.engine.call.transport import Call, select
from hookwright.engine.delivery import Delivery
from hookwright.rules.model import Action, EntityType, Subscriber, Target
from hookwright.schemas.problem import Place

from ..forbidden import NAMES, PUBLIC, URLS, connects_of


def delivery() -> Delivery:
    return Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="a", action="", event_id="evt_1",
        event_source="/s", event_type="Lead_Post_Create", node="nod_1", due=0, body="",
    )  # fmt: skip


def preparer(url: str) -> Preparer:
    action = Action("webhook/a", "", Target(url=url, timeout=2000))
    subscriber = Subscriber(EntityType.WEBHOOK, "a", ("Lead_Post_Create",), (action,), Place("a.yaml"))
    return Preparer(subscriber, action, injector=None, resolve=lambda reference: "")


class Way:
    """The way of a call from its URL to the wire, as the engine goes it."""

    def __init__(self, kind: str, policy: Policy, names: dict[str, tuple[str, ...]]) -> None:
        self.policy = policy
        self.names = names
        self.lookups: list[str] = []
        self.sockets: list[tuple[str, int]] = []
        self.resolver = Resolver(policy, lookup=self.look_up)
        self.transport = select(kind, self.judge)  # type: ignore[arg-type]

    def look_up(self, host: str) -> tuple[str, ...]:
        self.lookups.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    def judge(self, address: str, port: int) -> str | None:
        self.sockets.append((address, port))
        return judge(address, port, self.policy)

    def go(self, url: str):
        """What a call to `url` ends in: a `Refusal`, an `Unresolved` or a `Reply`."""
        prepared = preparer(url).prepare(delivery(), b"{}", 1, 1000.0)
        if isinstance(prepared, Refusal):
            return prepared
        addresses = wait_for(lambda done: self.resolver.resolve(prepared.target, done))
        if isinstance(addresses, Unresolved):
            return addresses
        return self.call(prepared.call, addresses)

    def call(self, call: Call, addresses: tuple[str, ...]):
        from msgspec.structs import replace

        return wait_for(lambda done: self.transport.submit(replace(call, addresses=addresses), done))

    def close(self) -> None:
        self.resolver.close()
        self.transport.close()


def wait_for(start):
    answers: list = []
    answered = threading.Event()
    start(lambda answer: (answers.append(answer), answered.set()))
    assert answered.wait(10)
    return answers[0]


@pytest.fixture(params=["curl", "requests"])
def way(request):
    made = Way(request.param, Policy(), NAMES)
    yield made
    made.close()


@pytest.mark.parametrize("url", URLS)
def test_a_forbidden_url_is_refused_and_nothing_connects(url, way):
    ends = []
    assert connects_of(lambda: ends.append(way.go(url)), "transport", "resolve") == []
    assert ends[0].error == "blocked_target"
    assert ends[0].reason
    assert way.sockets == []


def test_a_refusal_does_not_tell_what_address_a_name_stands_for(way):
    end = way.go("http://one-of-two.test/")
    assert PUBLIC not in end.reason
    assert "127.0.0.1" not in end.reason


DENIED = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "::ffff:1.1.1.1", "::1.1.1.1", "64:ff9b::101:101", "64:ff9b:1::1",
    "100::1", "100:0:0:1::1", "2001::1", "2001:2::1", "2001:db8::1", "2002:101:101::1", "2620:4f:8000::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "8000::1", "1000::1", "not an address", "",
]  # fmt: skip
OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    PUBLIC,
    "2606:4700:4700::1111",
    "2a00:1450:4001::200e",
    "172.32.0.1",
    "11.0.0.1",
]


@pytest.mark.parametrize("address", DENIED)
def test_a_denied_address_stays_denied_by_the_transport_itself(address, way):
    assert judge(address, 443, way.policy)
    call = Call("POST", "http://good.com/", (), b"", 2.0, "good.com", 80, ())
    replies = []
    assert connects_of(lambda: replies.append(way.call(call, (address,))), "transport", "resolve") == []
    assert (replies[0].error, replies[0].complete) == ("blocked_target", False)


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_open_on_the_usual_ports(address):
    policy = Policy()
    assert [judge(address, port, policy) for port in (80, 443, 1024, 8443, 65_535)] == [None] * 5


@pytest.mark.parametrize("port", [0, 1, 22, 25, 81, 1023, 65_536, 2375, 3306, 5432, 6379, 9200, 27_017])
def test_other_ports_are_closed(port):
    assert judge(PUBLIC, port, Policy()) == f"port {port} is closed"


def test_listening_canaries_on_loopback_hear_nothing(way):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        port = canary.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "a-is-loopback.test", "[::ffff:127.0.0.1]", "127.1"):
            assert way.go(f"http://{host}:{port}/").error == "blocked_target"
        call = Call("POST", f"http://good.com:{port}/", (), b"", 2.0, "good.com", port, ())
        assert way.call(call, ("127.0.0.1",)).error == "blocked_target"
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.fixture(params=["curl", "requests"])
def opened(request):
    """A way on which the operator opened loopback, with one receiver on it."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    made = Way(request.param, Policy(allow=(Allowed.parse("127.0.0.0/8"),)), dict(NAMES))
    made.port = listener.getsockname()[1]
    yield made
    made.close()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def test_what_the_operator_opened_is_called(opened):
    assert opened.go(f"http://127.0.0.1:{opened.port}/").status == 200
    assert opened.go(f"http://a-is-loopback.test:{opened.port}/").status == 200


def test_an_answer_that_changes_between_check_and_use_changes_nothing(opened):
    answers = iter([("127.0.0.1",), ("10.0.0.1",)])
    opened.names = type("Rebinding", (dict,), {"__getitem__": lambda self, name: next(answers)})(rebind=1)
    assert opened.go(f"http://rebind:{opened.port}/").status == 200
    assert opened.lookups == ["rebind"]
    assert {address for address, _ in opened.sockets} == {"127.0.0.1"}


def test_every_attempt_asks_anew_where_the_name_leads(opened, monkeypatch):
    from hookwright.engine.call import resolve

    monkeypatch.setattr(resolve, "CACHED", 0.0)
    opened.names["moving.test"] = ("127.0.0.1",)
    assert opened.go(f"http://moving.test:{opened.port}/").status == 200
    opened.names["moving.test"] = ("10.0.0.1",)
    assert opened.go(f"http://moving.test:{opened.port}/").error == "blocked_target"
    assert opened.lookups == ["moving.test", "moving.test"]


def test_metadata_and_link_local_addresses_cannot_be_opened():
    policy = Policy(allow=(Allowed.parse("0.0.0.0/0"), Allowed.parse("::/0")))
    never = ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
             "fd20:ce::254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
             "2001:0:a9fe::1", "::a9fe:a9fe", "::ffff:0:a9fe:a9fe", "169.254.1.1",
             "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"]  # fmt: skip
    assert [address for address in never if judge(address, 80, policy) is None] == []
    assert judge("10.0.0.1", 80, policy) is None
    assert judge("::1", 80, policy) is None
    assert judge("fd00::1", 80, policy) is None


def test_the_redis_port_stays_closed_whatever_is_opened():
    policy = Policy(
        allow=(
            Allowed.parse("10.0.0.0/8"),
            Allowed.parse("10.0.0.0/8:6379"),
            Allowed.parse("10.0.0.0/8:7000"),
        ),
        redis_ports=frozenset({6379, 7000}),
    )
    assert judge("10.0.0.1", 6379, policy) == "port 6379 is closed"
    assert judge("10.0.0.1", 7000, policy) == "port 7000 is closed"
    assert judge("10.0.0.1", 8080, policy) is None


def test_a_named_port_opens_that_port_only_and_only_there():
    policy = Policy(allow=(Allowed.parse("10.0.0.0/8:9200"), Allowed.parse("[fd00::/8]:81")))
    assert judge("10.0.0.1", 9200, policy) is None
    assert judge("10.0.0.1", 80, policy)
    assert judge("11.0.0.1", 9200, policy)
    assert judge("fd00::1", 81, policy) is None
    assert judge("fd00::1", 82, policy)


def test_our_own_address_is_never_called():
    everything = (Allowed.parse("127.0.0.0/8"), Allowed.parse("::1"))
    policy = Policy(allow=everything, own=frozenset({("127.0.0.1", 8420)}))
    assert judge("127.0.0.1", 8420, policy) == "the address is Hookwright's own"
    assert judge("127.0.0.1", 8421, policy) is None
    everywhere = Policy(allow=everything, own=frozenset({("0.0.0.0", 8420)}))
    assert judge("127.0.0.1", 8420, everywhere) == "the address is Hookwright's own"
    assert judge(PUBLIC, 8420, everywhere) is None  # listening everywhere is listening on our addresses only


def test_an_own_address_must_be_an_address():
    with pytest.raises(ValueError, match="localhost"):
        Policy(own=frozenset({("localhost", 80)}))


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("10.0.0.0/8", "10.0.0.0/8", None),
        ("10.0.0.0/8:8080", "10.0.0.0/8", 8080),
        ("10.1.2.3", "10.1.2.3/32", None),
        ("10.1.2.3:443", "10.1.2.3/32", 443),
        ("fd00::/8", "fd00::/8", None),
        ("[fd00::/8]:443", "fd00::/8", 443),
        ("[::1]", "::1/128", None),
        ("::1", "::1/128", None),
    ],
)
def test_an_allowed_target_is_read(text, network, port):
    allowed = Allowed.parse(text)
    assert (str(allowed.network), allowed.port) == (network, port)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("10.0.0.0/33", "expected a network"),
        ("10.0.0.0/8:0", "expected a port"),
        ("10.0.0.0/8:65536", "expected a port"),
        ("localhost", "expected CIDR"),
        ("", "expected CIDR"),
        ("10.0.0.0/8:http", "expected CIDR"),
        ("[10.0.0.0/8", "expected CIDR"),
    ],
)
def test_a_bad_allowed_target_says_what_was_expected(text, expected):
    with pytest.raises(ValueError, match=expected):
        Allowed.parse(text)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a.b/", TargetAddress("http", "a.b", 80)),
        ("HTTPS://A.B:8443/x?y=@", TargetAddress("https", "a.b", 8443)),
        ("https://[2606:4700:0::1111]/", TargetAddress("https", "2606:4700::1111", 443)),
        ("http://my_service-1.test.:8080?x", TargetAddress("http", "my_service-1.test.", 8080)),
        ("http://1.2.3.4", TargetAddress("http", "1.2.3.4", 80)),
        ("http://xn--bcher-kva.example/", TargetAddress("http", "xn--bcher-kva.example", 80)),
        ("http://3com.test/", TargetAddress("http", "3com.test", 80)),
    ],
)
def test_a_good_url_leads_to_one_host_and_port(url, target):
    assert parse_target(url) == target


@pytest.mark.parametrize("host", ["a..b", ".a", "-a", "a-", "a" * 64, ".".join(["a" * 60] * 5), "a,b", "a+b"])
def test_a_host_that_is_no_name_is_blocked(host):
    with pytest.raises(Blocked):
        parse_target(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.b/#part", "http://x%2ecom/", "http://%41.b/", "http://[]/", "http://[::1/", "http://[::1]:80:80/",
        "http://a:80b/", "http://a.b:+80/", "http://:80/", "http://?x", "http:a.b", "http://a.b\x7f/",
        "http://\xe4.b/", "http://[2606::1%251]/", "http://[2606:4700::g]/", "http://1.2.3.4.5/", "http://1.2.3/",
    ],
)  # fmt: skip
def test_a_url_that_parsers_may_read_differently_is_blocked(url):
    with pytest.raises(Blocked) as caught:
        parse_target(url)
    assert caught.value.reason == str(caught.value)
