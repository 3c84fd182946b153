"""Tests of faults between processes: everything below this folder is marked `faults`, and numbered."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.faults.nursery import Nursery
from tests.engine.worker.conftest import Rig

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("faults")


@pytest.fixture
def rig(valkey, tmp_path):
    """Deliveries on offer in a real ledger, without a server around them."""
    rig = Rig(valkey, tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def own_rig(own_valkey, tmp_path):
    """The same on a Redis that may be killed (`own_valkey`)."""
    rig = Rig(own_valkey.url, tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def nursery(tmp_path, until):
    """`nursery(rig, count, lease=5.0)` starts workers on a rig's ledger; all have given a sign of life."""
    made = []

    def start(rig, count, **how):
        folder = tmp_path / f"nursery-{len(made)}"
        folder.mkdir()
        made.append(Nursery(rig.url, folder, count, **how))
        until(lambda: len(rig.ledger.depth().workers) >= count)
        return made[-1]

    yield start
    for each in made:
        try:
            assert each.stop(), each.log()
        finally:
            each.kill()
