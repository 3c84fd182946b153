"""Sealing: only the key opens what is sealed, and a key that is gone harms nothing else."""

from __future__ import annotations

import stat

import pytest

from hookwright.engine.errors import JournalError
from hookwright.engine.journal.sealing import SealBroken, Secret, Vault

SECRET = Secret(b"\x00body\xff", (("Content-Type", "text/csv"),), ("body",))


def test_what_was_sealed_opens_in_another_process_with_the_same_key(tmp_path):
    sealed = Vault(tmp_path / "key").seal(SECRET)
    assert Vault(tmp_path / "key").open(sealed) == SECRET
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_the_same_never_looks_the_same_sealed_twice(tmp_path):
    vault = Vault(tmp_path / "key")
    assert vault.seal(SECRET) != vault.seal(SECRET)


def test_without_its_key_it_stays_shut(tmp_path):
    sealed = Vault(tmp_path / "key").seal(SECRET)
    (tmp_path / "key").unlink()
    with pytest.raises(SealBroken, match="sealing-key"):
        Vault(tmp_path / "key").open(sealed)
    other = Vault(tmp_path / "key")
    other.seal(SECRET)
    with pytest.raises(SealBroken, match="sealing-key"):
        other.open(sealed)


@pytest.mark.parametrize("sealed", ["", "x", "x.y", "{0}", "{0}.AAAA", "{0}.=", "{1}A"])
def test_damage_is_told_and_never_opened(tmp_path, sealed):
    vault = Vault(tmp_path / "key")
    good = vault.seal(SECRET)
    with pytest.raises(SealBroken):
        vault.open(sealed.format(good.partition(".")[0], good[:-4]))


def test_a_key_that_vanishes_beside_a_running_process_is_written_again(tmp_path):
    vault = Vault(tmp_path / "key")
    first = vault.seal(SECRET)
    (tmp_path / "key").unlink()
    second = vault.seal(SECRET)
    assert [Vault(tmp_path / "key").open(each) for each in (first, second)] == [SECRET, SECRET]


def test_two_processes_that_start_at_once_use_one_key(tmp_path):
    one, other = Vault(tmp_path / "key"), Vault(tmp_path / "key")
    sealed = [one.seal(SECRET), other.seal(SECRET)]
    assert [Vault(tmp_path / "key").open(each) for each in sealed] == [SECRET, SECRET]


def test_a_folder_that_cannot_be_written_is_the_journals_fault(tmp_path):
    with pytest.raises(JournalError, match="cannot use"):
        Vault(tmp_path / "none" / "key").seal(SECRET)


def test_a_file_that_holds_no_key_is_told_and_kept(tmp_path):
    (tmp_path / "key").write_text("not a key\n")
    vault = Vault(tmp_path / "key")
    with pytest.raises(JournalError):
        vault.seal(SECRET)
    with pytest.raises(SealBroken):
        vault.open("0b1c2d3e.AAAA")
    assert (tmp_path / "key").read_text() == "not a key\n"


def test_a_fingerprint_is_compared_by_its_key_and_holds_when_that_is_gone(tmp_path):
    vault = Vault(tmp_path / "key")
    kept = vault.keyed("one print")
    assert "one print" not in kept
    assert vault.matches(kept, "one print")
    assert not vault.matches(kept, "another")
    assert vault.matches("one print", "one print")
    assert not vault.matches("one print", "another")
    assert Vault(tmp_path / "other").matches(kept, "another")


def test_the_keys_of_another_node_open_what_it_sealed(tmp_path):
    theirs, ours = Vault(tmp_path / "theirs"), Vault(tmp_path / "ours")
    sealed = theirs.seal(SECRET)
    ours.seal(SECRET)
    ours.adopt(tmp_path / "theirs")
    ours.adopt(tmp_path / "theirs")
    again = Vault(tmp_path / "ours")
    assert again.open(sealed) == SECRET
    assert again.open(ours.seal(SECRET)) == SECRET
