"""What the refusal of a list leads to, by status and by what was refused before."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from hookwright.engine.call.transport import Reply
from hookwright.engine.worker.refusal import taken_apart
from hookwright.engine.worker.retry import decide
from hookwright.rules.model import RetryPolicy

pytestmark = pytest.mark.fault(72)
POLICY = RetryPolicy((1000, 1000))


def decided(status: int, split: Any, attempt: int = 1, headers: tuple[tuple[str, str], ...] = ()) -> Any:
    reply = Reply(status, True, headers)
    decision = decide(reply, attempt, POLICY, frozenset({200}), Random(0), 0)
    return taken_apart(decision, reply, split)


@pytest.mark.parametrize(
    ("status", "split", "attempt", "outcome"),
    [
        (413, None, 1, "retry"),
        (413, None, 3, "failure"),
        (413, "late", 1, "split"),
        (422, "late", 2, "retry"),
        (422, "late", 3, "split"),
        (400, "late", 3, "split"),
        (500, "late", 3, "failure"),
        (200, "late", 1, "success"),
        (413, "now", 1, "split"),
        (422, "now", 1, "split"),
        (400, "now", 1, "split"),
        (500, "now", 1, "retry"),
        (413, "alone", 1, "failure"),
        (422, "alone", 1, "failure"),
        (500, "alone", 1, "retry"),
        (200, "alone", 1, "success"),
    ],
)
def test_a_list_is_taken_apart_for_what_it_holds_and_for_nothing_else(
    status: int, split: Any, attempt: int, outcome: str
) -> None:
    decision = decided(status, split, attempt)
    assert decision.outcome == outcome
    assert (decision.wait_ms is None) == (outcome != "retry")


def test_an_event_that_is_refused_alone_says_so() -> None:
    assert decided(422, "alone").reason == "status 422 for this event alone, after its batch was split"
    assert decided(413, "late").reason == "status 413"


def test_a_receiver_that_gives_the_message_up_is_obeyed() -> None:
    headers = (("webhook-delivery", "abort-message"),)
    assert decided(413, "late", 1, headers).outcome == "failure"


def test_an_answer_that_broke_off_is_no_refusal() -> None:
    reply = Reply(413, False, error="timeout", message="late")
    decision = decide(reply, 1, POLICY, frozenset({200}), Random(0), 0)
    assert taken_apart(decision, reply, "now").outcome == "retry"
