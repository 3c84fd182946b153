"""Who may do what: the whole table of routes, tokens and addresses."""

from itertools import product

import pytest

from hookwright.interfaces.addresses import Listen
from hookwright.interfaces.http.actor import actor_of
from hookwright.interfaces.http.gate import Gate
from hookwright.interfaces.http.routes import ROUTES, Table
from hookwright.interfaces.roles import Holder, Role
from hookwright.interfaces.tokens import Keyring

from .conftest import TOKEN, TOKENS

WRONG = TOKEN[:-1] + "X"
# Who asks, in the order of the columns below: no token, an unknown one, and one of each role.
WHO = (None, WRONG, TOKENS["emitter"], TOKENS["viewer"], TOKENS["operator"], TOKENS["admin"])

CLOSED = "??xxx+"  # the administrator's
# Every route there is, on loopback and beyond. + is let in, ? needs a token (401), x another role (403).
# Written by hand: a route without a line here fails.
TABLE = {
    "POST /v1/events": ("++++++", "??+x++"),
    "POST /v1/events/{id:path}/expunge": (CLOSED, CLOSED),
    "GET /v1/events/{id:path}/expunge": (CLOSED, CLOSED),
    "GET /v1/deliveries": ("++++++", "??x+++"),
    "GET /v1/deliveries/{id}": ("++++++", "??x+++"),
    "GET /v1/runs": ("++++++", "??x+++"),
    "GET /v1/runs/{id}": ("++++++", "??x+++"),
    "POST /v1/runs/{id}/cancel": ("??xx++", "??xx++"),
    "GET /v1/subscribers": ("++++++", "??x+++"),
    "GET /v1/subscribers/{id:path}": ("++++++", "??x+++"),
    "POST /v1/subscribers/{id:path}/enable": ("??xx++", "??xx++"),
    "POST /v1/subscribers/{id:path}/disable": ("??xx++", "??xx++"),
    "POST /v1/subscribers/{id:path}/pause": ("??xx++", "??xx++"),
    "POST /v1/subscribers/{id:path}/resume": ("??xx++", "??xx++"),
    "POST /v1/subscribers/{id:path}/ping": ("??xx++", "??xx++"),
    "POST /v1/subscribers/{id:path}/handshake": ("??xx++", "??xx++"),
    "POST /v1/deliveries/{id}/replay": ("??xx++", "??xx++"),
    "POST /v1/replays": ("??xx++", "??xx++"),
    "GET /v1/replays": ("++++++", "??x+++"),
    "GET /v1/replays/{id}": ("++++++", "??x+++"),
    "DELETE /v1/replays/{id}": ("??xx++", "??xx++"),
    "POST /v1/webhooks": (CLOSED, CLOSED),
    "GET /v1/webhooks": ("++++++", "??x+++"),
    "GET /v1/webhooks/{id}": ("++++++", "??x+++"),
    "PUT /v1/webhooks/{id}": (CLOSED, CLOSED),
    "DELETE /v1/webhooks/{id}": (CLOSED, CLOSED),
    "POST /v1/tokens": (CLOSED, CLOSED),
    "GET /v1/tokens": (CLOSED, CLOSED),
    "DELETE /v1/tokens/{name}": (CLOSED, CLOSED),
    "GET /livez": ("++++++", "++++++"),
    "GET /readyz": ("++++++", "++++++"),
    "GET /metrics": ("++++++", "??x+++"),
}
# What is not there: told apart from what is only to an administrator.
ABSENT = {
    "DELETE /v1/deliveries": 405,
    "PUT /v1/events": 405,
    "POST /v1/deliveries/x/replays": 404,
    "POST /v1/events/": 404,
    "POST /livez": 405,
    "PROPFIND /livez": 405,
    "GET /v1/events": 405,
    "OPTIONS /v1/events": 405,
    "GET /v1/nothing": 404,
    "GET /livez/": 404,
    "GET /": 404,
}


def _mark(status: int) -> str:
    return {401: "?", 403: "x"}.get(status, "+")


def _ask(running, route: str, token: str | None) -> int:
    method, path = route.split()
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    path = path.replace("{id}", "dlv_none").replace("{id:path}", "none").replace("{name}", "nobody")
    return running.request(method, path, body, token=token, Content_Type="application/json").status


@pytest.mark.parametrize(("where", "column"), [("api", 0), ("public", 1)])
def test_every_route_lets_in_exactly_whom_it_should(where: str, column: int, request) -> None:
    running = request.getfixturevalue(where)
    found = {
        route: "".join(_mark(_ask(running, route, token)) for token in WHO) for route in (*TABLE, *ABSENT)
    }
    expected = {route: marks[column] for route, marks in TABLE.items()} | dict.fromkeys(ABSENT, CLOSED)
    assert found == expected


def test_what_is_not_there_is_told_to_an_administrator(api, public) -> None:
    for running in (api, public):
        assert {route: _ask(running, route, TOKEN) for route in ABSENT} == ABSENT


def test_every_route_stands_in_the_table_of_this_test() -> None:
    assert {f"{entry.method} {entry.path}" for entry in ROUTES} == set(TABLE)


