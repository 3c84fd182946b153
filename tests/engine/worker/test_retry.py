"""What an answer means, for every shape of answer."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.call.transport import Reply
from hookwright.engine.worker.retry import FINAL_ERRORS, Decision, decide
from hookwright.rules.model import RetryPolicy

ERRORS = ("dns", "connect", "tls", "timeout", "reset", "protocol", "blocked_target", "invalid_header")
OK = frozenset({200})
POLICY = RetryPolicy((10_000, 30_000))
NOW = 1_795_553_042_000  # 2026-11-24T20:44:02Z

replies = st.builds(
    Reply,
    status=st.none() | st.integers(0, 999),
    complete=st.booleans(),
    truncated=st.booleans(),
    error=st.none() | st.sampled_from(ERRORS),
)
policies = st.builds(RetryPolicy, st.lists(st.integers(0, 86_400_000), max_size=8).map(tuple))
codes = st.frozensets(st.integers(200, 599), max_size=4)
rngs = st.integers().map(Random)


@given(replies, st.integers(1, 12), policies, codes, rngs)
def test_success_needs_complete_headers_no_error_and_a_wanted_status(reply, attempt, policy, success, rng):
    decision = decide(reply, attempt, policy, success, rng, NOW)
    wanted = reply.complete and reply.error is None and reply.status in success
    assert (decision.outcome == "success") == wanted
    assert (decision.error is None) == wanted


@given(replies, st.integers(1, 12), policies, codes, rngs)
def test_tries_never_exceed_the_policy(reply, attempt, policy, success, rng):
    decision = decide(reply, attempt, policy, success, rng, NOW)
    if attempt >= policy.tries:
        assert decision.outcome != "retry"
    if decision.outcome == "retry":
        assert decision.error not in FINAL_ERRORS


@given(replies, st.integers(1, 12), policies, codes, rngs)
def test_jitter_only_ever_delays_and_by_a_tenth_at_most(reply, attempt, policy, success, rng):
    decision = decide(reply, attempt, policy, success, rng, NOW)
    if decision.outcome == "retry":
        wait = policy.waits[attempt - 1]
        assert decision.wait_ms is not None
        assert wait <= decision.wait_ms <= wait * 1.1
    else:
        assert decision.wait_ms is None


def test_a_truncated_body_with_complete_headers_is_success():
    assert decide(Reply(200, True, truncated=True), 1, POLICY, OK, Random(1), NOW) == Decision("success")


def test_a_status_beside_an_error_does_not_count():
    decision = decide(Reply(200, True, error="timeout", message="15 s"), 1, POLICY, OK, Random(1), NOW)
    assert (decision.outcome, decision.error, decision.reason) == ("retry", "timeout", "15 s")


def test_an_answer_that_ends_inside_its_headers_is_no_success():
    decision = decide(Reply(200, False), 1, POLICY, OK, Random(1), NOW)
    assert (decision.outcome, decision.error) == ("retry", "protocol")


@pytest.mark.fault(41)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_4xx_is_tried_again_as_configured(status):
    outcomes = [decide(Reply(status, True), attempt, POLICY, OK, Random(1), NOW) for attempt in (1, 2, 3)]
    assert [each.outcome for each in outcomes] == ["retry", "retry", "failure"]


@pytest.mark.parametrize("status", [201, 204, 301, 307, 404, 410, 429, 500, 503, 999])
def test_a_redirect_is_a_failure_like_any_other_status(status):
    decision = decide(Reply(status, True), 1, POLICY, OK, Random(1), NOW)
    assert (decision.outcome, decision.error, decision.reason) == ("retry", "status", f"status {status}")


@pytest.mark.parametrize("error", sorted(FINAL_ERRORS))
def test_what_cannot_change_is_not_tried_again(error):
    decision = decide(Reply(None, False, error=error, message="no"), 1, POLICY, OK, Random(1), NOW)
    assert decision == Decision("failure", None, error, "no")


def test_the_last_try_says_that_attempts_are_exhausted():
    decision = decide(Reply(500, True), 3, POLICY, OK, Random(1), NOW)
    assert decision == Decision("failure", None, "status", "attempts exhausted")


ASKING = (("Retry-After", "120"),)
HEARING = RetryPolicy((10_000, 300_000), retry_after=True)


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    ("attempt", "policy", "asked", "least", "most"),
    [
        (1, HEARING, "120", 120_000, 121_000),
        (1, HEARING, "0", 10_000, 11_000),
        (1, HEARING, "-1", 10_000, 11_000),
        (1, HEARING, "9999999999", 86_400_000, 86_401_000),
        (2, HEARING, "120", 300_000, 330_000),
        (1, POLICY, "120", 10_000, 11_000),
    ],
)
def test_a_receiver_may_ask_for_a_longer_wait_and_never_for_a_shorter(attempt, policy, asked, least, most):
    reply = Reply(503, True, headers=(("Retry-After", asked),))
    decision = decide(reply, attempt, policy, OK, Random(1), NOW)
    assert (decision.outcome, decision.reason) == ("retry", "status 503")
    assert least <= decision.wait_ms <= most


def test_a_wait_that_is_asked_for_gives_no_further_try():
    decision = decide(Reply(503, True, headers=ASKING), 3, HEARING, OK, Random(1), NOW)
    assert decision == Decision("failure", None, "status", "attempts exhausted", rest_ms=120_000)


ABORTING = (("webhook-delivery", "abort-message"),)


@pytest.mark.fault(41)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500])
def test_a_receiver_may_abort_a_message_with_any_answer_that_is_no_success(status):
    decision = decide(Reply(status, True, headers=ABORTING), 1, POLICY, OK, Random(1), NOW)
    reason = f"status {status}; the receiver says webhook-delivery: abort-message"
    assert decision == Decision("failure", None, "status", reason)


def test_a_success_is_one_whatever_its_headers_ask_for():
    assert decide(Reply(200, True, headers=ABORTING), 1, POLICY, OK, Random(1), NOW) == Decision("success")


def test_the_headers_of_an_answer_that_broke_off_ask_for_nothing():
    reply = Reply(500, True, headers=ABORTING + ASKING, error="timeout")
    decision = decide(reply, 1, HEARING, OK, Random(1), NOW)
    assert decision.outcome == "retry"
    assert decision.wait_ms <= 11_000
