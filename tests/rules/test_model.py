from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from hookwright.rules.model import Action, EntityType, RetryPolicy, Subscriber, Target, endpoint_name
from hookwright.rules.targets import retry_policy
from hookwright.schemas.problem import Place


def subscriber(line: int) -> Subscriber:
    action = Action("webhook/a", "", Target("https://example.com/"))
    return Subscriber(EntityType.WEBHOOK, "a", ("Task_Create",), (action,), Place("a.yaml", line, 1))


def test_moving_a_subscriber_to_another_line_leaves_it_equal():
    assert subscriber(1) == subscriber(2)
    assert hash(subscriber(1)) == hash(subscriber(2))


def test_values_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        subscriber(1).delay = 5
    with pytest.raises(FrozenInstanceError):
        Target("https://example.com/").timeout = 5


def test_there_is_one_try_more_than_there_are_waits():
    assert RetryPolicy().tries == 1
    assert RetryPolicy((10_000, 30_000)).tries == 3


def test_an_endpoint_is_named_by_kind_subscriber_and_action():
    assert endpoint_name("webhook", "leads-to-erp", "") == "webhook/leads-to-erp"
    assert endpoint_name("rule", "big-deal", "actions/0/post") == "rule/big-deal/actions/0/post"


@pytest.mark.parametrize(
    ("retry", "said", "span"),
    [
        (
            {"schedule": ["5s", "5m", "30m", "2h", "5h", "10h", "10h"]},
            "8 tries, ends after 27h 35m",
            99_305_000,
        ),
        ({"attempts": 3, "initial": "10s"}, "3 tries, ends after 40s", 40_000),
        ({"attempts": 1}, "1 try", 0),
        ({"schedule": ["3d", "5h"]}, "3 tries, ends after 3d 5h", 277_200_000),
        ({"schedule": ["1500ms"]}, "2 tries, ends after 1s 500ms", 1500),
    ],
)
def test_retries_say_how_long_they_take(retry, said, span):
    policy = retry_policy(retry)
    assert (str(policy), policy.span) == (said, span)
