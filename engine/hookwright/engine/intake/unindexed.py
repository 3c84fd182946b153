"""What the journal says beyond what the index has read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from ..journal.follow import Follower, Item
from ..journal.tail import Progress


def unindexed(folder: Path, progress: Mapping[str, Progress]) -> Iterator[Item]:
    """All of it up to its present end; `progress` is how far the index has read. Raises `OSError`."""
    with closing(Follower(folder, progress)) as follower:
        more = True
        while more:
            batch = follower.poll(thorough=True)
            more = batch.more
            yield from batch.items
