"""Subscribers as they stand, switched by people: journal first, then a real ledger."""

from __future__ import annotations

import json
import threading

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.switch import Switch, Switches
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.ledger import Ledger
from hookwright.engine.subscribers import NoSense, NoSubscriber, Subscribers
from hookwright.rules.compile import compile_table
from hookwright.rules.model import (
    Action,
    EntityType,
    Model,
    SecretReference,
    Subscriber,
    Target,
    endpoint_name,
)
from hookwright.schemas.problem import Place

NOW = 1_795_435_200_000


def subscriber(kind: EntityType, identifier: str, *paths: str) -> Subscriber:
    target = Target("https://example.com/in?team=7", headers=(("X-Key", SecretReference("env", "ERP_KEY")),))
    actions = tuple(Action(endpoint_name(kind, identifier, path), path, target) for path in paths)
    place = Place("hooks/crm.yaml", 14, 3)
    return Subscriber(kind, identifier, ("Lead_Post_Create",), actions, place, disable_after=10)


TABLE = compile_table(
    Model(
        "crm",
        "leadsquared",
        "sha256:r",
        (
            subscriber(EntityType.WEBHOOK, "leads", ""),
            subscriber(EntityType.RULE, "big", "actions/0/post", "actions/1/post"),
        ),
        frozenset({"Lead_Post_Create"}),
    )
)
ZERO, ONE = "rule/big/actions/0/post", "rule/big/actions/1/post"


class Rig:
    def __init__(self, url: str, folder) -> None:
        self.folder = folder
        self.ledger = Ledger(url, timeout=1)
        self.ledger.publish(TABLE.revision, b"", TABLE.endpoints, TABLE.limits)
        self.writer = Writer(folder, "intake")
        self.booked = Switches()
        self.now = NOW
        self.woken = 0
        self.subscribers = Subscribers(
            lambda: TABLE,
            lambda _: "crm",
            lambda: self.booked,
            self.ledger,
            self.writer,
            wake=self.wake,
            clock=lambda: self.now / 1000,
        )

    def wake(self) -> None:
        self.woken += 1

    def change(self, name: str, change: str, reason: str = "", by: str = "ada"):
        self.now += 1000
        return self.subscribers.change(name, change, reason=reason, by=by)

    def lines(self):
        return [
            json.loads(line)
            for segment in list_segments(self.folder)
            for line in (self.folder / segment.name).read_bytes().splitlines()
        ]

    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.ledger.switches()[0]}

    def close(self) -> None:
        self.writer.close()
        self.ledger.close()


@pytest.fixture
def rig(valkey, tmp_path):
    made = Rig(valkey, tmp_path)
    yield made
    made.close()


def test_an_untouched_subscriber_is_enabled_and_told_in_full(rig):
    big, leads = rig.subscribers.all()
    assert (leads.name, leads.state, leads.since, leads.by) == ("webhook/leads", "enabled", None, "")
    assert (leads.failures, leads.disable_after) == (0, 10)
    assert (leads.url, leads.place, leads.bundle) == (
        "https://example.com/in?team=7",
        "hooks/crm.yaml:14",
        "crm",
    )
    assert [each.name for each in big.endpoints] == [ZERO, ONE]
    assert "ERP_KEY" not in repr(leads)


def test_a_change_is_written_told_and_shown(rig):
    done = rig.change("leads", "disabled", "maintenance")
    assert (done.changed, done.applied) == (True, True)
    assert (done.profile.state, done.profile.reason, done.profile.by) == ("disabled", "maintenance", "ada")
    (line,) = rig.lines()
    assert (line["entityType"], line["entityId"], line["change"], line["by"], line["reason"]) == (
        "webhook",
        "leads",
        "disabled",
        "ada",
        "maintenance",
    )
    assert rig.states() == {"webhook/leads": "disabled"}
    assert rig.subscribers.show("webhook/leads").state == "disabled"
    assert rig.woken == 1


@pytest.mark.parametrize(
    ("first", "then"),
    [("disabled", "disabled"), ("paused", "paused"), ("disabled", "enabled"), ("paused", "resumed")],
)
def test_the_same_change_twice_is_fine_and_written_once(rig, first, then):
    rig.change("leads", first)
    rig.change("leads", then)
    before = rig.lines()
    done = rig.change("leads", then)
    assert (done.changed, done.applied) == (False, True)
    assert rig.lines() == before


