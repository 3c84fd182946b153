"""Kept revisions: on disk before they are live, there as long as a run may need them, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.engine.errors import JournalError, LedgerUnavailable
from hookwright.engine.kept_revisions import SUPERSEDED, KeptRevisions, NoRevision
from hookwright.engine.revisions import Revisions
from hookwright.rules.load import load


def source(tmp_path, identifier):
    path = tmp_path / f"{identifier}.yaml"
    path.write_text(
        f'version: 1\nwebhooks:\n  - {{id: {identifier}, event: Lead_Post_Create, url: "https://a.example/"}}\n'
    )
    loaded = load(path)
    assert loaded.source is not None, loaded.problems
    return loaded.source


class Ledger:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[set[str]] = []  # what was on disk at each publication
        self.away = False

    def publish(self, *_: object) -> None:
        if self.away:
            raise LedgerUnavailable("refused")
        self.kept.append({path.stem for path in self.folder.glob("*.json")})

    def live(self) -> str | None:
        return None


@pytest.fixture
def kept(tmp_path):
    return KeptRevisions(tmp_path / "revisions")


def test_a_revision_is_on_disk_before_it_is_live_and_can_be_carried_out_later(tmp_path, kept):
    ledger, first, second = Ledger(tmp_path / "revisions"), source(tmp_path, "one"), source(tmp_path, "two")
    revisions = Revisions(ledger, first, keeper=kept)
    assert kept.live() == first.revision
    revisions.swap(second)
    assert [len(each) for each in ledger.kept] == [1, 2]
    assert kept.live() == second.revision
    again = KeptRevisions(tmp_path / "revisions")
    assert again.table(first.revision).subscriber("one") is not None
    assert again.table(second.revision).subscriber("one") is None


def test_what_did_not_go_live_is_not_said_to_be(tmp_path, kept):
    ledger, first, second = Ledger(tmp_path / "revisions"), source(tmp_path, "one"), source(tmp_path, "two")
    revisions = Revisions(ledger, first, keeper=kept)
    ledger.away = True
    with pytest.raises(LedgerUnavailable):
        revisions.swap(second)
    assert kept.live() == revisions.table.revision == first.revision


def test_a_revision_that_cannot_be_kept_does_not_go_live(tmp_path, kept):
    ledger, first, second = Ledger(tmp_path / "revisions"), source(tmp_path, "one"), source(tmp_path, "two")
    revisions = Revisions(ledger, first, keeper=kept)
    (tmp_path / "revisions").rename(tmp_path / "away")
    (tmp_path / "revisions").write_text("a file in its place")
    with pytest.raises(JournalError):
        revisions.swap(second)
    assert len(ledger.kept) == 1
    assert revisions.table.revision == first.revision


def test_only_what_nobody_needs_any_more_is_dropped(tmp_path):
    now = [0.0]
    kept = KeptRevisions(tmp_path / "revisions", lambda: now[0])
    sources = [source(tmp_path, name) for name in ("one", "two", "three")]
    for each in sources:
        kept.keep(each)
        kept.set_live(each.revision)
    now[0] = (tmp_path / "revisions" / "live").stat().st_mtime + SUPERSEDED / 2
    assert kept.drop(()) == 0, "an event may have been accepted under it a moment ago"
    now[0] += SUPERSEDED
    assert kept.drop({sources[0].revision}) == 1
    assert sorted(path.name for path in (tmp_path / "revisions").iterdir()) == sorted(
        ["live", *(f"{each.revision.removeprefix('sha256:')}.json" for each in (sources[0], sources[2]))]
    )
    with pytest.raises(NoRevision):
        KeptRevisions(tmp_path / "revisions").table(sources[1].revision)


@pytest.mark.parametrize("name", ["", "sha256:../../etc/passwd", "sha256:" + "0" * 64])
def test_what_is_no_revision_is_not_looked_for(kept, name):
    with pytest.raises(NoRevision):
        kept.table(name)


def test_a_damaged_file_is_told(tmp_path, kept):
    one = source(tmp_path, "one")
    kept.keep(one)
    path = tmp_path / "revisions" / f"{one.revision.removeprefix('sha256:')}.json"
    path.write_text("{}")
    with pytest.raises(NoRevision, match="cannot be read"):
        kept.table(one.revision)
