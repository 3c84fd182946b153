"""Lookups are bounded, shared and judged, and a hanging one holds up nobody."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.call.resolve import Resolver, Unresolved, look_up
from hookwright.engine.call.target import TargetAddress

PUBLIC = "93.184.216.34"


def target(host: str, port: int = 443) -> TargetAddress:
    return TargetAddress("https", host, port)


class Asker:
    def __init__(self, lookup, **options) -> None:
        self.lookups: list[str] = []

        def counted(host: str):
            self.lookups.append(host)
            return lookup(host)

        self.resolver = Resolver(options.pop("policy", Policy()), lookup=counted, **options)

    def start(self, host: str, port: int = 443):
        answers: list = []
        answered = threading.Event()

        def done(answer) -> None:
            answers.append((answer, threading.current_thread()))
            answered.set()

        self.resolver.resolve(target(host, port), done)

        def wait():
            assert answered.wait(10)
            assert len(answers) == 1
            return answers[0][0]

        wait.answers = answers
        return wait

    def ask(self, host: str, port: int = 443):
        return self.start(host, port)()


@pytest.fixture
def asker():
    made: list[Asker] = []

    def make(lookup=lambda host: (PUBLIC,), **options) -> Asker:
        made.append(Asker(lookup, **options))
        return made[-1]

    yield make
    for one in made:
        one.resolver.close()


def test_a_name_is_answered_with_all_its_addresses_in_order(asker):
    assert asker(lambda host: (PUBLIC, "1.1.1.1", PUBLIC)).ask("a.test") == (PUBLIC, "1.1.1.1")


def test_an_address_is_answered_at_once_by_the_calling_thread(asker):
    one = asker()
    wait = one.start("1.1.1.1")
    assert wait.answers == [(("1.1.1.1",), threading.current_thread())]
    assert one.ask("2606:4700::1111") == ("2606:4700::1111",)
    assert one.lookups == []


def test_one_bad_address_refuses_the_whole_target(asker):
    answer = asker(lambda host: (PUBLIC, "1.1.1.1", "10.0.0.1")).ask("a.test")
    assert answer.error == "blocked_target"
    assert "10.0.0.1" not in answer.reason


def test_a_closed_port_refuses_the_target(asker):
    assert asker().ask("a.test", 22).error == "blocked_target"


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "failure",
    [
        OSError(-2, "Name or service not known"),
        OSError(-3, "Temporary failure in name resolution"),  # SERVFAIL, a circle of CNAMEs
        UnicodeError("label too long"),
        RuntimeError("bug"),
    ],
)
def test_a_failed_lookup_is_a_dns_error_that_names_the_host(failure, asker):
    def lookup(host: str):
        raise failure

    answer = asker(lookup).ask("a.test")
    assert answer.error == "dns"
    assert "a.test" in answer.reason


@pytest.mark.fault(39)
def test_no_address_at_all_is_a_dns_error(asker):
    assert asker(lambda host: ()).ask("a.test") == Unresolved("dns", "a.test has no address")


@pytest.mark.fault(39)
def test_thousands_of_addresses_are_a_dns_error_and_dozens_are_not(asker):
    many = tuple(f"93.184.{number // 250}.{number % 250}" for number in range(4000))
    assert asker(lambda host: many).ask("a.test") == Unresolved(
        "dns", "a.test has 4,000 addresses; more than 256 are not taken"
    )
    assert asker(lambda host: many[:256] * 2).ask("a.test") == many[:256]


@pytest.mark.fault(39)
def test_a_label_of_64_characters_is_looked_up_nowhere():
    with pytest.raises((OSError, UnicodeError)):
        look_up("a" * 64 + ".test")


def test_an_answer_serves_for_a_second_and_failures_are_not_kept(asker, monkeypatch):
    from hookwright.engine.call import resolve

    one = asker()
    assert one.ask("a.test") == one.ask("a.test") == (PUBLIC,)
    assert one.lookups == ["a.test"]
    now = time.monotonic()
    monkeypatch.setattr(resolve.time, "monotonic", lambda: now + resolve.CACHED + 0.01)
    assert one.ask("a.test") == (PUBLIC,)
    assert one.lookups == ["a.test", "a.test"]


def test_failures_are_asked_again(asker):
    answers = iter([OSError("no"), (PUBLIC,)])

    def lookup(host: str):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    one = asker(lookup)
    assert one.ask("a.test").error == "dns"
    assert one.ask("a.test") == (PUBLIC,)


def test_one_lookup_serves_all_who_ask_at_the_same_time(asker):
    go = threading.Event()

    def lookup(host: str):
        assert go.wait(10)
        return (PUBLIC,)

    one = asker(lookup)
    waits = [one.start("a.test", port) for port in (443, 80, 22)]
    go.set()
    first, second, third = (wait() for wait in waits)
    assert first == second == (PUBLIC,)
    assert third.error == "blocked_target"  # the port is each caller's own
    assert one.lookups == ["a.test"]


@pytest.mark.fault(39)
def test_hanging_lookups_end_at_the_budget_and_hold_up_nobody(asker):
    stuck = threading.Event()

    def lookup(host: str):
        if host.startswith("stuck"):
            stuck.wait(30)
        return (PUBLIC,)

    one = asker(lookup, budget=1.0)
    started = time.monotonic()
    waits = [one.start(f"stuck-{number}.test") for number in range(40)]
    assert one.ask("fine.test") == (PUBLIC,)
    answers = {wait() for wait in waits}
    assert time.monotonic() - started < 10
    assert answers == {Unresolved("dns", "no answer from the name service within 1 s")}
    again = time.monotonic()
    assert one.ask("stuck-1.test").error == "dns"  # it still hangs: no second thread, no second wait
    assert time.monotonic() - again < 0.9
    assert one.lookups.count("stuck-1.test") == 1
    stuck.set()


def test_a_lookup_that_came_too_late_is_of_use_to_the_next_one(asker):
    stuck = threading.Event()
    one = asker(lambda host: (PUBLIC,) if stuck.wait(10) else (), budget=0.1)
    assert one.ask("a.test").error == "dns"
    stuck.set()
    deadline = time.monotonic() + 10
    while one.ask("a.test") != (PUBLIC,) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert one.lookups == ["a.test"]


@pytest.mark.fault(39)
def test_when_all_threads_hang_the_rest_fails_in_time_and_recovers(asker):
    stuck = threading.Event()

    def lookup(host: str):
        if host.startswith("stuck"):
            stuck.wait(30)
        return (PUBLIC,)

    one = asker(lookup, threads=2, budget=0.2)
    waits = [one.start(host) for host in ("stuck-1.test", "stuck-2.test", "fine.test")]
    assert {wait().error for wait in waits} == {"dns"}
    stuck.set()
    deadline = time.monotonic() + 10
    while one.ask("fine.test") != (PUBLIC,):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_closing_tells_everybody_who_waits(asker):
    stuck = threading.Event()
    one = asker(lambda host: (PUBLIC,) if stuck.wait(30) else ())
    wait = one.start("a.test")
    one.resolver.close()
    assert wait() == Unresolved("dns", "the resolver was closed")
    assert one.ask("b.test").error == "dns"
    stuck.set()


def test_a_receiver_of_answers_that_fails_harms_nobody(asker, caplog):
    one = asker()

    def fail(answer) -> None:
        raise RuntimeError("boom")

    one.resolver.resolve(target("a.test"), fail)
    assert one.ask("b.test") == (PUBLIC,)
    one.resolver.resolve(target("1.1.1.1"), fail)
    assert "broke down" in caplog.text


def test_the_system_knows_localhost():
    assert "127.0.0.1" in look_up("localhost")
    policy = Policy(allow=(Allowed.parse("127.0.0.0/8"), Allowed.parse("::1")))
    answers: list = []
    answered = threading.Event()
    resolver = Resolver(policy)
    resolver.resolve(target("localhost"), lambda answer: (answers.append(answer), answered.set()))
    assert answered.wait(10)
    resolver.close()
    assert "127.0.0.1" in answers[0]


def test_a_hanging_lookup_does_not_keep_the_process_alive():
    program = """
import threading
from hookwright.engine.call.guard import Policy
from hookwright.engine.call.resolve import Resolver
from hookwright.engine.call.target import TargetAddress
started = threading.Event()
def hang(host):
    started.set()
    threading.Event().wait()
Resolver(Policy(), lookup=hang).resolve(TargetAddress("http", "a.test", 80), print)
assert started.wait(10)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode == 0
