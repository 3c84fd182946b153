"""A receiver that does its work and answers too late: a timeout, and the next attempt says what it is."""

from __future__ import annotations

import pytest


@pytest.mark.fault(45)
def test_a_late_success_is_a_timeout_and_the_next_attempt_has_the_same_id_and_bytes(rig):
    sink = rig.sink()
    sink.gate.clear()
    retry = "timeout: 100ms, retry: {attempts: 2, initial: 1ms}"
    rig.publish(crm=f"{sink.url}, {retry}")
    rig.offer("crm")
    rig.drain().run()
    sink.gate.set()
    assert [(r.outcome, r.error, r.response) for r in rig.book()] == [
        ("retry", "timeout", None),
        ("failure", "timeout", None),
    ]
    first, second = sink.arrivals
    assert first.header("webhook-id") == second.header("webhook-id")
    assert first.body == second.body
