"""Lineage: the writers' names of segments that came from other nodes, and the order in which all are read.

A segment that was taken over says so in its writer's name: `book_1_nod_ab` is what `book` wrote at the node
`nod_ab`. The number is the generation: what a node wrote may be about all it had taken over before.
"""

from __future__ import annotations

import re

from .segment import Segment, number_of

BOOK = "book"  # the bookkeeper's writer
RUNS = "runs"  # the runner's writer
_READ = {RUNS: 0, BOOK: 2}  # by writer, at whatever node; intake's, under its many names, between
_TAKEN_OVER = re.compile(r"[a-z]+_([0-9]{1,6})_[a-z0-9_]+")
_OWN = 1_000_000  # the generation of this node's own, after all others
_NUMBERS = 10**12  # the most segments of a writer
_NO_NAME = re.compile(r"[^a-z0-9_]")


def is_book(writer: str) -> bool:
    """Whether a bookkeeper wrote it, here or elsewhere."""
    return writer.partition("_")[0] == BOOK


def generation(writer: str) -> int | None:
    """Of a segment that was taken over; None for this node's own."""
    found = _TAKEN_OVER.fullmatch(writer)
    return int(found[1]) if found else None


def heirloom(writer: str, node: str, number: int) -> str:
    """The name of a node's writer at the node that takes it over as its generation `number`."""
    if generation(writer) is not None:
        return writer
    return f"{writer}_{number}_{_NO_NAME.sub('_', node.lower())}"


def reading_order(segment: Segment) -> tuple[int, int, Segment]:
    """The runner's first: what it writes stands for itself, and intake's replays may be about it. Intake's
    before the bookkeepers': a delivery is known before its end. Older generations first.
    """
    own = generation(segment.writer)
    return _READ.get(segment.writer.partition("_")[0], 1), _OWN if own is None else own, segment


def standing(name: str) -> int:
    """Where a segment stands among all of its kind: grows in reading order, above 0 for this node's own.

    ValueError for no name of a segment.
    """
    number = number_of(name)
    own = generation(name.rpartition("/")[2].rpartition("-")[0])
    return number if own is None else (own - _OWN) * _NUMBERS + number
