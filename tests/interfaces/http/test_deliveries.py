import pytest

from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..conftest import write_journal
from .conftest import TOKEN, Running, serving


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    return write_journal(tmp_path_factory.mktemp("journal") / "state")


@pytest.fixture(scope="module")
def filled(journal):
    """An API over a journal of three deliveries."""
    with serving(Running(State(journal.state)), Listen(), {}) as running:
        yield running


def test_deliveries_are_listed_newest_first(filled, journal) -> None:
    said = filled.request("GET", "/v1/deliveries").json()
    assert [each["id"] for each in said["deliveries"]] == list(reversed(journal.ids))
    assert said["next"] is None
    newest = said["deliveries"][0]
    assert (newest["status"], newest["attempts"], newest["code"]) == ("Success", 2, 200)
    assert (newest["entityType"], newest["entityId"], newest["eventId"]) == ("webhook", "hook-2", "evt_2")
    assert {each["status"] for each in said["deliveries"][1:]} == {"In Queue"}


def test_pages_follow_the_cursor_without_gap_or_repetition(filled, journal) -> None:
    seen, path = [], "/v1/deliveries?limit=1"
    while path:
        said = filled.request("GET", path).json()
        seen += [each["id"] for each in said["deliveries"]]
        path = said["next"] and f"/v1/deliveries?limit=1&cursor={said['next']}"
    assert seen == list(reversed(journal.ids))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("status=Success", [2]),
        ("status=in-queue", [1, 0]),
        ("subscriber=hook-1", [1]),
        ("subscriber=webhook/hook-1", [1]),
        ("subscriber=rule/hook-1", []),
        ("entityType=webhook&eventType=Lead_Post_Create", [2, 1, 0]),
        ("eventType=Lead_Post_Update", []),
        ("event=evt_0", [0]),
        ("code=5xx", [1]),
        ("code=200", [2]),
        ("error=status&status=In%20Queue", [1]),
        ("since=1h", [2, 1, 0]),
        ("since=2999-01-01T00:00:00Z", []),
        ("until=1h", []),
    ],
)
def test_filters_pick_what_fits(filled, journal, query: str, numbers: list[int]) -> None:
    said = filled.request("GET", f"/v1/deliveries?{query}").json()
    assert [each["id"] for each in said["deliveries"]] == [journal.ids[number] for number in numbers]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        *(
            ("statsu=Success", "statsu"),
            ("status=Done", "status"),
            ("status=Success&status=Failure", "status"),
        ),
        *(("limit=0", "limit"), ("limit=501", "limit"), ("limit=-1", "limit"), ("limit=9999999999", "limit")),
        *(
            ("limit=%D9%A1", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=dlv_%00", "cursor"),
            ("since=soon", "since"),
        ),
        ("eventType=" + "*a" * 30_000, "eventType"),
        *(("code=999", "code"), ("entityType=cat", "entityType"), ("since=2026-01-01T00:00:00", "since")),
    ],
)
def test_a_query_that_cannot_be_read_names_the_parameter(api, query: str, parameter: str) -> None:
    answer = api.request("GET", f"/v1/deliveries?{query}")
    assert (answer.status, answer.json()["parameter"]) == (400, parameter)


def test_one_delivery_shows_each_attempt_with_request_and_response(filled, journal) -> None:
    said = filled.request("GET", f"/v1/deliveries/{journal.ids[2]}").json()
    assert (said["id"], said["status"]) == (journal.ids[2], "Success")
    assert [(each["attempt"], each["response"]["status"]) for each in said["attempts"]] == [
        (1, 500),
        (2, 200),
    ]
    assert said["attempts"][0]["request"]["body"] == '{"n": 2, "text":"grüße"}'


def test_a_history_that_cannot_be_read_is_503_with_retry_after(serve, tmp_path) -> None:
    api = serve(State(tmp_path / "state"))
    (tmp_path / "state" / "index.sqlite").write_bytes(b"rubbish" * 1000)
    for path in ("/v1/deliveries", "/v1/deliveries/dlv_aaaaaaaaaaaaaaaaaaaaaaaaaa"):
        answer = api.request("GET", path)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "hookwright_build_info" in api.request("GET", "/metrics").body.decode()


@pytest.mark.parametrize(
    "identifier",
    [
        "dlv_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "x",
        "..%2f..%2ftoken",
        "%00",
        "dlv_" + "a" * 5000,
        "%2e%2e",
        "dlv_'--",
    ],
)
def test_what_is_no_delivery_is_404(filled, identifier: str) -> None:
    answer = filled.request("GET", f"/v1/deliveries/{identifier}", token=TOKEN)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
