"""Numbers about many deliveries, held against the same counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hookwright.engine.delivery import Timing
from hookwright.engine.history.history import History
from hookwright.engine.history.row import Filter
from hookwright.engine.history.stats import KEYS
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer


@pytest.fixture
def history(node: Any, kit: Any) -> Iterator[History]:
    """Twenty successes that took 1 to 20 ms, a failure, a timeout that is tried again, one never tried."""
    with closing(Writer(node.history, "book", clock=node.clock)) as book:
        for number in range(1, 21):
            (good,) = node.accept(f"good-{number}", "erp")
            took = Timing(total=number / 1000)
            book.append_many(entries(kit.result(good, timing=took), 0)).result(10)
        (bad,) = node.accept("bad", "chat", event_type="Task_Create")
        book.append_many(entries(kit.result(bad, 3, "failure", 503, timing=Timing(total=0.5)), 2)).result(10)
        (slow,) = node.accept("slow", "chat")
        late = kit.result(slow, 1, "retry", response=None, error="timeout")
        book.append_many(entries(late, 0)).result(10)
        node.accept("new", "erp")
    with History(node.state) as found:
        yield found


def test_the_largest_group_comes_first_and_the_total_is_their_sum(history: History) -> None:
    said = history.stats("subscriber")
    assert [group.key for group in said.groups] == ["webhook/erp", "webhook/chat"]
    erp, chat = said.groups
    assert (erp.count, erp.statuses["Success"], erp.statuses["In Queue"], erp.attempts) == (21, 20, 1, 20)
    assert (erp.p50, erp.p95) == (0.010, 0.019)
    assert (chat.count, chat.statuses["Failure"], chat.statuses["In Queue"], chat.attempts) == (2, 1, 1, 4)
    assert (chat.p50, chat.p95) == (0.5, 0.5)
    assert said.total.count == 23
    assert (said.total.attempts, said.total.p50, said.total.p95) == (24, 0.011, 0.020)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("status", {"Success": 20, "In Queue": 2, "Failure": 1}),
        ("type", {"Lead_Post_Create": 22, "Task_Create": 1}),
        ("error", {"": 21, "status": 1, "timeout": 1}),
        ("code", {"2xx": 20, "": 2, "5xx": 1}),
        ("day", {"2026-11-23": 23}),
    ],
)
def test_deliveries_are_grouped_by(history: History, by: str, groups: dict[str, int]) -> None:
    assert {group.key: group.count for group in history.stats(by).groups} == groups


def test_a_filter_holds_for_the_total_too(history: History) -> None:
    for by in KEYS:
        said = history.stats(by, Filter(event_type="Task_*"))
        assert (said.total.count, sum(group.count for group in said.groups)) == (1, 1)
        nothing = history.stats(by, Filter(id="x"))
        assert (nothing.total.count, nothing.total.p50, nothing.groups) == (0, None, ())
