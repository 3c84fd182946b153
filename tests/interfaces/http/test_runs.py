"""`/v1/runs`: rows that filters pick, and the trace of one."""

import json

import pytest

from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen

from ..conftest import RUN, write_runs
from .conftest import TOKEN, Running, serving

SENT = {"token": TOKEN, "Content_Type": "application/json"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An API over a journal with one run that waits and one that has ended."""
    state = write_runs(tmp_path_factory.mktemp("journal") / "state")
    with serving(Running(State(state)), Listen(), {}) as running:
        yield running


def test_runs_are_listed_newest_first(filled) -> None:
    said = filled.request("GET", "/v1/runs").json()
    assert [each["eventId"] for each in said["runs"]] == ["evt_1", "evt_0"]
    assert said["next"] is None
    assert [each["status"] for each in said["runs"]] == ["In Queue", "Success"]


def test_pages_follow_the_cursor(filled) -> None:
    first = filled.request("GET", "/v1/runs?limit=1").json()
    second = filled.request("GET", f"/v1/runs?limit=1&cursor={first['next']}").json()
    assert second["runs"][0]["eventId"] == "evt_0"


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("open=true", ["evt_1"]),
        ("status=Success", ["evt_0"]),
        ("automation=welcome&eventType=Lead_*", ["evt_1", "evt_0"]),
        ("automation=automation/other", []),
        ("event=evt_0", ["evt_0"]),
        ("since=1h", ["evt_1", "evt_0"]),
    ],
)
def test_filters_pick_what_fits(filled, query: str, events: list[str]) -> None:
    said = filled.request("GET", f"/v1/runs?{query}").json()
    assert [each["eventId"] for each in said["runs"]] == events


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("statsu=Success", "statsu"),
        ("status=Done", "status"),
        ("automation=webhook/x", "automation"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("eventType=" + "*" * 2000, "eventType"),
        ("since=soon", "since"),
    ],
)
def test_a_wrong_parameter_is_named(filled, query: str, parameter: str) -> None:
    answer = filled.request("GET", f"/v1/runs?{query}")
    assert (answer.status, answer.json()["parameter"]) == (400, parameter)


def test_one_run_is_shown_with_its_steps(filled) -> None:
    said = filled.request("GET", f"/v1/runs/{RUN}").json()
    assert said["run"]["id"] == RUN
    (step,) = said["steps"]
    assert (step["path"], step["state"], step["from"]) == ("steps/0", "ended", "a.yaml:5")
    assert step["output"] == {"timed_out": False}


@pytest.mark.parametrize("name", ["run_" + "z" * 26, "run_x", "dlv_" + "a" * 26])
def test_what_is_not_there_is_not_found(filled, name: str) -> None:
    assert filled.request("GET", f"/v1/runs/{name}").status == 404


def test_a_run_that_goes_on_can_be_cancelled_and_the_wish_is_in_the_journal(filled) -> None:
    open_run = filled.request("GET", "/v1/runs?open=true").json()["runs"][0]["id"]
    answer = filled.request(
        "POST", f"/v1/runs/{open_run}/cancel", json.dumps({"why": "moved"}).encode(), **SENT
    )
    assert (answer.status, answer.json()["id"]) == (202, open_run)
    segments = filled.state.history.glob("*/intake-*.jsonl")
    lines = [line for segment in segments for line in segment.read_text().splitlines()]
    (wish,) = [line for line in map(json.loads, lines) if line["kind"] == "run_cancel"]
    assert (wish["run"], wish["why"]) == (open_run, "moved")
    assert wish["by"]


def test_a_run_that_has_ended_cannot(filled) -> None:
    answer = filled.request("POST", f"/v1/runs/{RUN}/cancel", b"{}", **SENT)
    assert (answer.status, answer.json()["status"]) == (409, "Success")


def test_what_is_not_there_cannot_be_cancelled(filled) -> None:
    assert filled.request("POST", f"/v1/runs/run_{'z' * 26}/cancel", b"{}", **SENT).status == 404
