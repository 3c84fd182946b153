"""Failures name whom to tell, and notices are carried out by notifiers: real ledger, real receivers."""

from __future__ import annotations

import dataclasses
import threading
import time

import msgspec
import pytest
from requests import Request
from requests.auth import HTTPBasicAuth

from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.lapp.sandbox import Sandbox
from hookwright.engine.worker.lapping import Lapping
from hookwright.engine.worker.network import GuardedNetwork, NotConnected, mail_policy
from hookwright.engine.worker.notifying import Notifying
from hookwright.engine.worker.pilot import Crew
from hookwright.engine.worker.published import loader
from hookwright.plugins.errors import MissingSecret
from hookwright.plugins.registry import Contribution

NOTIFIERS = """notifiers:
  - {id: admins, type: log, default: true}
  - {id: sales, type: log}
"""
ONCE = "retry: {attempts: 1}"
LOOPBACK = mail_policy(Policy(allow=(Allowed.parse("127.0.0.0/8"),)))


def until(condition, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.005)
    return found


class Telling:
    """A notifier whose `build` and `tell` a test replaces; it stands in for the built-in `log`."""

    name = "log"
    schema = {"type": "object", "properties": {}}  # noqa: RUF012  # read-only

    def __init__(self, tell=lambda notice: None, build=None):
        self.tell = tell
        self.builds = []
        self.told = []
        self._build = build

    def build(self, config, secrets, network):
        self.builds.append(time.monotonic())
        if self._build is not None:
            return self._build(config, secrets, network)

        def notify(notice):
            self.told.append(notice)
            return self.tell(notice)

        return notify


@pytest.fixture
def tell(rig):
    """`tell(notifier)` puts a notifier in the place of `log` and gives a drain that uses it."""

    def make(notifier, **how):
        mine = Contribution("notifier", "log", notifier.schema, notifier)
        others = tuple(each for each in rig.plugins.contributions if each.name != "log")
        rig.plugins = dataclasses.replace(rig.plugins, contributions=(*others, mine))
        resolver = Resolver(LOOPBACK)
        load = loader(rig.plugins, GuardedNetwork(resolver, LOOPBACK))
        return rig.drain(load=load, **how)

    rig.bundle = NOTIFIERS
    return make


def posting(url, **fields):
    return lambda notice: Request("POST", url, json={"text": notice.title}, **fields).prepare()


def test_a_failure_names_whom_the_live_configuration_tells(rig):
    rig.bundle = NOTIFIERS
    sink = rig.sink(500)
    rig.publish(
        all=f"{sink.url}, {ONCE}, notify_on_failure: true",
        one=f"{sink.url}, {ONCE}, notify_on_failure: [sales]",
        none=f"{sink.url}, {ONCE}",
        closed="http://10.1.2.3/, notify_on_failure: [sales, admins]",
    )
    for webhook in ("all", "one", "none", "closed"):
        rig.offer(webhook)
    rig.drain().run()
    told = {
        each.request.url.split("entityId=")[1].split("&")[0]: each.notify
        for each in rig.book()
        if each.request
    }
    assert told == {"all": ("admins",), "one": ("sales",), "none": (), "closed": ("sales", "admins")}


def test_a_try_that_is_not_the_last_and_a_success_tell_nobody(rig):
    rig.bundle = NOTIFIERS
    sink = rig.sink(500, 200)
    rig.publish(crm=f"{sink.url}, retry: {{attempts: 2, initial: 50ms}}, notify_on_failure: true")
    rig.offer("crm")
    rig.drain().run()
    assert [(each.outcome, each.notify) for each in rig.book()] == [("retry", ()), ("success", ())]


def test_a_test_that_fails_tells_nobody(rig):
    rig.bundle = NOTIFIERS
    sink = rig.sink(500)
    rig.publish(crm=f"{sink.url}, {ONCE}, notify_on_failure: true")
    (offer,) = rig.offers("crm")
    ping = msgspec.structs.replace(offer.delivery, test=True)
    rig.ledger.offer([dataclasses.replace(offer, delivery=ping)])
    rig.drain().run()
    assert [(each.outcome, each.notify) for each in rig.book()] == [("failure", ())]


def test_a_notifier_that_tells_by_itself_is_a_success_without_a_request(rig, tell):
    notifier = Telling()
    drain = tell(notifier)
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.attempt, result.request, result.response) == ("success", 1, None, None)
    (notice,) = notifier.told
    assert (notice.id, notice.title) == ("msg_1", "A delivery of webhook crm failed")


