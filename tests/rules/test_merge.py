from __future__ import annotations

from hookwright.rules.merge import merge


def test_the_later_layer_wins_and_what_it_leaves_out_stays():
    assert merge({"timeout": "15s", "delay": "1s"}, {"timeout": "3s"}) == {"timeout": "3s", "delay": "1s"}


def test_maps_merge_by_key_and_lists_replace():
    far = {"labels": {"team": "a", "tier": "1"}, "success": [200, 201]}
    near = {"labels": {"team": "b"}, "success": [204]}
    assert merge(far, near) == {"labels": {"team": "b", "tier": "1"}, "success": [204]}


def test_no_layer_is_changed():
    far = {"labels": {"team": "a"}, "retry": {"schedule": ["1s"]}}
    merge(far, {"labels": {"x": "1"}, "retry": {"attempts": 2}})
    assert far == {"labels": {"team": "a"}, "retry": {"schedule": ["1s"]}}


def test_a_header_in_another_case_is_the_same_header():
    far = {"headers": {"X-Team": "a", "X-Other": "o"}}
    assert merge(far, {"headers": {"x-team": "b"}}) == {"headers": {"x-team": "b", "X-Other": "o"}}


def test_a_secret_reference_is_never_mixed_from_two_layers():
    far = {"headers": {"X-Key": {"env": "KEY"}}, "query": {"k": {"env": "KEY"}}}
    near = {"headers": {"X-Key": {"file": "key"}}, "query": {"k": {"file": "key"}}}
    assert merge(far, near) == near


def test_authentication_of_another_type_starts_afresh():
    bearer = {"auth": {"type": "bearer", "token": {"env": "T"}}}
    basic = {"auth": {"type": "basic", "user": "u", "password": {"env": "P"}}}
    assert merge(bearer, basic) == basic
    assert merge(bearer, {"auth": {"type": "bearer", "token": {"file": "t"}}}) == {
        "auth": {"type": "bearer", "token": {"file": "t"}}
    }


def test_the_nearer_layer_says_whether_waits_are_listed_or_grow():
    listed = {"retry": {"schedule": ["1s", "2s"]}}
    growing = {"retry": {"attempts": 5, "initial": "1s"}}
    assert merge(growing, listed) == listed
    assert merge(listed, growing) == growing
    assert merge(growing, listed, {"retry": {"max": "1h"}}) == {"retry": {"max": "1h"}}
    assert merge(growing, {"retry": {"attempts": 2}}) == {"retry": {"attempts": 2, "initial": "1s"}}


def test_false_switches_a_map_off():
    assert merge({"breaker": {"failures": 5}}, {"breaker": False}) == {"breaker": False}


def test_of_two_layers_that_keep_to_a_schedule_the_nearer_one_counts_whichever_it_says():
    assert merge({"hold_outside": "office"}, {"skip_outside": "nights"}) == {"skip_outside": "nights"}
    assert merge({"skip_outside": "office"}, {"hold_outside": "nights"}, {"delay": "1s"}) == {
        "hold_outside": "nights",
        "delay": "1s",
    }
