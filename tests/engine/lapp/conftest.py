"""A sandbox with the plugin `wild`, and calls in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests import wild

from hookwright.engine.lapp.order import Limits, Order, Report
from hookwright.engine.lapp.sandbox import Sandbox

EVENT = {
    "id": "evt_1",
    "source": "/test",
    "type": "Lead_Post_Create",
    "message": "msg_1",
    "delivery": "dlv_1",
    "attempt": 1,
    "entity_type": "webhook",
    "entity_id": "score",
}
PATIENT = Limits(time=60)


class Calls:
    """`call(name)` calls a Lapp of the plugin and waits for the report."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def __call__(
        self, lapp: str, data: bytes = b'{"n": 5}', limits: Limits = PATIENT, **config: Any
    ) -> Report:
        return self.sandbox.call(Order(lapp=lapp, event=EVENT, data=data, config=config, limits=limits))


@pytest.fixture(scope="session")
def call() -> Iterator[Calls]:
    with wild.installed():
        sandbox = Sandbox(["wild"])
        yield Calls(sandbox)
        sandbox.close()
