"""`hookwright token` against a running API."""

import json

import pytest

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


def test_a_new_token_stands_alone_on_standard_output(hookwright, api):
    ran = hookwright("token", "create", "ci", "--role", "viewer", "--state", "state")
    assert ran.code == 0
    (token,) = ran.out.splitlines()
    assert token.startswith("hwt_")
    assert ran.err == "ci may act as viewer; the token is not shown again\n"
    assert api.request("GET", "/metrics", token=token).status == 200


def test_json_tells_name_role_and_token(hookwright, api):
    said = json.loads(
        hookwright("token", "create", "ci", "--role", "admin", "--state", "state", "-o", "json").out
    )
    assert (said["format_version"], said["name"], said["role"], said["by"]) == ("1.0", "ci", "admin", "admin")
    assert api.request("GET", "/v1/tokens", token=said["token"]).status == 200


def test_the_list_names_everybody_and_shows_no_token(inside, api):
    token = inside("token", "create", "ci", "--role", "operator", "--state", "state").out.strip()
    text = inside("token", "list", "--state", "state")
    assert text.out.splitlines()[0].split() == ["NAME", "ROLE", "CREATED", "BY"]
    assert any(line.split()[:2] == ["ci", "operator"] for line in text.out.splitlines())
    listed = json.loads(inside("token", "list", "--state", "state", "-o", "json").out)["tokens"]
    lines = inside("token", "list", "--state", "state", "-o", "ndjson").out.splitlines()
    assert [each["name"] for each in listed] == [json.loads(line)["name"] for line in lines]
    assert token not in text.out + json.dumps(listed)


def test_a_revoked_token_is_refused(hookwright, api):
    token = hookwright("token", "create", "ci", "--role", "viewer", "--state", "state").out.strip()
    ran = hookwright("token", "revoke", "ci", "--state", "state")
    assert (ran.code, ran.out, ran.err) == (0, "", "ci is revoked\n")
    assert api.request("GET", "/metrics", token=token).status == 401


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("create", "the-viewer", "--role", "admin"), 3, "the name the-viewer is taken"),
        (("create", "a b", "--role", "admin"), 1, "name is 1 to 63 letters"),
        (("create", "x", "--role", "viewr"), 4, "'viewr' is not one of 'emitter', 'viewer'"),
        (("create", "x"), 4, "--role"),
        (("revoke", "the-viewe"), 5, 'did you mean "the-viewer"?'),
        (("revoke", "a/b?c"), 5, "(HTTP 404)"),
    ],
)
def test_every_refusal_has_its_exit_code(inside, api, arguments, code, said):
    ran = inside("token", *arguments, "--state", "state")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_another_role_and_no_server_are_6(inside, api, tmp_path):
    (tmp_path / "mine").write_text(TOKENS["operator"])
    ran = inside("token", "list", "--state", "state", "--token-file", "mine")
    assert ran.code == 6
    assert "this needs the role admin" in ran.err
    assert TOKENS["operator"] not in ran.err
    assert inside("token", "list", "--state", "nowhere").code == 6
