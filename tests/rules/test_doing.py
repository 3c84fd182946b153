from __future__ import annotations

import pytest

from hookwright.rules.doing import Doer
from hookwright.rules.model import EntityType, RetryPolicy, Target
from hookwright.rules.telling import Emission, LappCall, Message

BELOW = {"retry": {"attempts": 2, "initial": "1s"}, "timeout": "3s", "headers": {"X-A": "b"}}


@pytest.fixture
def doer():
    return Doer(
        EntityType.RULE,
        "big",
        lambda settings: {**BELOW, **settings},
        lambda merged: Target(url=merged["url"]),
    )


def test_a_post_calls_its_target(doer):
    (action,) = doer.actions_of({"post": {"url": "https://a.example"}}, "actions/0")
    assert (action.endpoint, action.path) == ("rule/big/actions/0/post", "actions/0/post")
    assert action.target == Target(url="https://a.example")


def test_each_who_is_told_is_told_by_an_action_of_its_own(doer):
    said = {"notify": {"to": ["sales", "admins", "sales"], "message": "Hi {{ data.Name }}"}}
    sales, admins = doer.actions_of(said, "actions/1")
    assert (sales.path, admins.path) == ("actions/1/notify/sales", "actions/1/notify/admins")
    assert sales.message == Message("sales", "Hi {{ data.Name }}")
    assert [each.path for each in doer.actions_of({"notify": {"to": "a", "message": "b"}}, "steps/x")] == [
        "steps/x/notify/a"
    ]


def test_what_is_no_call_keeps_only_tries_and_time(doer):
    (action,) = doer.actions_of({"lapp": "score"}, "actions/2")
    assert (action.path, action.lapp) == ("actions/2/lapp", LappCall("score"))
    assert action.target == Target(url="", timeout=3000, retry=RetryPolicy((1000,)))


def test_a_lapp_may_have_settings_beside_its_name(doer):
    said = {"name": "score", "config": {"least": 5}, "stage": "test"}
    (action,) = doer.actions_of({"lapp": said}, "actions/2")
    assert action.lapp == LappCall("score", {"least": 5}, "test")


def test_an_emission_keeps_its_templates(doer):
    (action,) = doer.actions_of({"emit": {"type": "a.b", "data": {"x": "{{ data.x }}"}}}, "actions/3")
    assert (action.path, action.emission) == ("actions/3/emit", Emission("a.b", "", {"x": "{{ data.x }}"}))


def test_a_step_is_found_by_its_own_path_alone(doer):
    said = {"post": {"url": "https://a.example"}, "id": "hello", "on_error": "continue"}
    assert [each.path for each in doer.actions_of(said, "steps/hello", named=False)] == ["steps/hello"]
    told = {"notify": {"to": ["sales"], "message": "x"}}
    assert [each.path for each in doer.actions_of(told, "steps/hello", named=False)] == [
        "steps/hello/notify/sales"
    ]
