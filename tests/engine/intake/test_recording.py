from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import Future

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.intake.recording import MOST_PATIENCE, Recording
from hookwright.engine.journal.writer import Entry


class Journal:
    """Keeps the groups it was given; the test says when each is on disk."""

    def __init__(self):
        self.groups = []
        self.futures = []

    def append(self, entries):
        self.groups.append([entry.kind for entry in entries])
        self.futures.append(Future())
        return self.futures[-1]


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


def start(recording, name):
    return asyncio.ensure_future(recording.record([Entry(name, b"")]))


def test_what_comes_while_a_group_is_written_is_the_next_group():
    async def run():
        journal = Journal()
        recording = Recording(journal.append)
        waiting = [start(recording, "a"), start(recording, "b")]
        await settled()
        waiting += [start(recording, "c"), start(recording, "d")]
        await settled()
        assert journal.groups == [["a", "b"]]
        journal.futures[0].set_result(None)
        await asyncio.gather(*waiting[:2])
        await settled()
        assert journal.groups == [["a", "b"], ["c", "d"]]
        assert not any(each.done() for each in waiting[2:])
        journal.futures[1].set_result(None)
        await asyncio.gather(*waiting)

    asyncio.run(run())


async def arriving(recording, names):
    """One request each turn of the loop."""
    waiting = []
    for name in names:
        waiting.append(start(recording, name))
        await asyncio.sleep(0)
    await settled()
    return waiting


def test_what_comes_turn_by_turn_is_one_group():
    async def run():
        journal = Journal()
        waiting = await arriving(Recording(journal.append, lambda: 0.0), "abcdef")
        assert journal.groups == [list("abcdef")]
        journal.futures[0].set_result(None)
        await asyncio.gather(*waiting)

    asyncio.run(run())


def test_a_group_does_not_wait_long_for_others():
    async def run():
        journal = Journal()
        ticks = itertools.count(0.0, MOST_PATIENCE / 4)
        waiting = await arriving(Recording(journal.append, ticks.__next__), "abcdefgh")
        assert len(journal.groups) == 1
        assert 1 < len(journal.groups[0]) < 8
        journal.futures[0].set_result(None)
        await settled()
        assert journal.groups[0] + journal.groups[1] == list("abcdefgh")
        journal.futures[1].set_result(None)
        await asyncio.gather(*waiting)

    asyncio.run(run())


def test_a_group_that_failed_is_told_to_all_who_wait_for_it_and_the_next_is_written():
    async def run():
        journal = Journal()
        recording = Recording(journal.append)
        failing = [start(recording, "a"), start(recording, "b")]
        await settled()
        later = start(recording, "c")
        journal.futures[0].set_exception(JournalError("full"))
        for each in failing:
            with pytest.raises(JournalError, match="full"):
                await each
        await settled()
        journal.futures[1].set_result(None)
        await later

    asyncio.run(run())


def test_one_who_no_longer_waits_keeps_nobody_from_hearing():
    async def run():
        journal = Journal()
        recording = Recording(journal.append)
        gone, there = start(recording, "a"), start(recording, "b")
        await settled()
        gone.cancel()
        journal.futures[0].set_result(None)
        await there

    asyncio.run(run())


def test_a_closed_journal_is_told_at_once():
    def closed(_entries):
        raise JournalError("closed")

    async def run():
        with pytest.raises(JournalError, match="closed"):
            await Recording(closed).record([Entry("a", b"")])

    asyncio.run(run())
