"""Lapps as deliveries: claimed, called and settled by the real drain, healthy calls beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from tests import wild

from hookwright.engine.lapp.order import Limits
from hookwright.engine.lapp.sandbox import Sandbox
from hookwright.engine.ledger.work import Offer
from hookwright.engine.worker.lapping import Lapping
from hookwright.engine.worker.notifying import Notifying
from hookwright.engine.worker.pilot import Crew
from hookwright.engine.worker.published import loader
from hookwright.plugins.loader import load_plugins

ONCE = "retry: {attempts: 1}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with wild.installed():
        made = Sandbox(["wild"])
        yield made
        made.close()


@pytest.fixture
def drain(rig, sandbox):
    """`drain()` runs until all that was offered has ended; `rig.plugins` has the plugin `wild`."""
    with wild.installed():
        rig.plugins = load_plugins(allow=["wild"])

    def run(**how):
        how.setdefault("load", loader(rig.plugins, limits=Limits()))
        rig.drain(crew=Crew(Notifying(), Lapping(sandbox)), **how).run()

    return run


def publish(rig, lapp="echo", more=ONCE, **webhooks):
    """A webhook `lapp` that calls one, beside webhooks that call URLs."""
    rig.lapps["lapp"] = f"type: lapp, lapp: {lapp}, {more}"
    return rig.publish(**webhooks)


def one(rig):
    (result,) = (each for each in rig.book() if each.lapp)
    return result


def test_the_value_of_a_lapp_is_recorded_as_an_answer(rig, drain):
    publish(rig, "{name: echo, config: {least: 3}}")
    (offer,) = rig.offer("lapp")
    drain()
    result = one(rig)
    assert (result.outcome, result.error, result.request) == ("success", None, None)
    assert (result.response.status, result.response.truncated) == (200, False)
    assert json.loads(result.response.body) == {
        "data": json.loads(offer.body),
        "config": {"least": 3},
        "stage": "live",
        "attempt": 1,
    }
    assert result.timing.total > 0
    assert msgspec.to_builtins(result.lapp) == {"name": "echo", "stage": "live"}


def test_a_failure_is_tried_again_and_says_why(rig, drain):
    publish(rig, "fails", "retry: {attempts: 2, initial: 10ms}")
    rig.offer("lapp")
    drain()
    first, last = rig.book()
    assert (first.outcome, first.error) == ("retry", "lapp")
    assert first.reason.startswith("ValueError: no luck with")
    assert (last.outcome, last.reason, last.attempt) == ("failure", "attempts exhausted", 2)
    assert last.lapp.error.startswith("ValueError: no luck with")
    assert "Traceback" in last.lapp.logs


@pytest.mark.parametrize(
    ("lapp", "error", "said"),
    [
        ("crashes", "lapp", "it ended without a value: its process was killed by SIGSEGV"),
        ("leaves", "lapp", "it ended without a value: its process exited with 7"),
        ("forks", "lapp", "it started over 32 processes, and was killed"),
        ("returns-much", "lapp", "its value takes over 1 MiB as JSON"),
        ("hangs", "timeout", "it took over 0.3 s, and was killed"),
    ],
)
def test_whatever_it_does_is_a_failure_and_calls_beside_it_go_out(rig, drain, lapp, error, said):
    sink = rig.sink()
    publish(rig, lapp, f"{ONCE}, timeout: 300ms" if lapp == "hangs" else ONCE, well=sink.url)
    rig.offer("lapp")
    rig.offer("well", 20)
    drain()
    assert len(sink.ids) == 20
    result = one(rig)
    assert (result.outcome, result.error, result.lapp.error) == ("failure", error, said)


def test_secrets_are_given_to_it_and_never_recorded(rig, drain, monkeypatch):
    monkeypatch.setenv("WILD", "s3cret-value")
    publish(rig, "{name: talks, config: {key: {env: WILD}}}")
    rig.offer("lapp")
    drain()
    result = one(rig)
    assert result.lapp.logs == "printed [redacted]\nWARNING wild: logged\nsaid aside\n"
    assert result.response.body == '"[redacted]"'
    assert b"s3cret" not in msgspec.json.encode(rig.booked)


def test_a_secret_that_is_not_there_holds_it_and_spends_no_try(rig, drain, monkeypatch):
    monkeypatch.delenv("WILD", raising=False)
    publish(rig, "{name: talks, config: {key: {env: WILD}}}")
    rig.offer("lapp")
    drain()
    (result,) = rig.book()
    assert (result.outcome, result.error) == ("held", "not_ready")
    assert "WILD" in result.reason


def test_a_lapp_that_no_plugin_here_publishes_holds_it(rig, drain):
    publish(rig, "fax")
    rig.offer("lapp")
    drain()
    (result,) = rig.book()
    assert (result.outcome, result.reason) == ("held", "no plugin with the Lapp 'fax' is loaded")


def test_a_test_tells_the_lapp_so_and_is_tried_once(rig, drain):
    publish(rig, "fails", "retry: {attempts: 3, initial: 10ms}")
    (offer,) = rig.offers("lapp")
    tested = msgspec.structs.replace(offer.delivery, test=True)
    rig.ledger.offer([Offer(tested, offer.body)])
    drain()
    result = one(rig)
    assert (result.outcome, result.attempt, result.lapp.stage, result.notify) == ("failure", 1, "test", ())


def test_what_is_hidden_of_an_event_is_not_recorded(rig, drain):
    publish(rig)
    (offer,) = rig.offers("lapp")
    hidden = msgspec.structs.replace(offer.delivery, hidden=(json.loads(offer.body)["x"],))
    rig.ledger.offer([Offer(hidden, offer.body)])
    drain()
    assert "[redacted]" in one(rig).response.body


def test_a_long_value_is_recorded_in_part(rig, drain):
    publish(rig)
    rig.offer("lapp", size=50_000)
    drain()
    response = one(rig).response
    assert (len(response.body), response.truncated) == (32 * 1024, True)
