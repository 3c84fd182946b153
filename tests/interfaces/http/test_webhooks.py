"""Webhooks over HTTP: made, listed, replaced and deleted, and every refusal with its place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from hookwright.engine.revisions import table_of
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen
from hookwright.interfaces.live import Live
from hookwright.schemas.document import parse

from ...engine.forbidden import URLS, connects_of
from .conftest import TOKEN, TOKENS, Response, Running, serving

HOOK = {"event": "Lead_Post_Create", "url": "https://erp.example.com/leads"}
GIT = """version: 1
bundle: crm
defaults: {timeout: 99s}
events: [{type: com.example.own}]
notifiers: [{id: ops, type: log, default: true}]
webhooks:
  - {id: from-git, description: Stands in git, event: "Task_*", url: "https://git.example.com/tasks"}
  - {id: off, event: Lead Creation, url: "https://git.example.com/off", enabled: false}
rules:
  - {id: a-rule, event: Lead_Post_Create, actions: [{post: {url: "https://git.example.com/rule"}}]}
"""


@pytest.fixture(scope="module")
def _shared(tmp_path_factory) -> Iterator[Running]:
    state = State(tmp_path_factory.mktemp("state"))
    state.prepare()
    with serving(_beside_git(Running(state)), Listen(), {}) as running:
        yield running


@pytest.fixture
def own(_shared) -> Running:
    """An API beside a bundle of git, and with no webhook of its own yet."""
    _shared.ledger_away = False
    for identifier in ids(ask(_shared, "GET", "?bundle=api")):
        assert ask(_shared, "DELETE", f"/{identifier}").status == 204
    _shared.state.api_webhooks.unlink(missing_ok=True)
    assert git(_shared, GIT)
    _shared.swapped.clear()
    return _shared


@pytest.fixture
def fresh(serve, tmp_path) -> Running:
    """The same, of the test's own."""
    state = State(tmp_path / "state")
    state.prepare()
    _beside_git(Running(state))
    return serve(state)


def _beside_git(running: Running) -> Running:
    running.hooks.mkdir()
    (running.hooks / "crm.yaml").write_text(GIT)
    return running


def ask(running: Running, method: str, path: str = "", body: object = None, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    given = {"token": TOKEN, **({"Content_Type": "application/json"} if raw is not None else {}), **headers}
    return running.request(method, f"/v1/webhooks{path}", raw, **given)


def ids(answer: Response) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.json()["webhooks"]]


def git(running: Running, text: str) -> bool:
    (running.hooks / "crm.yaml").write_text(text)
    assert isinstance(running.live, Live)
    return running.live.reload()


def test_a_webhook_is_made_shown_replaced_and_deleted(own):
    made = ask(own, "POST", body={"id": "leads", **HOOK})
    said = made.json()
    assert (made.status, made.headers["location"]) == (201, "/v1/webhooks/leads")
    assert said["id"] == "leads"
    assert (said["bundle"], said["editable"], said["status"]) == ("api", True, "enabled")
    assert said["place"] == f"{own.state.api_webhooks}:6:5"
    assert ask(own, "GET", "/leads").json() == said

    replaced = ask(own, "PUT", "/leads", {**HOOK, "delay": "30s"})
    assert (replaced.status, replaced.json()["delay"]) == (200, "30s")
    again = ask(own, "PUT", "/leads", HOOK)
    assert "delay" not in again.json()

    gone = ask(own, "DELETE", "/leads")
    assert (gone.status, gone.body) == (204, b"")
    assert gone.headers["hookwright-open-deliveries"] == "0"
    assert ask(own, "GET", "/leads").status == 404
    assert [len(source.beside) for source in own.swapped] == [1, 1, 1, 0]


