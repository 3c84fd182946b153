"""Putting a revision into force: in the ledger, in memory and in the journal, or in none of them."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.journal.writer import Writer
from hookwright.engine.revisions import Revisions
from hookwright.interfaces.wiring import swap_in
from hookwright.rules.beside import load_beside
from hookwright.rules.load import load_nothing
from hookwright.schemas.document import parse

TEXT = b"version: 1\nwebhooks:\n  - {id: a, event: Lead_Post_Create, url: 'https://a.example/'}\n"
BEFORE = load_nothing().source
AFTER = load_beside(parse(TEXT, name="a.yaml").document, BEFORE).source


class Ledger:
    """Remembers the live revision, unless it is away."""

    def __init__(self):
        self.away = False
        self.mute = False  # it hears, and its answer does not arrive
        self.published = []

    def publish(self, revision, content, caps, limits, policies):
        if self.away:
            raise LedgerUnavailable("away")
        self.published.append(revision)
        if self.mute:
            raise LedgerUnavailable("no answer")

    def live(self):
        return self.published[-1]


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def disk():
    return {"full": False}


@pytest.fixture
def writer(tmp_path, disk):
    def fsync(descriptor):
        if disk["full"]:
            raise OSError(28, "No space left on device")

    with closing(Writer(tmp_path, "intake", fsync=fsync)) as made:
        yield made


def test_a_swap_is_published_live_and_journalled(ledger, writer, tmp_path):
    revisions = Revisions(ledger, BEFORE)
    assert swap_in(revisions, writer)(AFTER)
    assert ledger.live() == revisions.table.revision == AFTER.revision
    lines = [
        json.loads(line) for path in tmp_path.rglob("*.jsonl") for line in path.read_bytes().splitlines()
    ]
    assert [(line["kind"], line["revision"]) for line in lines] == [("revision", AFTER.revision)]


def test_while_the_ledger_is_away_the_revision_before_stays(ledger, writer):
    revisions = Revisions(ledger, BEFORE)
    ledger.away = True
    assert not swap_in(revisions, writer)(AFTER)
    assert ledger.live() == revisions.table.revision == BEFORE.revision


def test_when_the_journal_does_not_take_it_the_revision_before_comes_back(ledger, writer, disk):
    revisions = Revisions(ledger, BEFORE)
    disk["full"] = True
    assert not swap_in(revisions, writer)(AFTER)
    assert ledger.live() == revisions.table.revision == BEFORE.revision
    disk["full"] = False
    assert swap_in(revisions, writer)(AFTER)
    assert ledger.live() == revisions.table.revision == AFTER.revision


def test_nothing_goes_live_before_it_is_known_what_is_off(ledger):
    known = []
    ledger.live = lambda: ledger.published[-1] if ledger.published else None
    revisions = Revisions(ledger, BEFORE, before=lambda: bool(known))
    assert (revisions.keep(), ledger.published) == (False, [])
    known.append("all")
    assert (revisions.keep(), ledger.published) == (True, [BEFORE.revision])
    assert not revisions.keep()


def test_what_was_refused_for_want_of_an_answer_does_not_stay_live(ledger, writer):
    revisions = Revisions(ledger, BEFORE)
    ledger.mute = True
    assert not swap_in(revisions, writer)(AFTER)
    assert ledger.live() == AFTER.revision  # heard all the same
    ledger.mute = False
    assert revisions.keep()
    assert ledger.live() == revisions.table.revision == BEFORE.revision
    assert not revisions.keep()


def test_without_journal_and_ledger_the_revision_before_comes_back_too(ledger, writer, disk):
    revisions = Revisions(ledger, BEFORE)
    disk["full"] = True
    publish, ledger.publish = ledger.publish, lambda *said: (publish(*said), setattr(ledger, "away", True))
    assert not swap_in(revisions, writer)(AFTER)
    assert revisions.table.revision == BEFORE.revision
    ledger.away = False
    assert revisions.keep()
    assert ledger.live() == BEFORE.revision
