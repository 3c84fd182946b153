"""When a failure is told: the first at once, further ones together, one notice a window and pair."""

from __future__ import annotations

import itertools
from collections import defaultdict

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hookwright.engine.history.digest import WINDOW, Digest, Pair, Standing

ADMINS = Pair("webhook", "crm", "admins")
SALES = Pair("webhook", "crm", "sales")


def test_the_first_failure_is_told_at_once():
    digest = Digest()
    digest.note([Standing(ADMINS, 1, "dlv_1")])
    assert digest.due(0, 10) == [Standing(ADMINS, 1, "dlv_1")]


def test_what_is_due_stays_due_until_it_was_told():
    digest = Digest()
    digest.note([Standing(ADMINS, 1, "dlv_1")])
    assert digest.due(0, 10) == digest.due(5, 10)
    digest.note([Standing(ADMINS, 0, None, 5)])
    assert digest.due(5, 10) == []
    assert len(digest) == 0


def test_further_failures_wait_until_the_window_is_over():
    digest = Digest()
    digest.note([Standing(ADMINS, 3, "dlv_2", told=1_000)])
    assert digest.due(1_000 + WINDOW - 1, 10) == []
    [due] = digest.due(1_000 + WINDOW, 10)
    assert (due.count, due.first) == (3, "dlv_2")


def test_each_pair_has_a_window_of_its_own():
    digest = Digest(window=100)
    digest.load([Standing(ADMINS, 1, "dlv_1", told=50), Standing(SALES, 1, "dlv_1")])
    assert [each.pair for each in digest.due(60, 10)] == [SALES]


def test_no_more_come_out_at_once_than_asked_for():
    digest = Digest()
    digest.load(Standing(Pair("webhook", f"w{n}", "admins"), 1, "dlv_1") for n in range(5))
    assert len(digest.due(0, 3)) == 3


def test_a_clock_that_went_back_silences_nobody():
    digest = Digest()
    digest.note([Standing(ADMINS, 1, "dlv_1", told=10 * WINDOW)])
    assert len(digest.due(9 * WINDOW, 10)) == 1


class Telling(RuleBasedStateMachine):
    """Failures, time, notices and restarts in any order, beside a list of what failed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.digest = Digest(window=100)
        self.untold: dict[Pair, list[str]] = defaultdict(list)
        self.told_at: dict[Pair, int] = {}
        self.notices: dict[Pair, list[tuple[int, int]]] = defaultdict(list)
        self.failures: dict[Pair, int] = defaultdict(int)

    def standing(self, pair: Pair) -> Standing:
        waiting = self.untold[pair]
        return Standing(pair, len(waiting), waiting[0] if waiting else None, self.told_at.get(pair))

    @rule(pair=st.sampled_from([ADMINS, SALES]), count=st.sampled_from([1, 2, 70_000]))
    def fail(self, pair: Pair, count: int) -> None:
        start = self.failures[pair]
        self.failures[pair] += count
        self.untold[pair].extend(f"dlv_{number}" for number in range(start, start + count))
        self.digest.note([self.standing(pair)])

    @rule(passed=st.integers(0, 150))
    def wait(self, passed: int) -> None:
        self.now += passed

    @rule(limit=st.integers(1, 2))
    def tell(self, limit: int) -> None:
        for due in self.digest.due(self.now, limit):
            assert due.first == self.untold[due.pair][0]
            self.notices[due.pair].append((self.now, due.count))
            self.untold[due.pair] = []
            self.told_at[due.pair] = self.now
            self.digest.note([self.standing(due.pair)])

    @rule()
    def restart(self) -> None:
        self.digest = Digest(window=100)
        self.digest.load(map(self.standing, (ADMINS, SALES)))

    @invariant()
    def every_failure_is_told_once_or_still_to_be_told(self) -> None:
        for pair, failed in self.failures.items():
            told = sum(count for _, count in self.notices[pair])
            assert told + len(self.untold[pair]) == failed

    @invariant()
    def no_pair_gets_two_notices_in_a_window(self) -> None:
        for notices in self.notices.values():
            times = [at for at, _ in notices]
            assert all(later - earlier >= 100 for earlier, later in itertools.pairwise(times))

    @invariant()
    def what_is_kept_is_one_standing_a_pair(self) -> None:
        assert len(self.digest) <= 2

    def teardown(self) -> None:
        self.now += 100
        for _ in range(2):
            self.tell(2)
        assert not any(self.untold.values())


TestTelling = Telling.TestCase
TestTelling.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
