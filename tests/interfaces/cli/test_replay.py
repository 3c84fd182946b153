"""`hookwright replay` against a running API over three deliveries, of which the last has ended."""

import json
import threading

import pytest

from hookwright.engine.delivery import Result
from hookwright.engine.history.history import History
from hookwright.engine.identifiers import delivery_id
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen
from hookwright.interfaces.cli.rates import PerSecond, rate_text

from ..conftest import end
from ..http.conftest import TOKEN, Running, serving


@pytest.fixture
def api(journal):
    state = State(journal.state)
    state.token.write_text(f"{TOKEN}\n")
    with serving(Running(state), Listen(), {}) as running:
        state.announce(f"http://127.0.0.1:{running.port}")
        yield running


def _replay(run, *arguments: str):
    return run("replay", "--state", "state", *arguments)


def test_a_replay_names_the_new_delivery_the_old_one_and_whom_it_goes_to(hookwright, api, journal) -> None:
    ran = _replay(hookwright, journal.ids[2], "--why", "mended")
    assert (ran.code, ran.err) == (0, "")
    new, rest = ran.out.split("  ", 1)
    assert rest == f"replay 1 of {journal.ids[2]}  webhook/hook-2  In Queue\n"
    with History(journal.state) as history:
        message = history.find(journal.ids[2])[0].message
        detail = history.show(new)
    assert new == delivery_id(message, 1)
    assert detail.document()["origin"] == {"of": journal.ids[2], "round": 1, "by": "admin", "why": "mended"}


def test_the_beginning_of_an_id_is_enough(inside, api, journal) -> None:
    assert journal.ids[2] in _replay(inside, journal.ids[2][:10]).out


def test_several_go_on_past_what_is_refused(inside, api, journal) -> None:
    ran = _replay(inside, journal.ids[1], journal.ids[2], journal.ids[2], "-o", "json")
    said = json.loads(ran.out)
    assert ran.code == 3
    assert [each["of"] for each in said["replays"]] == [journal.ids[2]]
    assert [each["id"] for each in said["refused"]] == [journal.ids[1]]
    assert ran.err.startswith(f"{journal.ids[1]}: {journal.ids[1]} has not ended, it is retrying")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("unknown", ["dlv_" + "a" * 26, "zzzz", "DLV", ""])
def test_an_unknown_id_is_5(inside, api, unknown: str) -> None:
    ran = _replay(inside, unknown)
    assert (ran.code, ran.out) == (5, "")
    assert "no delivery" in ran.err


def test_a_beginning_of_several_ids_is_5_and_names_them(inside, api, journal) -> None:
    ran = _replay(inside, "dlv_")
    assert (ran.code, ran.out) == (5, "")
    assert all(each in ran.err for each in journal.ids)


def test_waiting_ends_with_the_replay(hookwright, api, journal, until) -> None:
    outcomes: list[object] = []
    waiting = threading.Thread(
        target=lambda: outcomes.append(_replay(hookwright, journal.ids[2], "--fail", "-o", "json"))
    )
    waiting.start()
    (fresh,) = until(lambda: api.offered)
    with History(journal.state):  # enters the replay into the index, as a bookkeeper would
        pass
    book = Writer(State(journal.state).history, "book")
    failed = Result(
        delivery=fresh.delivery.id,
        node="nod_x",
        attempt=1,
        outcome="failure",
        at=1,
        error="status",
        reason="no",
    )
    book.append_many(entries(failed, 0)).result()
    book.close()
    while waiting.is_alive():
        with History(journal.state):
            waiting.join(0.05)
    (ran,) = outcomes
    (said,) = json.loads(ran.out)["replays"]
    assert (ran.code, said["status"], said["reason"]) == (1, "Failure", "no")


def test_waiting_has_an_end_of_its_own(inside, api, journal) -> None:
    ran = _replay(inside, journal.ids[2], "--wait", "--timeout", "0")
    assert ran.code == 1
    assert "1 still In Queue" in ran.err
    assert "In Queue" in ran.out


def test_without_a_token_or_a_server_it_is_6(inside, api, journal) -> None:
    (journal.state / "token").unlink()
    assert _replay(inside, journal.ids[2]).code == 6
    assert inside("replay", "--state", "elsewhere", journal.ids[2]).code == 6