def test_a_request_is_sent_by_us_with_our_identity_and_recorded(rig, tell):
    sink = rig.sink(204)
    drain = tell(Telling(posting(f"{sink.url}/hook?a=b", headers={"X-Team": "growth"})))
    rig.publish(crm="http://127.0.0.1:9/")
    offer = rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.response.status) == ("success", 204)
    assert (result.request.method, result.request.url) == ("POST", f"{sink.url}/hook?a=b")
    assert result.request.body == '{"text": "A delivery of webhook crm failed"}'
    (arrival,) = sink.arrivals
    assert arrival.body.decode() == result.request.body
    assert arrival.header("webhook-id") == offer.delivery.message
    assert arrival.header("user-agent").startswith("Hookwright/")
    assert arrival.header("x-team") == "growth"
    assert dict(result.request.headers)["X-Team"] == "[redacted]"


@pytest.mark.parametrize("status", [302, 404, 503])
def test_anything_but_2xx_is_tried_again_after_ten_seconds_and_a_minute(rig, tell, status):
    sink = rig.sink(status)
    drain = tell(Telling(posting(f"{sink.url}/hook")))
    rig.publish(crm="http://127.0.0.1:9/")
    offer = rig.notice("admins")
    for _ in range(3):
        drain.run()
        rig.client().zadd("{hw:0}:due", {offer.delivery.id: 0})  # its next try, now
    results = rig.book()
    assert [each.outcome for each in results] == ["retry", "retry", "failure"]
    assert [each.error for each in results] == ["status"] * 3
    first, second = (each.next - each.at for each in results[:2])
    assert 10_000 <= first <= 11_000
    assert 60_000 <= second <= 66_000
    assert (results[2].reason, results[2].notify) == ("attempts exhausted", ())


def test_an_error_of_the_plugin_shows_its_type_and_nothing_it_says(rig, tell):
    def fail(notice):
        raise ConnectionResetError("s3cret")

    drain = tell(Telling(fail))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("retry", "plugin:log")
    assert result.reason == "the notifier failed (ConnectionResetError)"
    assert "s3cret" not in repr(result)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("http://example.com/", "returned str in place of a PreparedRequest or None"),
        (
            Request("POST", "http://example.com/", data=iter([b"a"])).prepare(),
            "returned a body of list_iterator",
        ),
        (Request(None, "http://example.com/").prepare(), "returned a request without a method"),
    ],
)
def test_what_no_request_can_be_made_of_is_a_failure(rig, tell, returned, said):
    drain = tell(Telling(lambda notice: returned))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("failure", "plugin:log")
    assert said in result.reason


def test_a_request_to_a_closed_address_is_a_failure_and_is_never_sent(rig, tell, counting):
    drain = tell(Telling(posting("http://169.254.169.254/latest")), transport=counting)
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("failure", "blocked_target")
    assert counting.calls == []


def test_a_header_of_ours_is_refused(rig, tell, counting):
    request = posting("http://127.0.0.1:9/", headers={"webhook-id": "forged"})
    drain = tell(Telling(request), transport=counting)
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("failure", "invalid_header")
    assert counting.calls == []


def test_no_secret_shows_wherever_and_however_it_is_repeated(rig, tell, monkeypatch):
    sink = rig.sink(200)
    port = sink.url.rpartition(":")[2]
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{port}/services/T0/B0/toptoptoken")
    monkeypatch.setenv("WORD", "pa55word")

    def build(config, secrets, network):
        url, word = secrets({"env": "HOOK"}), secrets({"env": "WORD"})

        def notify(notice):
            upper = url.replace("http://", "HTTP://") + f"?w={word}"
            request = Request(
                "POST", upper, json={"echo": f"{word} toptoptoken"}, auth=HTTPBasicAuth("a", word)
            )
            return request.prepare()

        return notify

    drain = tell(Telling(build=build))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert result.outcome == "success"
    assert "toptoptoken" in sink.arrivals[0].body.decode()
    for secret in ("toptoptoken", "pa55word", "YTpwYTU1d29yZA"):
        assert secret not in repr(result)
    assert dict(result.request.headers)["Authorization"] == "[redacted]"