@pytest.mark.parametrize("change", ["enabled", "resumed"])
def test_switching_on_what_is_on_changes_nothing(rig, change):
    assert rig.change("leads", change).changed is False
    assert rig.lines() == []


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("disabled", "resumed", "webhook/leads is disabled: x; enable it"),
        ("disabled", "paused", "webhook/leads is disabled: x; to pause it, enable it first"),
        ("paused", "enabled", "webhook/leads is paused: x; resume it"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_the_way_out(rig, first, then, said):
    rig.change("leads", first, "x")
    with pytest.raises(NoSense) as refused:
        rig.change("leads", then)
    assert (str(refused.value), refused.value.state) == (said, first)
    assert len(rig.lines()) == 1


def test_what_is_paused_can_be_disabled(rig):
    rig.change("leads", "paused")
    assert rig.change("leads", "disabled").profile.state == "disabled"


def test_enabling_a_rule_enables_the_endpoints_that_failures_disabled(rig):
    rig.ledger.switch([Switch(name=ZERO, state="disabled", reason="10 failed", by="hookwright", at=NOW)])
    profile = rig.subscribers.show("big")
    assert (profile.state, [each.state for each in profile.endpoints]) == ("enabled", ["disabled", "enabled"])
    done = rig.change("big", "enabled")
    assert (done.changed, rig.states()) == (True, {ZERO: "enabled"})
    assert [line["action"] for line in rig.lines()] == ["actions/0/post"]


def test_a_single_endpoint_can_be_switched(rig):
    rig.change(ONE, "paused", "slow")
    assert rig.states() == {ONE: "paused"}
    assert rig.subscribers.show(ONE).name == "rule/big"
    with pytest.raises(NoSense, match="rule/big/actions/1/post is paused: slow; resume it"):
        rig.change("big", "enabled")
    assert rig.change("big", "resumed").changed


def test_an_endpoint_of_a_disabled_rule_cannot_be_enabled_alone(rig):
    rig.change("big", "disabled", "x")
    with pytest.raises(NoSense, match="it stands with its subscriber rule/big"):
        rig.change(ZERO, "enabled")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("laeds", 'no subscriber "laeds"; did you mean "leads"?'),
        ("webhook/laeds", 'no subscriber "webhook/laeds"; did you mean "webhook/leads"?'),
        ("rule/leads", 'no subscriber "rule/leads"'),
        ("rule/big/actions/7/post", 'no subscriber "rule/big/actions/7/post"; did you mean'),
        ("x/leads", 'no subscriber "x/leads"'),
        ("", 'no subscriber ""'),
        ("/", 'no subscriber "/"'),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(rig, name, said):
    with pytest.raises(NoSubscriber) as absent:
        rig.change(name, "disabled")
    assert str(absent.value).startswith(said)
    assert rig.lines() == []


def test_a_switch_answers_the_one_it_knows_even_if_that_is_dated_ahead(rig):
    ahead = NOW + 3_600_000
    rig.ledger.switch([Switch(name="webhook/leads", state="disabled", reason="", by="hookwright", at=ahead)])
    assert rig.change("leads", "enabled").profile.state == "enabled"
    assert rig.states() == {"webhook/leads": "enabled"}


def test_what_only_the_index_knows_counts_too(rig):
    rig.booked.take(Switch(name="webhook/leads", state="disabled", reason="", by="ada", at=NOW))
    assert rig.subscribers.show("leads").state == "disabled"
    assert rig.change("leads", "enabled").changed


def test_many_enables_at_once_are_one_line(rig):
    rig.change("leads", "disabled")
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(rig.change("leads", "enabled").changed)) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(done) == [False] * 7 + [True]
    assert [line["change"] for line in rig.lines()] == ["disabled", "enabled"]


def test_a_change_while_the_ledger_is_away_is_kept_and_says_so(own_valkey, tmp_path):
    rig = Rig(own_valkey.url, tmp_path)
    own_valkey.kill()
    done = rig.change("leads", "disabled", "x")
    assert (done.changed, done.applied, done.profile.state, done.profile.failures) == (
        True,
        False,
        "disabled",
        None,
    )
    assert rig.change("leads", "disabled").changed is False
    assert rig.change("leads", "enabled").applied is False
    assert [line["change"] for line in rig.lines()] == ["disabled", "enabled"]
    own_valkey.start()
    rig.subscribers.tell()
    assert rig.states() == {"webhook/leads": "enabled"}
    rig.close()


def test_a_change_that_cannot_be_written_changes_nothing(rig):
    rig.writer.close()
    with pytest.raises(JournalError):
        rig.change("leads", "disabled")
    assert rig.states() == {}
    assert rig.subscribers.show("leads").state == "enabled"
