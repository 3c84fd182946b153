"""The scripts against the table of states: offers, claims, settles, switches, losses in any order."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hookwright.engine.delivery import TERMINAL_STATUS, TRANSITIONS, Delivery, Result, State
from hookwright.engine.journal.switch import Switch
from hookwright.engine.ledger.ledger import Ledger, Offer, Settle
from hookwright.engine.ledger.work import Expired
from hookwright.rules.model import FailureLimit

NODE = "nod_1"
CAPS = {"webhook/e0": 1, "webhook/e1": 3}
SUSPECT = 10  # of such suspicion a delivery is claimed by itself
LIMITS = {"webhook/e0": FailureLimit(2)}
HOUR = 3_600_000
STEPS = {
    "success": "succeed",
    "retry": "retry",
    "failure": "fail",
    "cancelled": "cancel",
    "skipped": "skip",
    "held": "hold",
}
workers = st.sampled_from(["w0", "w1"])
picks = st.integers(0, 1000)


@dataclass
class Known:
    """What the model knows of a delivery the ledger holds."""

    state: State
    attempts: int = 0
    token: str = ""
    worker: str = ""

    def go(self, step: str) -> None:
        self.state = TRANSITIONS[self.state, step]
        if self.state is not State.IN_FLIGHT:
            self.token = self.worker = ""


class LedgerMachine(RuleBasedStateMachine):
    """`held` is what the ledger holds, `journal` what the node has booked: tries spent, or None when over."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.client = redis.Redis.from_url(self.url)
        self.client.flushall()
        self.ledgers = {name: Ledger(self.url, worker=name, lease=3600) for name in ("w0", "w1")}
        self.node = Ledger(self.url)
        self.names = itertools.count()
        self.held: dict[str, Known] = {}
        self.journal: dict[str, int | None] = {}
        self.tombstones: set[str] = set()
        self.claims: list[tuple[str, object]] = []
        self.expected: list[tuple[str, int, str]] = []
        self.verified: set[str] = set()  # as the bookkeeper: offered in this epoch and not refused
        self.terminals: dict[str, int] = {}
        self.last: dict[str, tuple[dict, object]] = {}
        self.failures = dict.fromkeys(CAPS, 0)
        self.switches: dict[str, Switch] = {}  # the ledger's last word on each name
        self.known: dict[str, Switch] = {}  # the journal's
        self.ats = itertools.count(1)
        self.publish()

    def teardown(self) -> None:
        try:
            self.run_dry()
        finally:
            for each in (*self.ledgers.values(), self.node, self.client):
                each.close()

    # What may happen.

    @rule(count=st.integers(1, 4), endpoint=st.sampled_from(["e0", "e1"]), later=st.booleans())
    def accept_and_offer(self, count: int, endpoint: str, later: bool) -> None:
        ids = [f"dlv_{next(self.names)}.{endpoint}" for _ in range(count)]
        self.journal.update(dict.fromkeys(ids, 0))
        self.offer(ids, HOUR if later else 0)

    @precondition(lambda self: self.journal)
    @rule()
    def offer_everything_open_again(self) -> None:
        self.offer(self.open(), 0)

    @rule(worker=workers, wanted=st.integers(0, 4))
    def claim(self, worker: str, wanted: int) -> None:
        self.step(worker, claim=wanted)

    @precondition(lambda self: self.claims)
    @rule(worker=workers, pick=picks, outcome=st.sampled_from(sorted(STEPS)), wanted=st.integers(0, 2))
    def settle(self, worker: str, pick: int, outcome: str, wanted: int) -> None:
        """Any claim ever made, so old tokens too."""
        claim = self.claims[pick % len(self.claims)][1]
        self.step(worker, settles=[self.settle_of(claim, outcome)], claim=wanted)

    @precondition(lambda self: self.claims)
    @rule(worker=workers, pick=picks)
    def hand_back(self, worker: str, pick: int) -> None:
        self.step(worker, hand_back=[self.claims[pick % len(self.claims)][0]])

    @precondition(lambda self: self.last)
    @rule(pick=picks)
    def repeat_a_call(self, pick: int) -> None:
        """An answer was lost and the worker asks again."""
        worker, (arguments, tick) = sorted(self.last.items(), key=lambda item: item[0])[pick % len(self.last)]
        self.ledgers[worker]._call -= 1
        again = self.ledgers[worker].step(**arguments)
        still = [claim for claim in tick.claims if self.token_of(claim.delivery.id) == claim.token]
        assert list(again.claims) == still

    @rule(worker=workers)
    def lose_a_worker(self, worker: str) -> None:
        """Its lease ends; the other one's beat finds out."""
        self.client.zadd("{hw:0}:lease", {worker: 0}, xx=True)
        self.ledgers["w1" if worker == "w0" else "w0"].beat()
        lost = sorted(name for name, known in self.held.items() if known.worker == worker)
        for name in lost:
            self.expected.append((name, self.held[name].attempts + 1, "lost"))
            self.held[name].go("lose")
        self.last.clear()
        self.book_results(unordered=len(lost))

    @rule()
    def book_results(self, unordered: int = 0) -> None:
        """The last `unordered` results came in one stroke, in no order of ours."""
        found = self.node.results(NODE, block_ms=0)
        seen = [seen_of(each) for _, each in found]
        ordered = len(self.expected) - unordered
        assert seen[:ordered] == self.expected[:ordered]
        assert sorted(seen[ordered:]) == self.expected[ordered:]
        self.book(found)

    @rule(pick=picks)
    def time_passes_for_one(self, pick: int) -> None:
        resting = [n for n, k in self.held.items() if (k.state, "due") in TRANSITIONS]
        if resting:
            self.client.zadd("{hw:0}:due", {resting[pick % len(resting)]: 0}, xx=True)
            self.held[resting[pick % len(resting)]].go("due")

    @rule()
    def lose_redis(self) -> None:
        self.client.flushall()
        self.held.clear()
        self.tombstones.clear()
        self.expected.clear()
        self.last.clear()
        self.verified.clear()
        self.failures = dict.fromkeys(CAPS, 0)
        self.switches = dict(self.known)
        self.node.switch(list(self.known.values()))
        self.publish()

    @rule(name=st.sampled_from(sorted(CAPS)), state=st.sampled_from(["enabled", "disabled", "paused"]))
    def switch_by_hand(self, name: str, state: str) -> None:
        """Twice, as after an answer that was lost: dated after the word it answers."""
        last = self.switches.get(name)
        at = max(next(self.ats), last.at + 1 if last else 0)
        switch = Switch(name=name, state=state, reason="", by="ada", at=at)
        self.known[name] = switch
        assert [self.node.switch([switch]), self.node.switch([switch])] == [1, 0]
        self.switched(switch)

    @rule(name=st.sampled_from(sorted(CAPS)))
    def tell_an_old_switch_again(self, name: str) -> None:
        old = Switch(name=name, state="disabled", reason="", by="bob", at=0)
        assert self.node.switch([old]) == (name not in self.switches)
        if name not in self.switches:
            self.switched(old)

    @rule()
    def end_what_is_too_old(self) -> None:
        """All that is open is: only what waits behind a switch ends, once."""
        names = self.open()
        ending = [name for name in names if self.is_off(name) and name not in self.tombstones]
        ending = [name for name in ending if not self.token_of(name)]
        expired = [Expired(f"webhook/{name.partition('.')[2]}", self.skipped(name)) for name in names]
        assert [self.node.expire(NODE, expired), self.node.expire(NODE, expired)] == [len(ending), 0]
        for name in ending:
            self.held.pop(name, None)
            self.tombstones.add(name)
            self.expected.append((name, self.journal[name] or 0, "skipped"))

    # What must then be true.

    @invariant()
    def the_ledger_counts_what_the_model_holds(self) -> None:
        depth = self.node.depth()
        flying = [known for known in self.held.values() if known.state is State.IN_FLIGHT]
        assert (depth.total, depth.in_flight) == (len(self.held), len(flying))

    @invariant()
    def tombstones_are_those_of_results_not_booked(self) -> None:
        found = {name.decode() for name in self.client.hkeys(f"{{hw:0}}:settled:{NODE}")}
        assert found == self.tombstones

    @invariant()
    def switches_and_counts_are_the_models(self) -> None:
        told, failures = self.node.switches(list(CAPS))
        assert {each.name: each.state for each in told} == {
            name: switch.state for name, switch in self.switches.items()
        }
        assert dict(zip(CAPS, failures, strict=True)) == self.failures

    @invariant()
    def no_delivery_ended_twice(self) -> None:
        assert all(count == 1 for count in self.terminals.values())

    # The model's own moves.

    def open(self) -> list[str]:
        return [name for name, attempts in self.journal.items() if attempts is not None]

    def publish(self) -> None:
        self.node.publish("sha256:r", b"", CAPS, LIMITS)

    def switched(self, switch: Switch) -> None:
        self.switches[switch.name] = switch
        if not switch.off:
            self.failures[switch.name] = 0

    def is_off(self, name: str) -> bool:
        switch = self.switches.get(f"webhook/{name.partition('.')[2]}")
        return switch is not None and switch.off

    def skipped(self, name: str) -> Result:
        attempt = self.journal[name] or 0
        return Result(delivery=name, node=NODE, attempt=attempt, outcome="skipped", at=1, reason="too old")

    def count(self, name: str, outcome: str) -> None:
        """A delivery ended: count it, and switch its endpoint off when it was one failure too many."""
        endpoint = f"webhook/{name.partition('.')[2]}"
        if outcome == "success":
            self.failures[endpoint] = 0
        elif outcome == "failure":
            self.failures[endpoint] += 1
            limit = LIMITS.get(endpoint)
            if limit and self.failures[endpoint] >= limit.failures and not self.is_off(name):
                self.expected.append(("switch", self.failures[endpoint], endpoint))
                self.switches[endpoint] = Switch(
                    name=endpoint, state="disabled", reason="", by="hookwright", at=self.now()
                )

    def now(self) -> int:
        """Later than what the server will say of this moment: whoever answers it is later still."""
        seconds, _ = self.client.time()
        return (seconds + 60) * 1000

    def offer(self, names: list[str], wait: int) -> None:
        offered = self.node.offer([Offer(delivery(n), b"b", self.journal[n] or 0, wait) for n in names])
        refused = [name for name in names if name in self.tombstones]
        new = [name for name in names if name not in self.held and name not in self.tombstones]
        assert (offered.added, list(offered.refused)) == (len(new), refused)
        self.verified.update(set(names).difference(refused))
        for name in new:
            self.held[name] = Known(State.WAITING if wait else State.READY, self.journal[name] or 0)

    def step(self, worker: str, **arguments) -> None:
        suspects = [name for name in self.held if self.suspicion_of(name) >= SUSPECT]
        tick = self.ledgers[worker].step(**arguments)
        self.last[worker] = (arguments, tick)
        for settle in arguments.get("settles", ()):
            self.settled(settle)
        for token in arguments.get("hand_back", ()):
            name = token.partition("/")[0]
            if self.token_of(name) == token:
                self.held[name].go("hand_back")
        room = sum(self.claimable(endpoint, cap) for endpoint, cap in CAPS.items())
        expected = min(arguments.get("claim", 0), room)
        if suspects:  # what a dead worker may have died of is claimed by itself
            assert (len(tick.claims) > 0, len(tick.claims) <= expected) == (expected > 0, True)
            assert len(tick.claims) <= 1 or max(claim.suspicion for claim in tick.claims) < SUSPECT
        else:
            assert len(tick.claims) == expected
        for claim in tick.claims:
            known = self.held[claim.delivery.id]
            assert claim.attempt == known.attempts + 1
            known.go("claim")
            known.token, known.worker = claim.token, worker
            self.claims.append((claim.token, claim))

    def settled(self, settle: Settle) -> None:
        result = settle.result
        name, outcome = result.delivery, result.outcome
        known = self.held.get(name)
        if known is None:
            if name in self.tombstones:
                outcome = "lost"
            self.tombstones.add(name)
        elif known.token != settle.token:
            outcome = "lost"
        else:
            known.go(STEPS[outcome])
            known.attempts += outcome == "retry"
        self.expected.append((name, result.attempt, outcome))
        if known is not None and name in self.held and known.state.terminal:
            del self.held[name]
            self.tombstones.add(name)
            self.count(name, outcome)

    def book(self, found) -> None:
        """As the bookkeeper does: drop what is not open or was booked before, acknowledge all."""
        self.expected.clear()
        if not found:
            return
        results = [each for _, each in found if isinstance(each, Result)]
        for _, each in found:
            if isinstance(each, Switch) and each.after(self.known.get(each.name)):
                self.known[each.name] = each
        for result in results:
            spent = self.journal[result.delivery]
            terminal = result.outcome in TERMINAL_STATUS
            if (
                spent is None
                or result.outcome in ("lost", "held")
                or not (terminal or result.attempt > spent)
            ):
                continue
            if terminal:
                self.journal[result.delivery] = None
                self.terminals[result.delivery] = self.terminals.get(result.delivery, 0) + 1
            else:
                self.journal[result.delivery] = result.attempt
        names = {result.delivery for result in results}
        for _ in range(2):
            self.node.acknowledge(NODE, found[-1][0], sorted(names))
        self.tombstones -= names

    def claimable(self, endpoint: str, cap: int) -> int:
        if endpoint in self.switches and self.switches[endpoint].off:
            return 0
        of = [k for name, k in self.held.items() if name.endswith(endpoint.partition("/")[2])]
        flying = sum(known.state is State.IN_FLIGHT for known in of)
        return max(min(cap - flying, sum(known.state is State.READY for known in of)), 0)

    def suspicion_of(self, name: str) -> int:
        return int(self.client.getrange(f"{{hw:0}}:d:{name}", 7, 10) or 0)

    def token_of(self, name: str) -> str:
        return self.held[name].token if name in self.held else ""

    def settle_of(self, claim, outcome: str) -> Settle:
        name = claim.delivery.id
        result = Result(delivery=name, node=NODE, attempt=claim.attempt, outcome=outcome, at=1)
        return Settle(claim.token, result, HOUR)

    def run_dry(self) -> None:
        """Whatever happened: everything open can still be brought to its end, once, and nothing is left."""
        for name in CAPS:
            self.switch_by_hand(name, "enabled")
        for worker in self.ledgers:
            self.lose_a_worker(worker)
        self.book_results()
        for _ in range(len(self.journal) + 1):
            self.offer([name for name in self.open() if name not in self.verified], 0)
            for pick in range(len(self.held)):
                self.time_passes_for_one(pick)
            self.time_passes_for_all()
            self.step("w0", claim=64)
            mine = [claim for token, claim in self.claims if self.token_of(claim.delivery.id) == token]
            self.step("w0", settles=[self.settle_of(claim, "success") for claim in mine])
            self.book_results()
        assert all(attempts is None for attempts in self.journal.values())
        assert self.terminals == dict.fromkeys(self.journal, 1)
        for ledger in self.ledgers.values():
            ledger.leave()
        left = {key.decode().removeprefix("{hw:0}:") for key in self.client.scan_iter("*")}
        kept = {"schema", "epoch", "live", "heard", "caps", "limits", "switches", "revision:sha256:r"}
        assert left <= {*kept, f"results:{NODE}"}

    def time_passes_for_all(self) -> None:
        while any((known.state, "due") in TRANSITIONS for known in self.held.values()):
            self.time_passes_for_one(0)


def seen_of(found: Result | Switch) -> tuple[str, int, str]:
    if isinstance(found, Switch):
        return ("switch", int(found.reason.partition(" ")[0]), found.name)
    return (found.delivery, found.attempt, found.outcome)


def delivery(name: str) -> Delivery:
    return Delivery(
        id=name,
        message="msg",
        entity_type="webhook",
        entity_id=name.partition(".")[2],
        action="",
        event_id="e",
        event_source="/t",
        event_type="T",
        node=NODE,
        due=0,
        body=hashlib.sha256(b"b").hexdigest(),
    )


def machine(url: str):
    return type("Machine", (LedgerMachine,), {"url": url})


CALM = [HealthCheck.too_slow]


def test_every_history_follows_the_table_and_ends_each_delivery_once(valkey):
    calm = settings(max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=CALM)
    run_state_machine_as_test(machine(valkey), settings=calm)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_long_histories_follow_the_table(valkey):
    calm = settings(max_examples=1000, stateful_step_count=100, deadline=None, suppress_health_check=CALM)
    run_state_machine_as_test(machine(valkey), settings=calm)
