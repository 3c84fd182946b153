"""The bookkeeper's own lines that the index does not have yet: known once written, entered together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..journal.follow import Batch, Entered, Follower
from ..journal.outcome import Attempt, Held, Settled
from ..journal.tail import Progress
from ..journal.writer import Entry, Written

INDEX_EVERY = (
    0.1  # seconds: so often the index gets them while results keep coming, and at once when none came
)


class Unindexed:
    """Not thread-safe. `clock` is monotonic seconds, `every` the least seconds between two entries."""

    def __init__(self, clock: Callable[[], float], every: float = INDEX_EVERY) -> None:
        self._clock = clock
        self._every = every
        self._items: list[Entered] = []
        self._progress: dict[str, Progress] = {}
        self._entered_at = float("-inf")

    @property
    def due(self) -> bool:
        """Whether there are some that should be entered now."""
        return bool(self._items) and self._clock() - self._entered_at >= self._every

    def __bool__(self) -> bool:
        return bool(self._items)

    def take(
        self, lines: Sequence[Entry], written: Written, follower: Follower, number: Callable[[str], int]
    ) -> list[Entered] | None:
        """What these lines say, if `follower` would read them next: it then passes over them. None if not.

        `number` answers with what the index calls a delivery that is open, 0 when it has to be looked up.
        """
        items: list[Entered] = []
        for line, position in zip(lines, written.positions, strict=True):
            if not isinstance(line.fields, (Attempt, Settled, Held)):
                return None
            fields = line.fields
            items.append(Entered(position, written.at, line.kind, fields, number(fields.delivery)))
        segment, start = items[0].position.segment, items[0].position.offset
        if not follower.skip(segment, start, written.end):
            return None
        self._items += items
        self._progress[segment] = Progress(written.end, finished=False)
        return items

    def before(self, read: Batch) -> Batch:
        """The same with what stands here before it. `clear` says that it was entered."""
        return Batch((*self._items, *read.items), {**self._progress, **read.progress}, read.more)

    def clear(self) -> None:
        self._items, self._progress = [], {}
        self._entered_at = self._clock()