def test_a_missing_secret_holds_the_notice_until_it_is_there(rig, tell, monkeypatch):
    def build(config, secrets, network):
        url = secrets({"env": "NOTICE_HOOK"})
        return lambda notice: Request("POST", url).prepare()

    sink = rig.sink(200)
    drain = tell(Telling(build=build))
    rig.publish(crm="http://127.0.0.1:9/")
    offer = rig.notice("admins")
    drain.run()
    (held,) = rig.book()
    assert (held.outcome, held.error, held.attempt) == ("held", "not_ready", 1)
    assert "NOTICE_HOOK" in held.reason
    monkeypatch.setenv("NOTICE_HOOK", f"{sink.url}/x")
    rig.client().zadd("{hw:0}:due", {offer.delivery.id: 0})
    drain.run()
    assert [each.outcome for each in rig.book()] == ["held", "success"]


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (ValueError("s3cret"), "failure", "cannot be built (ValueError)"),
        (RuntimeError("s3cret"), "retry", "the notifier failed (RuntimeError)"),
        (MissingSecret("env", "X", "is not set"), "held", "secret {env: X}: is not set"),
    ],
)
def test_what_cannot_be_built_is_judged_by_its_error(rig, tell, error, outcome, reason):
    def build(config, secrets, network):
        raise error

    drain = tell(Telling(build=build))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.reason) == (outcome, reason)


def test_it_is_built_once_and_not_for_every_notice(rig, tell):
    notifier = Telling()
    drain = tell(notifier)
    rig.publish(crm="http://127.0.0.1:9/")
    for _ in range(5):
        rig.notice("admins")
    drain.run()
    assert len(rig.settled(5)) == 5
    assert len(notifier.told) == 5
    assert len(notifier.builds) <= 4  # side by side at most, never one after the other


def test_a_notice_for_a_notifier_that_is_gone_is_cancelled(rig, tell):
    drain = tell(Telling())
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("nobody")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.reason) == ("cancelled", "notifier removed")


def test_a_notifier_without_its_plugin_is_held(rig):
    rig.bundle = NOTIFIERS
    others = tuple(each for each in rig.plugins.contributions if each.name != "log")
    rig.plugins = dataclasses.replace(rig.plugins, contributions=others)
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    rig.drain().run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("held", "not_ready")
    assert result.reason == "no plugin for notifiers of type 'log' is loaded"


def test_a_notifier_whose_server_is_away_says_so(rig, tell):
    sink = rig.sink()
    sink.stop()
    port = int(sink.url.rpartition(":")[2])

    def build(config, secrets, network):
        return lambda notice: network.connect("127.0.0.1", port, 5.0)

    drain = tell(Telling(build=build))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("retry", "connect")
    assert result.reason == f"127.0.0.1:{port} takes no connection: Connection refused"


def test_a_notifier_connects_only_where_calls_may_go(rig, tell):
    def build(config, secrets, network):
        return lambda notice: network.connect("10.1.2.3", 25, 5.0)

    drain = tell(Telling(build=build))
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("failure", "blocked_target")


def test_a_notifier_that_hangs_harms_neither_calls_nor_other_notices_for_long(rig, tell, run):
    gate = threading.Event()
    drain = tell(
        Telling(lambda notice: gate.wait(30) and None), crew=Crew(Notifying(deadline=0.3), Lapping(Sandbox()))
    )
    sink = rig.sink()
    rig.publish(crm=sink.url)
    for _ in range(6):
        rig.notice("admins")
    rig.offer("crm", 20)
    run(drain)
    try:
        until(lambda: len(sink.arrivals) == 20, 5)
        until(lambda: len([each for each in rig.book() if each.error == "timeout"]) == 6)
        assert {each.outcome for each in rig.booked if each.error == "timeout"} == {"retry"}
    finally:
        gate.set()


def test_a_stop_cuts_a_hanging_notifier_off_after_the_grace(rig, tell, run):
    gate, began = threading.Event(), threading.Event()

    def hang(notice):
        began.set()
        gate.wait(30)

    drain = tell(Telling(hang), grace=0.2)
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins")
    running = run(drain)
    assert began.wait(10)
    drain.stop()
    assert running.ended(5)
    assert [(each.outcome, each.reason) for each in rig.book()] == [("retry", "the worker stopped")]
    gate.set()


def test_a_body_nobody_can_read_is_tried_again_for_a_newer_worker(rig, tell):
    drain = tell(Telling())
    rig.publish(crm="http://127.0.0.1:9/")
    rig.notice("admins", b'{"v": 2}')
    drain.run()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("retry", "plugin:log")


def test_an_error_of_the_network_is_an_oserror_that_plugins_let_through():
    assert issubclass(NotConnected, OSError)