def test_the_table_that_is_published_has_both_bundles(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    (source,) = own.swapped
    assert source.bundle == "crm"
    assert [each.bundle for each in source.beside] == ["api"]
    assert ask(own, "GET").headers["etag"] == f'"{source.revision}"'


def test_the_list_shows_everything_with_its_owner(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    said = ask(own, "GET").json()
    assert [(each["id"], each["bundle"], each["editable"], each["status"]) for each in said["webhooks"]] == [
        ("from-git", "crm", False, "enabled"),
        ("leads", "api", True, "enabled"),
        ("off", "crm", False, "disabled"),
    ]
    assert said["count"] == 3
    assert said["webhooks"][0]["place"] == f"{own.hooks}/crm.yaml:7:5"
    assert said["webhooks"][2]["status_reason"] == "enabled: false"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=Lead_Post_Create", ["leads", "off"]),
        ("event=Lead%20Creation", ["leads", "off"]),
        ("event=Task_Create", ["from-git"]),
        ("event=Task_*", ["from-git"]),
        ("event=com.example.own", []),
        ("status=enabled", ["from-git", "leads"]),
        ("status=disabled", ["off"]),
        ("status=paused", []),
        ("search=STANDS", ["from-git"]),
        ("search=erp.example", ["leads"]),
        ("search=nothing", []),
        ("bundle=api", ["leads"]),
        ("bundle=crm", ["from-git", "off"]),
        ("bundle=other", []),
        ("sort=-id", ["off", "leads", "from-git"]),
        ("sort=url", ["leads", "off", "from-git"]),
        ("sort=-url", ["from-git", "off", "leads"]),
        ("sort=description", ["leads", "off", "from-git"]),
        ("sort=event", ["off", "leads", "from-git"]),
        ("page_size=2", ["from-git", "leads"]),
        ("page_size=2&page=2", ["off"]),
        ("page_size=2&page=3", []),
        ("status=enabled&search=leads&sort=-id", ["leads"]),
    ],
)
def test_the_list_is_filtered_sorted_and_paged(own, query, found):
    ask(own, "POST", body={"id": "leads", **HOOK})
    assert ids(ask(own, "GET", f"?{query}")) == found


def test_the_count_is_of_all_pages(own):
    said = ask(own, "GET", "?page_size=1&page=2").json()
    assert (said["count"], said["page"], said["page_size"], len(said["webhooks"])) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=on", "status"),
        ("sort=status", "sort"),
        ("sort=--id", "sort"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("page_size=501", "page_size"),
        ("page_size=0", "page_size"),
        ("pag=1", "pag"),
        ("id=a&id=b", "id"),
        ("status=enabled&status=disabled", "status"),
        ("event=Lead_Post_Creat", "event"),
    ],
)
def test_a_bad_parameter_is_named(own, query, parameter):
    answer = ask(own, "GET", f"?{query}")
    assert (answer.status, answer.json()["parameter"]) == (400, parameter)


def test_a_misspelt_event_gets_the_nearest_word(own):
    assert 'did you mean "Lead_Post_Create"?' in ask(own, "GET", "?event=Lead_Post_Creat").json()["detail"]


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        ({**HOOK, "description": "New leads, to ERP!"}, "new-leads-to-erp"),
        (HOOK, "lead-post-create"),
        ({**HOOK, "description": "!!!"}, "webhook"),
        ({**HOOK, "description": "Off"}, "off-2"),
        ({**HOOK, "description": "x" * 200}, "x" * 48),
        ({**HOOK, "event": ["Task_*", "Lead_*"]}, "task"),
    ],
)
def test_an_id_is_made_from_what_it_says(own, body, identifier):
    assert ask(own, "POST", body=body).json()["id"] == identifier
    again = ask(own, "POST", body=body)
    assert again.status == 201
    assert again.json()["id"] not in (identifier, "off")


@pytest.mark.parametrize("identifier", ["leads", "from-git", "off", "a-rule"])
def test_an_id_is_had_once_over_both_bundles_and_all_kinds(own, identifier):
    ask(own, "POST", body={"id": "leads", **HOOK})
    answer = ask(own, "POST", body={"id": identifier, **HOOK})
    assert (answer.status, answer.json()["pointer"]) == (409, "/id")
    owner = own.state.api_webhooks if identifier == "leads" else own.hooks / "crm.yaml"
    assert answer.json()["place"].startswith(f"{owner}:")
    assert answer.json()["place"] in answer.json()["detail"]
    assert len(own.swapped) == 1


