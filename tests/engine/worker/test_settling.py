"""From an answer to its record: what is kept, how, and what is never trusted."""

from __future__ import annotations

from random import Random

import pytest

from hookwright.engine.call.mask import Mask
from hookwright.engine.call.prepare import Prepared, Refusal
from hookwright.engine.call.target import TargetAddress
from hookwright.engine.call.transport import Call, Reply
from hookwright.engine.delivery import Delivery, Received, Sent
from hookwright.engine.ledger.work import Claim
from hookwright.engine.worker.settling import HELD_WAIT, Clerk, received
from hookwright.rules.model import RetryPolicy, Target

NOW = 1_800_000_000_000
TARGET = Target(url="http://r.test/", retry=RetryPolicy((1000,)))
CLERK = Clerk("w1", Random(1))


def claim(attempt: int = 1) -> Claim:
    delivery = Delivery(
        id="dlv_1",
        message="msg_1",
        entity_type="webhook",
        entity_id="crm",
        action="",
        event_id="e",
        event_source="/t",
        event_type="T",
        node="nod_1",
        due=0,
        body="b",
    )
    return Claim(delivery, b"{}", attempt, "dlv_1/w1/1")


def prepared(*secrets: str) -> Prepared:
    call = Call("POST", "http://r.test/", (), b"{}", 15.0, "r.test", 80, ())
    return Prepared(
        call,
        Sent(method="POST", url=call.url, headers=()),
        TargetAddress("http", "r.test", 80),
        Mask(secrets),
    )


def test_an_answered_claim_keeps_request_response_and_the_next_try():
    settle = CLERK.answered(claim(), prepared(), TARGET, Reply(503, True, body=b"later"), "sha256:r", NOW)
    result = settle.result
    assert (result.outcome, result.error, result.worker, result.revision) == (
        "retry",
        "status",
        "w1",
        "sha256:r",
    )
    assert (result.request.url, result.response.body) == ("http://r.test/", "later")
    assert 1000 <= settle.wait <= 1100
    assert result.next == NOW + settle.wait


def test_what_a_receiver_echoes_of_a_secret_is_masked():
    reply = Reply(200, True, (("X-Echo", "s3cret"),), b"got s3cret", message="s3cret")
    settle = CLERK.answered(claim(), prepared("s3cret"), TARGET, reply, "sha256:r", NOW)
    assert "s3cret" not in repr(settle)
    assert settle.result.response.body == "got [redacted]"


def test_a_body_that_is_no_text_is_kept_as_base64():
    assert received(Reply(200, True, body=b"\xff\x00")) == Received(
        status=200, body="/wA=", encoding="base64"
    )


def test_half_a_character_at_the_cut_makes_no_binary():
    cut = Reply(200, True, body="caf\u00e9".encode()[:-1], truncated=True)
    assert received(cut) == Received(status=200, body="caf", truncated=True)


def test_half_a_character_at_a_real_end_is_binary():
    assert received(Reply(200, True, body="\u00e9".encode()[:-1])).encoding == "base64"


@pytest.mark.parametrize("reply", [Reply(200, False), Reply(None, False, error="timeout")])
def test_without_a_whole_header_block_there_is_no_answer(reply):
    assert received(reply) is None


def test_a_call_that_is_not_ready_is_held():
    settle = CLERK.refused(claim(), Refusal("held", "not_ready", "no secret"), TARGET, "sha256:r", NOW)
    assert (settle.wait, settle.result.outcome, settle.result.next) == (HELD_WAIT, "held", NOW + HELD_WAIT)


def test_a_refusal_for_good_is_a_failure_at_once():
    refusal = Refusal("failure", "invalid_header", "CR in it")
    settle = CLERK.refused(claim(), refusal, TARGET, "sha256:r", NOW)
    assert (settle.wait, settle.result.outcome, settle.result.reason) == (None, "failure", "CR in it")


def test_any_other_refusal_spends_a_try():
    refusal = Refusal("retry", "plugin:hmac", "it broke")
    first = CLERK.refused(claim(1), refusal, TARGET, "sha256:r", NOW)
    last = CLERK.refused(claim(2), refusal, TARGET, "sha256:r", NOW)
    assert (first.result.outcome, last.result.outcome) == ("retry", "failure")
    assert last.result.error == "plugin:hmac"


def test_a_reason_that_is_no_text_can_still_be_written():
    reply = Reply(None, False, error="protocol", message="bad \udcff")
    settle = CLERK.answered(claim(), prepared(), TARGET, reply, "sha256:r", NOW)
    assert settle.result.reason == "bad ?"
