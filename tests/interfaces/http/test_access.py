"""Who may do what: the whole table of routes, tokens and addresses."""

import pytest

from hookwright.interfaces.http.gate import Access, access

from .conftest import TOKEN

GOOD, WRONG = TOKEN, TOKEN[:-1] + "X"

# Every route there is, and the statuses with (no token, a wrong one, the good one): on loopback, and beyond.
TABLE = {
    ("POST", "/v1/events"): ((202, 202, 202), (401, 401, 202)),
    ("GET", "/v1/deliveries"): ((200, 200, 200), (401, 401, 200)),
    ("GET", "/v1/deliveries/{id}"): ((404, 404, 404), (401, 401, 404)),
    ("GET", "/livez"): ((200, 200, 200), (200, 200, 200)),
    ("GET", "/readyz"): ((200, 200, 200), (200, 200, 200)),
    ("GET", "/metrics"): ((200, 200, 200), (401, 401, 200)),
}
# What is not there: told apart from what is only to those who may know.
ABSENT = {
    ("DELETE", "/v1/deliveries"): ((401, 401, 405), (401, 401, 405)),
    ("PUT", "/v1/events"): ((401, 401, 405), (401, 401, 405)),
    ("POST", "/v1/deliveries/x/replay"): ((401, 401, 404), (401, 401, 404)),
    ("POST", "/v1/events/"): ((401, 401, 404), (401, 401, 404)),
    ("POST", "/livez"): ((401, 401, 405), (401, 401, 405)),
    ("GET", "/v1/events"): ((405, 405, 405), (401, 401, 405)),
    ("OPTIONS", "/v1/events"): ((405, 405, 405), (401, 401, 405)),
    ("GET", "/v1/nothing"): ((404, 404, 404), (401, 401, 404)),
    ("GET", "/livez/"): ((404, 404, 404), (401, 401, 404)),
    ("GET", "/"): ((404, 404, 404), (401, 401, 404)),
}


def _status(running, method: str, path: str, token: str | None) -> int:
    path = path.replace("{id}", "dlv_none")
    body = b'{"type": "Lead_Post_Create"}' if method == "POST" else None
    return running.request(method, path, body, token=token, Content_Type="application/json").status


@pytest.mark.parametrize(("where", "column"), [("api", 0), ("public", 1)])
def test_every_route_lets_in_exactly_whom_it_should(where: str, column: int, request) -> None:
    running = request.getfixturevalue(where)
    found = {
        route: tuple(_status(running, *route, token) for token in (None, WRONG, GOOD))
        for route in TABLE | ABSENT
    }
    assert found == {route: statuses[column] for route, statuses in (TABLE | ABSENT).items()}


def test_every_route_stands_in_the_table(tmp_path) -> None:
    from hookwright.engine.history import History
    from hookwright.interfaces.addresses import Listen
    from hookwright.interfaces.http.app import API
    from hookwright.interfaces.http.gate import Gate
    from hookwright.interfaces.http.parts import Parts
    from hookwright.interfaces.tokens import Keyring

    parts = Parts(accept=None, history=History(tmp_path), readiness=list, depth=dict)
    routes = API(parts, Gate(Listen(), Keyring.of())).routes
    assert {(method, route.path) for route in routes for method in route.methods - {"HEAD"}} == set(TABLE)


def test_a_path_nobody_thought_of_is_never_open() -> None:
    assert access("GET", "/anything") is Access.READ
    assert access("POST", "/anything") is Access.WRITE
    assert access("BREW", "/livez") is Access.WRITE
    assert access("POST", "/v1/events/x") is Access.WRITE


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
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/v1/events", 405)):
        answer = api.request(method, path)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert api.request("GET", "/v1/events").headers["allow"] == "POST"