def test_an_id_is_needed(inside) -> None:
    assert inside("replay").code == 4


FINISHED = ("--subscriber", "hook-2")


def test_many_are_counted_replayed_and_summed_up(hookwright, api, journal, until) -> None:
    ran = _replay(hookwright, "-t", "Lead_*", "--yes", "--why", "mended")
    assert ran.code == 0
    assert ran.out.startswith("rpl_")
    assert ran.out.endswith("  done  1 of 3 replayed; not replayed: 2 had not ended\n")
    assert "1 to replay; 2 more have not ended; at 50/s it takes less than 1s\n" in ran.err
    (fresh,) = until(lambda: api.offered)
    assert fresh.delivery.entity_id == "hook-2"


def test_without_a_terminal_nobody_is_asked_and_nothing_is_replayed(hookwright, api) -> None:
    ran = _replay(hookwright, *FINISHED)
    assert (ran.code, ran.out) == (4, "")
    assert "say --yes to replay these 1 without being asked" in ran.err
    assert api.request("GET", "/v1/replays").json() == {"replays": []}


def test_a_terminal_is_asked_and_gets_a_bar(on_a_terminal, api, journal) -> None:
    code, seen = on_a_terminal("replay", "--state", "state", *FINISHED, answer="n\n")
    assert (code, "Replay 1 deliveries?" in seen, "nothing was replayed" in seen) == (1, True, True)
    code, seen = on_a_terminal("replay", "--state", "state", *FINISHED, answer="y\n")
    assert (code, "replaying  [####" in seen, "done  1 of 1 replayed" in seen) == (0, True, True)


def test_one_that_is_left_to_the_server_can_be_followed_and_cancelled(
    hookwright, api, journal, until
) -> None:
    first = json.loads(_replay(hookwright, journal.ids[2], "-o", "json").out)["replays"][0]
    end(journal.state, first["id"])
    ran = _replay(hookwright, *FINISHED, "--yes", "--detach", "--rate", "1/h", "-o", "json")
    job = json.loads(ran.out)
    assert (ran.code, job["state"], job["rate"]) == (0, "running", "1/h")
    until(lambda: api.request("GET", f"/v1/replays/{job['id']}").json()["done"] == 1)  # of two
    ran = _replay(hookwright, "--cancel", job["id"], "-o", "ndjson")
    assert (ran.code, json.loads(ran.out)["state"]) == (0, "cancelled")
    ran = _replay(hookwright, "--progress", job["id"])
    assert (ran.code, ran.out) == (1, f"{job['id']}  cancelled  1 of 2 replayed\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["dlv_x", "--status", "failure"], 4, "name deliveries by ID, or say with filters"),
        (["--progress", "rpl_x", "--cancel", "rpl_x"], 4, "name deliveries by ID, or say with filters"),
        (["--status", "failure", "--wait"], 4, "--wait and --fail are for deliveries named by ID"),
        (["--status", "nice"], 4, "--status"),
        (["--status", "failure", "--rate", "fast"], 4, "'fast' is not a rate"),
        (["--status", "failure", "--rate", "1001/s"], 4, "1001.0 is not in the range"),
    ],
)
def test_a_wrong_wish_asks_no_server(inside, arguments: list[str], code: int, said: str) -> None:
    ran = _replay(inside, *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_what_the_server_refuses_or_does_not_have_replays_nothing(inside, api) -> None:
    for arguments, code, said in (
        (["--cancel", "rpl_x"], 5, "no replay 'rpl_x'"),
        (["--progress", "rpl_x"], 5, "no replay 'rpl_x'"),
        (["--status", "failure"], 5, "nothing that has ended fits"),
        (["--open"], 5, "nothing that has ended fits; 2 more have not ended"),
    ):
        ran = _replay(inside, *arguments)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.err
    assert api.request("GET", "/v1/replays").json() == {"replays": []}


@pytest.mark.parametrize(
    ("given", "sent"), [("20", "20/s"), ("20/s", "20/s"), ("30/m", "30/m"), ("0.5", "30/m"), ("1/h", "1/h")]
)
def test_a_rate_is_told_in_whole_numbers(given: str, sent: str) -> None:
    assert rate_text(PerSecond(1 / 3600, 1000).convert(given, None, None)) == sent