@pytest.mark.parametrize("identifier", ["from-git", "off", "a-rule"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_stands_in_git_is_changed_in_git(own, method, identifier):
    answer = ask(own, method, f"/{identifier}", HOOK if method == "PUT" else None)
    assert answer.status == 409
    assert answer.json()["place"].startswith(f"{own.hooks}/crm.yaml:")
    assert "change it there" in answer.json()["detail"]
    assert own.swapped == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_not_there_is_404_with_the_nearest_id(own, method):
    answer = ask(own, method, "/from-gi", HOOK if method == "PUT" else None)
    assert (answer.status, answer.json()["detail"]) == (404, 'no webhook "from-gi"; did you mean "from-git"?')


FAULTS = {
    "unknown key": ({**HOOK, "urll": "x"}, [("/urll", "HW012", "url")]),
    "missing key": ({"event": "Lead_Post_Create"}, [("", "HW014", None)]),
    "two at once": (
        {"event": "Lead_Post_Creat", "url": "ftp://x", "id": "a"},
        [("/event", "HW102", "Lead_Post_Create"), ("/url", "HW016", None)],
    ),
    "deep inside": (
        {**HOOK, "match": {"Stage": [{"prefx": "Hot"}]}},
        [("/match/Stage/0", "HW103", "prefix")],
    ),
    "an event in a list": ({**HOOK, "event": ["Lead_Post_Create", "Nope"]}, [("/event/1", "HW102", None)]),
    "a secret in the open": (
        {**HOOK, "auth": {"type": "bearer", "token": "s3cret"}},
        [("/auth/token", "HW020", None)],
    ),
    "an unknown notifier": (
        {**HOOK, "notify_on_failure": ["opz"]},
        [("/notify_on_failure/0", "HW121", None)],
    ),
    "a reserved header": ({**HOOK, "headers": {"Host": "x"}}, [("/headers/Host", "HW112", None)]),
    "too many headers": (
        {**HOOK, "headers": {f"X-{n}": "1" for n in range(11)}},
        [("/headers", "HW111", None)],
    ),
    "an unknown Lapp": (
        {"type": "lapp", "lapp": "L", "event": "Lead_Post_Create"},
        [("/lapp", "HW180", None)],
    ),
    "an unknown Lapp with a configuration": (
        {"type": "lapp", "lapp": {"name": "L", "config": {}}, "event": "Lead_Post_Create"},
        [("/lapp/name", "HW180", None)],
    ),
    "no text": ({**HOOK, "description": 7}, [("/description", "HW013", None)]),
    "an id of another type": ({**HOOK, "id": 7}, [("/id", "HW016", None)]),
    "an id of another form": ({**HOOK, "id": "Leads"}, [("/id", "HW016", None)]),
    "an id that is null": ({**HOOK, "id": None}, [("/id", "HW013", None)]),
    "a number too long": ({**HOOK, "match": {"a": [int("9" * 1001)]}}, [("", "HW009", None)]),
    "too deep": (b'{"match":' + b'{"a":' * 62 + b"1" + b"}" * 63, [("", "HW011", None)]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_told_with_its_place_in_the_request(own, fault):
    body, expected = FAULTS[fault]
    answer = ask(own, "POST", body=body)
    assert answer.status == 422, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problems = answer.json()["problems"]
    assert [(each["pointer"], each["code"], each.get("nearest")) for each in problems] == expected
    assert answer.json()["pointer"] == expected[0][0]
    assert "s3cret" not in answer.body.decode()
    assert own.swapped == []
    assert not own.state.api_webhooks.exists()


def test_a_fault_of_a_replacement_is_told_too_and_changes_nothing(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    kept = own.state.api_webhooks.read_bytes()
    answer = ask(own, "PUT", "/leads", {**HOOK, "url": "nowhere"})
    assert [each["pointer"] for each in answer.json()["problems"]] == ["/url"]
    renamed = ask(own, "PUT", "/leads", {**HOOK, "id": "other"})
    assert (renamed.status, renamed.json()["pointer"]) == (422, "/id")
    assert own.state.api_webhooks.read_bytes() == kept


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"event":"a","event":"b"}', 400),
        (b'{"event":NaN}', 400),
        (b'{"event":"\\ud800"}', 400),
        (b'{"a":"' + b"x" * 256 * 1024 + b'"}', 413),
    ],
)
def test_only_strict_json_within_its_limit_is_taken(own, body, status):
    assert ask(own, "POST", body=body).status == status
    assert own.request("POST", "/v1/webhooks", b"{}", token=TOKEN, Content_Type="text/yaml").status == 415


def test_a_guest_uses_gits_events_and_notifiers_but_not_its_defaults(own):
    body = {"id": "own", **HOOK, "event": "com.example.own", "notify_on_failure": True}
    assert ask(own, "POST", body=body).status == 201
    found = table_of(own.swapped[-1]).subscriber("own")
    assert found is not None
    assert found.notify == ("ops",)
    assert found.actions[0].target.timeout == 15_000


def test_warnings_come_with_the_answer(own):
    answer = ask(own, "POST", body={**HOOK, "headers": {"X-Api-Key": "literal"}})
    assert answer.status == 201
    assert [(each["pointer"], each["code"]) for each in answer.json()["warnings"]] == [
        ("/headers/X-Api-Key", "HW021")
    ]


def test_an_answer_can_be_changed_and_sent_back(own):
    said = ask(own, "POST", body={**HOOK, "headers": {"X-Api-Key": "literal"}}).json()
    assert ask(own, "PUT", f"/{said['id']}", {**said, "delay": "1m"}).status == 200
    assert "bundle" not in own.state.api_webhooks.read_text().replace("# ", "")[300:]


def test_secrets_are_shown_as_references(own):
    auth = {"type": "bearer", "token": {"env": "ERP_TOKEN"}}
    said = ask(own, "POST", body={**HOOK, "auth": auth}).json()
    assert ask(own, "GET", f"/{said['id']}").json()["auth"] == auth


def test_a_stale_revision_changes_nothing(own):
    first = ask(own, "POST", body={"id": "leads", **HOOK}).headers["etag"]
    second = ask(own, "PUT", "/leads", {**HOOK, "delay": "1s"}, If_Match=first)
    assert second.status == 200
    for method, body in (("PUT", {**HOOK, "delay": "2s"}), ("DELETE", None)):
        stale = ask(own, method, "/leads", body, If_Match=first)
        assert (stale.status, stale.headers["etag"]) == (412, second.headers["etag"])
    assert ask(own, "POST", body=HOOK, If_Match=first).status == 412
    assert ask(own, "GET", "/leads").json()["delay"] == "1s"
    for fitting in (second.headers["etag"], f'"other", {second.headers["etag"]}', "*"):
        assert ask(own, "PUT", "/leads", {**HOOK, "delay": "1s"}, If_Match=fitting).status == 200


def test_what_changes_nothing_publishes_nothing(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    own.swapped.clear()
    assert ask(own, "PUT", "/leads", HOOK).status == 200
    assert own.swapped == []


def test_while_the_ledger_is_away_nothing_is_changed(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    kept = own.state.api_webhooks.read_bytes()
    own.ledger_away = True
    for method, path, body in (
        ("POST", "", {**HOOK, "id": "b"}),
        ("PUT", "/leads", {**HOOK, "delay": "1s"}),
        ("DELETE", "/leads", None),
    ):
        answer = ask(own, method, path, body)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "nothing was changed" in answer.json()["detail"]
    assert own.state.api_webhooks.read_bytes() == kept
    assert ids(ask(own, "GET", "?bundle=api")) == ["leads"]
    own.ledger_away = False
    assert ask(own, "DELETE", "/leads").status == 204


def test_the_first_webhook_leaves_no_file_when_the_ledger_is_away(fresh):
    fresh.ledger_away = True
    assert ask(fresh, "POST", body=HOOK).status == 503
    assert not fresh.state.api_webhooks.exists()


def test_a_disk_that_does_not_take_it_changes_nothing(fresh):
    fresh.state.api_webhooks.parent.write_text("no folder")
    answer = ask(fresh, "POST", body=HOOK)
    assert answer.status == 503
    assert fresh.swapped == []
    assert ids(ask(fresh, "GET", "?bundle=api")) == []


def test_the_file_is_yaml_that_stands_in_git_as_it_is(own):
    ask(own, "POST", body={"id": "zeta", **HOOK, "headers": {"X-On": "no", "X-N": "010"}})
    ask(own, "POST", body={"id": "alpha", **HOOK})
    text = own.state.api_webhooks.read_text()
    assert text.startswith("# Webhooks made over the API.")
    assert "`hookwright webhooks export`" in text
    document = parse(text.encode(), name="x").document
    assert document is not None
    assert [each["id"] for each in document.value["webhooks"]] == ["alpha", "zeta"]
    assert document.value["webhooks"][1]["headers"] == {"X-On": "no", "X-N": "010"}


def test_git_cannot_take_an_id_event_or_notifier_away_from_a_webhook(own):
    body = {"id": "leads", **HOOK, "event": "com.example.own", "notify_on_failure": ["ops"]}
    assert ask(own, "POST", body=body).status == 201
    own.swapped.clear()
    for text in (
        GIT.replace("id: off", "id: leads"),
        GIT.replace("events: [{type: com.example.own}]", ""),
        GIT.replace("notifiers: [{id: ops, type: log, default: true}]", ""),
    ):
        assert git(own, text)
        assert own.swapped == []
        assert ids(ask(own, "GET")) == ["from-git", "leads", "off"]
    assert git(own, GIT.replace("99s", "98s"))
    assert len(own.swapped) == 1


def test_a_webhook_moves_into_git_in_one_step(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    own.swapped.clear()
    moved = GIT.replace(
        "rules:", '  - {id: leads, event: Lead_Post_Create, url: "https://new.example.com/"}\nrules:'
    )
    assert git(own, moved)
    assert own.swapped == []
    gone = ask(own, "DELETE", "/leads")
    assert gone.status == 204
    assert "hookwright-open-deliveries" not in gone.headers
    (source,) = own.swapped
    assert source.beside == ()
    said = ask(own, "GET", "/leads").json()
    assert (said["bundle"], said["url"]) == ("crm", "https://new.example.com/")


def test_a_waiting_text_of_git_that_was_taken_back_does_not_come_into_force(own):
    ask(own, "POST", body={"id": "leads", **HOOK})
    git(own, GIT.replace("id: off", "id: leads"))
    git(own, "version: 1\nwebhooks: {")
    ask(own, "DELETE", "/leads")
    assert ids(ask(own, "GET")) == ["from-git", "off"]


def test_what_was_made_is_there_after_a_restart(fresh, serve):
    ask(fresh, "POST", body={"id": "leads", **HOOK})
    again = serve(fresh.state)
    assert ids(ask(again, "GET")) == ["from-git", "leads", "off"]
    assert ask(again, "GET").headers["etag"] == ask(fresh, "GET").headers["etag"]


def test_without_a_bundle_of_git_the_apis_stands_alone(serve):
    alone = serve()
    assert ids(ask(alone, "GET")) == []
    assert ask(alone, "POST", body={"id": "leads", **HOOK}).status == 201
    assert ids(ask(alone, "GET")) == ["leads"]


def test_a_viewer_sees_and_an_operator_may_not_change(own):
    assert ask(own, "GET", token=TOKENS["viewer"]).status == 200
    for role in ("emitter", "viewer", "operator"):
        assert ask(own, "POST", body=HOOK, token=TOKENS[role]).status == 403


def test_many_at_once_lose_nothing(own):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(own, "POST", body=HOOK).status)) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [201] * 8
    assert len(ids(ask(own, "GET", "?bundle=api"))) == 8


def test_a_forbidden_url_is_never_tried_out_when_it_is_written(own):
    """It is refused, or it is kept and its deliveries are; nothing is asked of it either way."""
    answers = []

    def write() -> None:
        answers.extend(
            ask(own, "POST", body={**HOOK, "id": f"h{n}", "url": url}) for n, url in enumerate(URLS)
        )

    assert [to for to in connects_of(write, "") if to[1] != own.port] == []
    assert {answer.status for answer in answers} <= {201, 422}
