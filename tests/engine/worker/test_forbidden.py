"""No way out but through the guard: handshakes, notifiers and mail meet every forbidden URL."""

from __future__ import annotations

import contextlib
import threading
from urllib.parse import urlsplit

import pytest

from hookwright.engine.call.guard import Policy
from hookwright.engine.call.prepare import Prepared, Refusal
from hookwright.engine.call.resolve import Resolver, Unresolved
from hookwright.engine.call.target import Blocked
from hookwright.engine.delivery import Delivery
from hookwright.engine.ledger.work import Claim
from hookwright.engine.worker import handshake
from hookwright.engine.worker.handshake import Handshake
from hookwright.engine.worker.network import GuardedNetwork, NotConnected, mail_policy
from hookwright.engine.worker.notifier import LiveNotifier
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.model import Action, EntityType, Model, NotifierSettings, Subscriber, Target
from hookwright.schemas.problem import Place

from ..forbidden import PUBLIC, URLS, connects_of, look_up
from .conftest import NOTICE

PLUGINS = load_plugins(allow=())
THREADS = ("transport", "resolve", "ThreadPoolExecutor", "notify")


@pytest.fixture
def resolver():
    made = Resolver(mail_policy(Policy()), lookup=look_up)
    yield made
    made.close()


@pytest.mark.parametrize("url", URLS)
def test_a_handshake_calls_no_forbidden_url(url, monkeypatch):
    monkeypatch.setattr(
        handshake, "Resolver", lambda policy: Resolver(policy, lookup=look_up)
    )  # the names of the table are known to nobody else
    action = Action("webhook/a", "", Target(url))
    subscriber = Subscriber(EntityType.WEBHOOK, "a", ("Lead_Post_Create",), (action,), Place("a.yaml", 1, 1))
    model = Model("b", "leadsquared", "sha256:r", (subscriber,), frozenset({"Lead_Post_Create"}))
    shaking = Handshake(Policy(), PLUGINS)
    found = []
    with contextlib.closing(shaking):
        connects = connects_of(
            lambda: found.extend(shaking.shake(compile_table(model), subscriber, (action,))), *THREADS
        )
    assert connects == []
    assert {check.error for check in found[0].checks} == {"blocked_target"}


@pytest.mark.parametrize("kind", ["webhook", "slack"])
@pytest.mark.parametrize("url", URLS)
def test_a_notifier_that_posts_reaches_no_forbidden_url(url, kind, resolver):
    """Its address is a secret, so no schema has looked at it."""
    settings = NotifierSettings("ops", kind, config={"url": {"env": "HOOK"}})
    network = GuardedNetwork(resolver, Policy())
    teller = LiveNotifier(settings, PLUGINS.notifiers[kind], lambda _: url, network)
    ends: list[Refusal | Unresolved] = []

    def tell() -> None:
        outcome = teller.tell(claim(), 1000.0)
        if not isinstance(outcome, Prepared):
            ends.append(outcome)
            return
        answered = threading.Event()
        resolver.resolve(outcome.target, lambda answer: (ends.append(answer), answered.set()))
        assert answered.wait(10)

    assert connects_of(tell, *THREADS) == []
    assert ends[0].error in {
        "blocked_target",
        f"plugin:{kind}",
    }  # what cannot even be a request is the latter


def claim() -> Claim:
    delivery = Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="crm", action="notify/ops",
        event_id="e1", event_source="/s", event_type="t", node="nod_1", due=0, body="", notifier="ops",
    )  # fmt: skip
    return Claim(delivery, NOTICE, 1, "tok")


def hosts() -> list[tuple[str, int]]:
    """The hosts and ports of the table, as a mail server could be written."""
    found = set()
    for url in URLS:
        with contextlib.suppress(ValueError):
            parts = urlsplit(url)
            found.add((parts.netloc.rpartition("@")[2].partition(":")[0] or "", parts.port or 25))
            found.add((parts.hostname or "", parts.port or 25))
    return sorted(found - {("good.com", 25)})


@pytest.mark.parametrize(("host", "port"), hosts())
def test_mail_goes_to_no_forbidden_host(host, port, resolver):
    network = GuardedNetwork(resolver, mail_policy(Policy()))

    def connect() -> None:
        with pytest.raises((Blocked, NotConnected)):
            network.connect(host, port, 2.0)

    assert connects_of(connect, *THREADS) == []


def test_an_email_notifier_has_no_other_way_out(resolver):
    config = {"from": "a@example.com", "to": ["b@example.com"], "smtp": {"host": "one-of-two.test"}}
    network = GuardedNetwork(resolver, mail_policy(Policy()))
    teller = LiveNotifier(
        NotifierSettings("ops", "email", config=config), PLUGINS.notifiers["email"], lambda _: "", network
    )
    ends = []
    assert connects_of(lambda: ends.append(teller.tell(claim(), 1000.0)), *THREADS) == []
    assert (ends[0].outcome, ends[0].error) == ("failure", "blocked_target")
    assert PUBLIC not in ends[0].reason
