"""Following a journal: what an earlier segment says is read before what a later one says, however large."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from hookwright.engine.journal.follow import Entered, Fanout, Follower
from hookwright.engine.journal.reader import CHUNK
from hookwright.engine.journal.writer import Writer

DAY = 86_400_000


def test_large_segments_of_old_days_are_read_to_their_ends_before_those_of_new_days(
    node: Any, kit: Any
) -> None:
    """The end of a delivery would count for nothing before its beginning is known."""
    accepted = []
    with closing(Writer(node.history, "book", clock=node.clock)) as book:
        for day in range(4):
            name = f"e{day}"
            accepted += node.accept(name, raw=b'{"fill":"%b"}' % (b"x" * 900_000))
            for more in range(1 + CHUNK // 900_000):
                node.accept(f"{name}-{more}", raw=b'{"fill":"%b"}' % (b"x" * 900_000))
            settled = {"delivery": accepted[-1].id, "status": "Success", "reason": "", "attempts": 1}
            book.append("settled", settled).result(10)
            node.now += DAY
    items: list[Any] = []
    with closing(Follower(node.history, {}, clock=lambda: 0.0)) as follower:
        while (batch := follower.poll()).more:
            items += batch.items
    events = [item.event.id for item in items if isinstance(item, Fanout) and "-" not in item.event.id]
    assert events == ["e0", "e1", "e2", "e3"]
    first_end = next(number for number, item in enumerate(items) if isinstance(item, Entered))
    assert all(isinstance(item, Entered) for item in items[first_end:])
    assert len(items[first_end:]) == 4
