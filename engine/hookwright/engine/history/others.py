"""What lines that do not end or open a delivery change in the index's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ..journal.carried import Kept
from ..journal.follow import Advanced, Expunging, Reported
from ..journal.reader import Damage
from .carrying import keep
from .expunging import note
from .jobs import enter_job
from .runs import enter_run

_DAMAGE = "INSERT OR IGNORE INTO damage VALUES (?, ?, ?, ?)"


def enter_other(
    database: sqlite3.Connection,
    item: Kept | Reported | Expunging | Advanced | Damage,
    segment: Callable[[str], int],
) -> None:
    """Enter such an item, inside a transaction of the caller's. Raises `sqlite3.Error`."""
    if isinstance(item, Kept):
        keep(database, segment, item)
    elif isinstance(item, Reported):
        enter_job(database, item.job, segment(item.position.segment))
    elif isinstance(item, Expunging):
        note(database, item)
    elif isinstance(item, Advanced):
        enter_run(database, item, segment)
    else:
        place = (segment(item.position.segment), item.position.offset)
        database.execute(_DAMAGE, (*place, item.length, item.reason))
