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
    decision = decide(reply, attempt, policy, success, rng)
    wanted = reply.complete and reply.error is None and reply.status in success
    assert (decision.outcome == "success") == wanted
    assert (decision.error is None) == wanted


@given(replies, st.integers(1, 12), policies, codes, rngs)
def test_tries_never_exceed_the_policy(reply, attempt, policy, success, rng):
    decision = decide(reply, attempt, policy, success, rng)
    if attempt >= policy.tries:
        assert decision.outcome != "retry"
    if decision.outcome == "retry":
        assert decision.error not in FINAL_ERRORS


@given(replies, st.integers(1, 12), policies, codes, rngs)
def test_jitter_only_ever_delays_and_by_a_tenth_at_most(reply, attempt, policy, success, rng):
    decision = decide(reply, attempt, policy, success, rng)
    if decision.outcome == "retry":
        wait = policy.waits[attempt - 1]
        assert decision.wait_ms is not None
        assert wait <= decision.wait_ms <= wait * 1.1
    else:
        assert decision.wait_ms is None


def test_a_truncated_body_with_complete_headers_is_success():
    assert decide(Reply(200, True, truncated=True), 1, POLICY, OK, Random(1)) == Decision("success")


def test_a_status_beside_an_error_does_not_count():
    decision = decide(Reply(200, True, error="timeout", message="15 s"), 1, POLICY, OK, Random(1))
    assert (decision.outcome, decision.error, decision.reason) == ("retry", "timeout", "15 s")


def test_an_answer_that_ends_inside_its_headers_is_no_success():
    decision = decide(Reply(200, False), 1, POLICY, OK, Random(1))
    assert (decision.outcome, decision.error) == ("retry", "protocol")


@pytest.mark.parametrize("status", [201, 204, 301, 307, 404, 410, 429, 500, 503, 999])
def test_a_redirect_is_a_failure_like_any_other_status(status):
    decision = decide(Reply(status, True), 1, POLICY, OK, Random(1))
    assert (decision.outcome, decision.error, decision.reason) == ("retry", "status", f"status {status}")


@pytest.mark.parametrize("error", sorted(FINAL_ERRORS))
def test_what_cannot_change_is_not_tried_again(error):
    decision = decide(Reply(None, False, error=error, message="no"), 1, POLICY, OK, Random(1))
    assert decision == Decision("failure", None, error, "no")


def test_the_last_try_says_that_attempts_are_exhausted():
    decision = decide(Reply(500, True), 3, POLICY, OK, Random(1))
    assert decision == Decision("failure", None, "status", "attempts exhausted")
