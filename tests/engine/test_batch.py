"""Which members go together: bounds, reasons, and that it does not matter who looks when."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.batch import Closed, Member, OpenBatch, gather
from hookwright.engine.book.gathering import SETTLE_MS, Closing, Gathering, Group
from hookwright.engine.delivery import BatchPlan

FAR = 10**9


def plan(window: int = 1000, max_events: int = 100, max_bytes: int = 1000, key: str = "") -> BatchPlan:
    return BatchPlan(
        window=window,
        max_events=max_events,
        max_bytes=max_bytes,
        encoder="json",
        content_type="application/json",
        key=key,
    )


def member(due: int, size: int = 10, order: int | None = None) -> Member:
    number = due if order is None else order
    return Member(due, number, f"dlv_{number}", size)


def said(closed: list[Closed]) -> list[tuple[list[int], int, str]]:
    return [([each.due for each in one.members], one.due, one.reason) for one in closed]


def test_a_window_opens_with_its_first_member_and_takes_all_that_are_due_before_its_end():
    members = [member(50), member(1049), member(1050), member(3000)]
    closed, inside = gather(members, plan(), now=3000)
    assert said(closed) == [([50, 1049], 1050, "window"), ([1050], 2050, "window")]
    assert [each.due for each in inside] == [3000]
    assert [one.opened for one in closed] == [50, 1050]


def test_a_window_is_open_until_the_very_end():
    assert gather([member(50)], plan(), now=1049) == ([], [member(50)])
    assert said(gather([member(50)], plan(), now=1050)[0]) == [([50], 1050, "window")]


def test_what_is_not_due_yet_is_not_looked_at():
    assert gather([member(50), member(60)], plan(max_events=2), now=55) == ([], [member(50)])


def test_the_last_of_max_events_closes_at_once_and_the_next_opens_a_window():
    closed, inside = gather([member(each) for each in range(5)], plan(max_events=2), now=10)
    assert said(closed) == [([0, 1], 1, "max_events"), ([2, 3], 3, "max_events")]
    assert [each.due for each in inside] == [4]


def test_max_bytes_are_those_of_the_list_with_brackets_and_commas():
    exact = [member(0, 10), member(1, 10), member(2, 10)]  # [ 10 , 10 , 10 ] are 34 bytes
    assert said(gather(exact, plan(max_bytes=34), 10)[0]) == [([0, 1, 2], 2, "max_bytes")]
    assert said(gather(exact, plan(max_bytes=33), 10)[0]) == [([0, 1], 2, "max_bytes")]
    assert gather(exact, plan(max_bytes=35), 10)[0] == []


@pytest.mark.parametrize("size", [98, 99, 5000])
def test_a_member_too_large_for_any_batch_goes_alone(size):
    members = [member(0), member(1, size), member(2)]
    closed, inside = gather(members, plan(max_bytes=100), 10)
    assert said(closed) == [([0], 1, "max_bytes"), ([1], 1, "max_bytes")]
    assert inside == [member(2)]


def test_members_due_at_once_are_taken_as_they_were_accepted():
    members = [member(5, order=3), member(5, order=1), member(5, order=2)]
    closed, _ = gather(members, plan(max_events=3), 10)
    assert [each.order for each in closed[0].members] == [1, 2, 3]


def test_a_closed_batch_does_not_change_when_its_window_goes_on():
    window = OpenBatch(plan(max_events=2))
    (closed,) = [each for due in (1, 2) for each in window.take(member(due))]
    assert list(window.take(member(3))) == []
    assert [each.due for each in closed.members] == [1, 2]


PLANS = [plan(500, 3, 60), plan(500, 3, 60, key="k"), plan(90, 100, 100), plan(5000, 2, 1000)]
GROUPS = [Group(lane, kind, each) for lane in ("webhook/a", "rule/b") for kind in "xy" for each in PLANS]

members_of_groups = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 90), st.sampled_from(GROUPS[:6])), max_size=60
).map(
    lambda found: [
        (Member(due, number, f"dlv_{number}", size), group) for number, (due, size, group) in enumerate(found)
    ]
)


def expected(members: list[tuple[Member, Group]]) -> set[Closing]:
    found = set()
    for group in {group for _, group in members}:
        own = [each for each, its in members if its == group]
        found.update(Closing(group, batch) for batch in gather(own, group.plan, FAR)[0])
    return found


@given(members_of_groups)
def test_nothing_is_mixed_and_no_bound_is_passed_by_more_than_a_single_member(members):
    closings = expected(members)
    inside = [each for closing in closings for each in closing.batch.members]
    assert sorted(inside) == sorted(each for each, _ in members), "every member is in exactly one batch"
    for closing in closings:
        batch, bounds = closing.batch, closing.group.plan
        assert {group for each, group in members if each in batch.members} == {closing.group}
        assert list(batch.members) == sorted(batch.members)
        assert len(batch.members) <= bounds.max_events
        size = 1 + sum(each.size + 1 for each in batch.members)
        assert size <= bounds.max_bytes or len(batch.members) == 1
        assert all(batch.opened <= each.due < batch.opened + bounds.window for each in batch.members)
        assert batch.members[-1].due <= batch.due <= batch.opened + bounds.window


@given(
    members_of_groups,
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(["look", "write", "restart"])), max_size=30),
    st.randoms(use_true_random=False),
)
def test_any_looks_and_restarts_give_the_same_batches(members, events, chance):
    """A member is known before it may enter; after a restart all are known but those that were written."""
    known_at = [(chance.randint(0, each.due + SETTLE_MS), each, group) for each, group in members]
    gathering, told, written = Gathering(), 0, set()
    known_at.sort(key=lambda known: known[0])
    for now, what in [*sorted(events, key=lambda each: each[0]), (FAR, "look"), (FAR, "write")]:
        while told < len(known_at) and known_at[told][0] <= now:
            gathering.add(*known_at[told][1:])
            told += 1
        if what == "restart":
            gone = {each.id for closing in written for each in closing.batch.members}
            gathering = Gathering()
            for _, each, group in known_at[:told]:
                if each.id not in gone:
                    gathering.add(each, group)
        gathering.look(now)
        if what == "write":
            for closing in gathering.closings(10**6 if now == FAR else 2):
                written.add(closing)
                gathering.gone(closing)
    assert written == expected(members)
    assert gathering.next_at is None


@given(members_of_groups, st.randoms(use_true_random=False))
def test_members_that_come_late_change_no_closed_batch_and_are_neither_lost_nor_doubled(members, chance):
    gathering, seen = Gathering(), {}
    shuffled = chance.sample(members, len(members))
    for number, (each, group) in enumerate(shuffled):
        gathering.add(each, group)
        gathering.look(number * 3000 // len(members))
        for closing in gathering.closings(1000):
            assert seen.setdefault(closing.batch.members[0].id, closing) == closing
    gathering.look(FAR)
    closings = gathering.closings(1000)
    inside = [each for closing in closings for each in closing.batch.members]
    assert sorted(inside) == sorted(each for each, _ in members)
    for closing in closings:
        batch, bounds = closing.batch, closing.group.plan
        assert list(batch.members) == sorted(batch.members)
        assert len(batch.members) <= bounds.max_events
        assert all(batch.opened <= each.due < batch.opened + bounds.window for each in batch.members)


def test_the_next_moment_to_look_is_the_first_that_can_close_something():
    gathering = Gathering()
    assert gathering.next_at is None
    group = Group("webhook/a", "x", plan(window=1000))
    gathering.add(member(500), group)
    assert gathering.next_at == 500 + SETTLE_MS
    gathering.look(600 + SETTLE_MS)
    assert gathering.next_at == 1500 + SETTLE_MS
    gathering.add(member(700), group)
    gathering.look(900)
    assert gathering.next_at == 1500 + SETTLE_MS
    gathering.look(1499 + SETTLE_MS)
    assert gathering.closings(10) == []
    gathering.look(1500 + SETTLE_MS)
    (closing,) = gathering.closings(10)
    assert gathering.next_at == 0
    gathering.gone(closing)
    assert gathering.next_at is None


def test_a_look_costs_what_is_due_not_what_waits():
    """A hundred thousand members in ten thousand windows: going through them once takes milliseconds."""
    gathering = Gathering()
    for number in range(100_000):
        group = Group("webhook/a", "x", plan(window=100_000, key=str(number % 10_000)))
        gathering.add(member(number // 100, order=number), group)
    gathering.look(2000)
    began = time.process_time()
    for now in range(2000, 92_000, 30):
        gathering.look(now)
        assert gathering.next_at == 100_000 + SETTLE_MS
    assert time.process_time() - began < 0.5, "three thousand looks"
