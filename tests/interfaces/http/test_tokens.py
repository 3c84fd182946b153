"""Tokens over HTTP: made, shown once, used, revoked."""

from __future__ import annotations

import json

import pytest

from .conftest import TOKEN, TOKENS, Running


def _create(api: Running, body: object, token: str = TOKEN):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.request("POST", "/v1/tokens", raw, token=token, Content_Type="application/json")


@pytest.fixture
def own(serve) -> Running:
    return serve()


def test_a_token_is_shown_once_and_works_until_it_is_revoked(public, caplog):
    answer = _create(public, {"name": "ci", "role": "viewer"})
    made = answer.json()
    assert (answer.status, made["name"], made["role"], made["by"]) == (201, "ci", "viewer", "admin")
    token = made["token"]
    assert public.request("GET", "/metrics", token=token).status == 200
    listed = public.request("GET", "/v1/tokens", token=TOKEN)
    assert "ci" in [each["name"] for each in listed.json()["tokens"]]
    assert token not in listed.body.decode()
    assert public.request("DELETE", "/v1/tokens/ci", token=TOKEN).status == 204
    assert public.request("GET", "/metrics", token=token).status == 401
    assert token not in caplog.text
    assert TOKEN not in caplog.text


def test_an_administrators_token_makes_further_ones_under_its_own_name(own):
    token = _create(own, {"name": "asha", "role": "admin"}).json()["token"]
    assert _create(own, {"name": "ci", "role": "emitter"}, token).json()["by"] == "asha"


def test_a_name_that_is_taken_is_a_conflict(own):
    assert _create(own, {"name": "ci", "role": "viewer"}).status == 201
    for name in ("ci", "admin"):
        answer = _create(own, {"name": name, "role": "admin"})
        assert (answer.status, answer.json()["pointer"]) == (409, "/name")


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"name": "ci", "role": "viewr"}, [("/role", "viewer")]),
        ({"name": "ci", "role": ["viewer"]}, [("/role", None)]),
        ({"name": "ci"}, [("/role", None)]),
        ({"name": "ci", "role": None}, [("/role", None)]),
        ({"nam": "ci", "role": "viewer"}, [("/nam", "name"), ("/name", None)]),
        ({"name": "a b", "role": "viewer"}, [("/name", None)]),
        ({"name": "", "role": "viewer"}, [("/name", None)]),
        ({"name": "x" * 64, "role": "viewer"}, [("/name", None)]),
        ({"name": 7, "role": "viewer"}, [("/name", None)]),
        ({"name": "ci\n", "role": "viewer"}, [("/name", None)]),
        ({"name": "\u0661", "role": "viewer"}, [("/name", None)]),
        ({"name": "ci", "role": "viewer", "token": "mine"}, [("/token", None)]),
    ],
)
def test_every_fault_is_told_with_its_place(api, body, problems):
    answer = _create(api, body)
    assert answer.status == 422
    assert [(each["pointer"], each.get("nearest")) for each in answer.json()["problems"]] == problems


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"name":"a","name":"b","role":"viewer"}', 400), (b"[]", 400), (b"{", 400), (b"", 400), (b'"x"', 400)],
)
def test_only_a_strict_json_object_is_taken(api, body, status):
    answer = _create(api, body)
    assert answer.status == status
    assert "pointer" in answer.json()


def test_another_content_type_and_a_huge_body_are_refused(api):
    for media in (None, "text/plain", "application/json; charset=utf-16"):
        headers = {"Content_Type": media} if media else {}
        assert api.request("POST", "/v1/tokens", b"{}", token=TOKEN, **headers).status == 415
    assert _create(api, b" " * (256 * 1024 + 1)).status == 413


def test_revoking_nobody_is_404_with_the_nearest_name(own):
    _create(own, {"name": "deploy", "role": "viewer"})
    answer = own.request("DELETE", "/v1/tokens/deplow", token=TOKEN)
    assert (answer.status, answer.json()["detail"]) == (404, 'no token "deplow"; did you mean "deploy"?')


def test_a_disk_that_does_not_take_it_changes_nothing(own):
    own.state.tokens.unlink()
    for each in own.state.path.iterdir():
        if each.is_file():
            each.unlink()
    own.state.tokens.mkdir()
    assert _create(own, {"name": "ci", "role": "viewer"}).status == 503
    names = [each["name"] for each in own.request("GET", "/v1/tokens", token=TOKEN).json()["tokens"]]
    assert "ci" not in names
    assert own.request("DELETE", "/v1/tokens/the-viewer", token=TOKEN).status == 503
    assert own.request("GET", "/v1/tokens", token=TOKENS["viewer"]).status == 403