def test_no_route_stands_in_the_shadow_of_another() -> None:
    table = Table()
    for entry in ROUTES:
        path = entry.path.replace("{", "").replace("}", "")
        assert table.need(entry.method, path) is entry.role


def test_head_is_judged_as_get() -> None:
    table = Table()
    for entry in ROUTES:
        if entry.method == "GET":
            assert table.need("HEAD", entry.path) is entry.role


@pytest.mark.parametrize("method", ["GET", "POST", "BREW", "HEAD", "OPTIONS", "get", ""])
@pytest.mark.parametrize("path", ["/anything", "", "/v1/events/x", "//livez", "/V1/events", "/livez/"])
def test_a_path_nobody_thought_of_is_the_administrators(method: str, path: str) -> None:
    assert Table().need(method, path) is Role.ADMIN


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.EMITTER, {Role.EMITTER}),
        (Role.VIEWER, {Role.VIEWER}),
        (Role.OPERATOR, {Role.EMITTER, Role.VIEWER, Role.OPERATOR}),
        (Role.ADMIN, set(Role)),
    ],
)
def test_a_role_may_what_it_says(role: Role, may: set[Role]) -> None:
    assert {needed for needed in Role if role.may(needed)} == may


def test_a_refused_role_is_told_which_one_is_needed(public) -> None:
    answer = public.request("GET", "/metrics", token=TOKENS["emitter"])
    assert answer.status == 403
    assert answer.json()["detail"] == 'this needs the role viewer; the token "the-emitter" has emitter'
    assert answer.headers["content-type"] == "application/problem+json"
    assert TOKENS["emitter"] not in answer.body.decode()


@pytest.mark.parametrize(
    ("listen", "token"), list(product([Listen(), Listen("0.0.0.0")], [None, *Role])), ids=str
)
def test_the_scope_says_who_acts(listen: Listen, token: Role | None) -> None:
    headers = [(b"host", b"127.0.0.1")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {TOKENS[token]}".encode()))
    scope = {"type": "http", "method": "GET", "path": "/livez", "headers": headers}
    keys = tuple(
        key for role, text in TOKENS.items() for key in Keyring.of(text, holder=Holder(role, role)).keys
    )
    assert Gate(listen, lambda: Keyring(keys)).judge(scope) is None
    assert actor_of(scope) == (token or "")


@pytest.mark.parametrize(
    "authorization",
    [
        *(
            "Bearer",
            "Bearer ",
            f"Basic {TOKEN}",
            TOKEN,
            f"Bearer {TOKEN} x",
            f"Bearer {TOKEN}, Bearer {TOKEN}",
        ),
        *(f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}{TOKEN}", "Bearer " + "x" * 20_000),
    ],
)
def test_only_a_well_formed_good_token_counts(public, authorization: str) -> None:
    answer = public.request("GET", "/metrics", Authorization=authorization)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_two_authorization_headers_are_no_token(public) -> None:
    header = f"Authorization: Bearer {TOKEN}\r\n".encode()
    got = public.raw(
        b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + header * 2 + b"\r\n"
    )
    assert got.startswith(b"HTTP/1.1 401 ")


def test_a_percent_encoded_path_is_judged_as_what_it_means(public) -> None:
    assert public.request("GET", "/%6cive%7a").status == 200
    assert public.request("GET", "/livez/../metrics").status == 401
    assert public.request("GET", "/livez%2f..%2fmetrics").status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "localhost.evil.example", "a b", ""])
def test_a_host_that_is_not_ours_is_refused_and_the_connection_ends(api, host: str) -> None:
    answer = api.request("GET", "/livez", host=host)
    assert answer.status in (400, 421)
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "application/problem+json"
    assert host not in answer.body.decode() or not host


def test_names_the_operator_gave_are_ours(public) -> None:
    assert public.request("GET", "/livez", host="hooks.example.com").status == 200


def test_no_web_page_can_drive_it(api) -> None:
    preflight = api.request(
        "OPTIONS", "/v1/events", Origin="https://evil.example", Access_Control_Request_Method="POST"
    )
    assert not any(name.startswith("access-control-") for name in preflight.headers)
    event = b'{"type": "Lead_Post_Create"}'
    foreign = api.request(
        "POST", "/v1/events", event, Content_Type="application/json", Origin="https://evil.example"
    )
    assert foreign.status == 403
    assert (
        api.request("POST", "/v1/events", event, Content_Type="application/json", Origin="null").status == 403
    )
    own = f"http://127.0.0.1:{api.port}"
    assert api.request("POST", "/v1/events", event, Content_Type="application/json", Origin=own).status == 202
    assert len(api.journalled) == 1


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/metrics", "/v1/deliveries", "/v1/nothing", "/v1/events"]
)
def test_every_answer_carries_the_security_headers(api, path: str) -> None:
    headers = api.request("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert "location" not in headers


def test_the_answer_to_an_event_carries_them_too(api) -> None:
    assert api.post({"type": "Lead_Post_Create"}).headers["x-content-type-options"] == "nosniff"


def test_errors_are_problems_everywhere(api) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/v1/events", 405), ("GET", "/no", 401)):
        answer = api.request(method, path, token=TOKEN if status != 401 else None)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert api.request("GET", "/v1/events", token=TOKEN).headers["allow"] == "POST"
