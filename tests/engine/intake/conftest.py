"""Replays on a journal of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .desk import Desk


@pytest.fixture
def desk(node: Any, kit: Any) -> Iterator[Desk]:
    made = Desk(node, kit)
    yield made
    made.close()
