import gc
from pathlib import Path

import pytest

from hookwright.rules.collector import held_back
from hookwright.rules.load import load


def test_the_collector_is_held_back_and_let_go_again() -> None:
    with held_back():
        assert not gc.isenabled()
        with held_back():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_lets_it_go_too() -> None:
    with pytest.raises(LookupError), held_back():
        raise LookupError
    assert gc.isenabled()


def test_who_works_without_a_collector_still_does_after_a_bundle_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\n")
    gc.disable()
    try:
        assert load(tmp_path).model is not None
        assert not gc.isenabled()
    finally:
        gc.enable()
    load(tmp_path)
    assert gc.isenabled()
