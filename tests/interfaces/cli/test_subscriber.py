"""`hookwright subscriber` against a running API."""

import json

import pytest

from hookwright.engine.ledger.work import Resting
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..http.conftest import TOKEN, TOKENS, Running, serving


@pytest.fixture
def api(tmp_path):
    """A running API whose administrator's token stands in the state folder."""
    state = State(tmp_path / "state")
    state.prepare()
    state.token.write_text(TOKEN)
    with serving(Running(state), Listen("0.0.0.0"), {}) as running:
        state.announce(f"http://127.0.0.1:{running.port}")
        yield running


def test_the_list_is_a_table_and_json(inside, api):
    api.switching.failures["webhook/one"] = 2
    text = inside("subscriber", "list", "--state", "state")
    assert text.out.splitlines()[0].split() == ["SUBSCRIBER", "STATE", "FAILED", "EVENT", "URL", "REASON"]
    assert text.out.splitlines()[1].split() == [
        *("webhook/one", "enabled", "2", "Lead_Post_Create", "http://127.0.0.1:1/")
    ]
    listed = json.loads(inside("subscriber", "list", "--state", "state", "-o", "json").out)
    (line,) = inside("subscriber", "list", "--state", "state", "-o", "ndjson").out.splitlines()
    assert (listed["format_version"], listed["subscribers"][0]["failures"]) == ("1.0", 2)
    assert json.loads(line)["name"] == "webhook/one"


def test_who_makes_no_calls_for_a_time_says_why_and_until_when(inside, api):
    api.switching.resting["webhook/one"] = Resting(1_795_435_200_000, "breaker", "5 failed attempts in a row")
    why = "no calls until 2026-11-23 12:00:00: 5 failed attempts in a row"
    assert inside("subscriber", "list", "--state", "state").out.splitlines()[1].endswith(why)
    assert why in inside("subscriber", "show", "one", "--state", "state").out


def test_switching_off_and_on_is_said_and_shown(hookwright, api):
    ran = hookwright("subscriber", "disable", "one", "--reason", "maintenance", "--state", "state")
    assert (ran.code, ran.out, ran.err) == (0, "", "webhook/one is disabled\n")
    again = hookwright("subscriber", "disable", "one", "--state", "state")
    assert (again.code, again.err) == (0, "webhook/one is disabled already\n")
    shown = hookwright("subscriber", "show", "webhook/one", "--state", "state").out
    assert shown.splitlines()[0].startswith("webhook/one  disabled  maintenance (admin, 20")
    assert "failed deliveries in a row: 0" in shown
    assert "maintenance (admin" in hookwright("subscriber", "list", "--state", "state").out
    ran = hookwright("subscriber", "enable", "one", "--state", "state", "-o", "json")
    assert json.loads(ran.out)["subscriber"]["state"] == "enabled"


def test_pausing_and_resuming(inside, api):
    assert inside("subscriber", "pause", "one", "--state", "state").err == "webhook/one is paused\n"
    assert inside("subscriber", "resume", "one", "--state", "state").err == "webhook/one is enabled\n"


def test_what_counts_only_later_is_said(inside, api):
    api.switching.away = True
    ran = inside("subscriber", "disable", "one", "--state", "state")
    assert ran.code == 0
    assert "counts once the queue answers" in ran.err
    assert inside("subscriber", "list", "--state", "state").out.splitlines()[1].split()[1:3] == [
        "disabled",
        "?",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "onee"), 5, 'no subscriber "onee"; did you mean "one"?'),
        (("enable", "webhook/onee"), 5, 'did you mean "webhook/one"?'),
        (("disable", "a/b?c#d"), 5, 'no subscriber "a/b?c#d"'),
        (("disable", "one", "--reason", "x" * 501), 1, "reason is one line"),
        (("disable", "one", "--reason", "a\nb"), 1, "reason is one line"),
        (("disable",), 4, "Missing argument"),
        (("explode", "one"), 4, "No such command"),
    ],
)
def test_every_refusal_has_its_exit_code(inside, api, arguments, code, said):
    ran = inside("subscriber", *arguments, *(("--state", "state") if len(arguments) > 1 else ()))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_change_that_makes_no_sense_is_a_conflict(inside, api):
    inside("subscriber", "pause", "one", "--state", "state")
    ran = inside("subscriber", "enable", "one", "--state", "state")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: webhook/one is paused by admin; resume it")


def test_another_role_and_no_server_are_6(inside, api, tmp_path):
    (tmp_path / "mine").write_text(TOKENS["viewer"])
    ran = inside("subscriber", "disable", "one", "--state", "state", "--token-file", "mine")
    assert ran.code == 6
    assert "this needs the role operator" in ran.err
    assert inside("subscriber", "list", "--state", "nowhere").code == 6


def test_a_ping_tells_its_delivery(inside, api):
    ran = inside("subscriber", "ping", "one", "--state", "state")
    assert ran.code == 0
    assert "1 delivery" in ran.out
    assert "webhook/one" in ran.out
    assert api.journalled[0].deliveries[0].test


def test_a_handshake_that_fails_is_a_no(inside, api):
    ran = inside("subscriber", "ping", "one", "--handshake", "--state", "state")
    assert ran.code == 1
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0][0] == "webhook/one"
    assert lines[1][:4] == ["HEAD", "failed", "no", "answer"]
    said = json.loads(
        inside("subscriber", "ping", "one", "--handshake", "--state", "state", "-o", "json").out
    )
    assert (said["ok"], said["endpoints"][0]["endpoint"]) == (False, "webhook/one")


def test_a_ping_of_what_is_not_there_is_5(inside, api):
    ran = inside("subscriber", "ping", "onee", "--state", "state")
    assert (ran.code, ran.out) == (5, "")
    assert 'did you mean "one"?' in ran.err
