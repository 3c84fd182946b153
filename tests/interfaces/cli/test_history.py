import json
import signal
import threading
from contextlib import closing

import pytest

from hookwright.engine.delivery import Result
from hookwright.engine.history import History
from hookwright.engine.journal import Writer
from hookwright.engine.outcome import entries
from hookwright.engine.state import State

from ..conftest import HOSTILE


def _state(journal) -> tuple[str, str]:
    return "--state", str(journal.state)


def test_list_as_json_names_every_delivery_open_ones_too(hookwright, journal) -> None:
    ran = hookwright("history", "list", *_state(journal), "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    said = json.loads(ran.out)
    assert said["format_version"] == "1.0"
    assert [each["id"] for each in said["deliveries"]] == list(reversed(journal.ids))
    assert [each["status"] for each in said["deliveries"]] == ["Success", "In Queue", "In Queue"]


def test_list_as_ndjson_is_one_delivery_a_line(inside, journal) -> None:
    lines = inside("history", "list", *_state(journal), "-o", "ndjson", "-n", "2").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [journal.ids[2], journal.ids[1]]


def test_list_as_text_is_a_table_without_colours_on_a_pipe(inside, journal) -> None:
    heads, *rows = inside("history", "list", *_state(journal)).out.splitlines()
    assert heads.split() == ["ACCEPTED", "DELIVERY", "STATUS", "SUBSCRIBER", "EVENT", "TRIES", "LAST"]
    assert len(rows) == 3
    assert "webhook/hook-2  Lead_Post_Create  2      200" in rows[0]
    assert rows[0].index("Success") == heads.index("STATUS")
    assert "\x1b" not in "".join(rows)
    assert all(row == row.rstrip() for row in rows)


def test_list_on_a_terminal_colours_the_status(on_a_terminal, journal) -> None:
    code, seen = on_a_terminal("history", "list", *_state(journal))
    assert code == 0
    assert "\x1b[32mSuccess" in seen


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--status", "success"], [2]),
        (["--status", "In Queue"], [1, 0]),
        (["--subscriber", "webhook/hook-1"], [1]),
        (["--entity-type", "rule"], []),
        (["--event-type", "Lead_Post_Create", "-n", "1"], [2]),
        (["--event", "evt_0"], [0]),
        (["--code", "5xx"], [1]),
        (["--error", "status"], [2, 1]),
        (["--since", "1h"], [2, 1, 0]),
        (["--until", "2020-01-01T00:00:00Z"], []),
    ],
)
def test_filters_pick_what_fits(inside, journal, filters: list[str], numbers: list[int]) -> None:
    ran = inside("history", "list", *_state(journal), "-o", "ndjson", *filters)
    assert ran.code == 0
    found = [json.loads(line)["id"] for line in ran.out.splitlines()]
    if "--error" not in filters:
        assert found == [journal.ids[number] for number in numbers]
    else:
        assert journal.ids[1] in found


@pytest.mark.parametrize(
    "wrong",
    [["--status", "done"], ["--since", "soon"], ["--code", "999"], ["--entity-type", "cat"], ["-n", "0"]],
)
def test_a_wrong_filter_is_a_usage_error(inside, journal, wrong: list[str]) -> None:
    ran = inside("history", "list", *_state(journal), *wrong)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.count("\n") == 1


def test_show_as_json_has_request_and_response_of_every_attempt(inside, journal) -> None:
    said = json.loads(inside("history", "show", journal.ids[2], *_state(journal), "-o", "json").out)
    assert (said["format_version"], said["id"], said["status"]) == ("1.0", journal.ids[2], "Success")
    first, second = said["attempts"]
    assert first["request"]["body"] == '{"n": 2, "text":"grüße"}'
    assert first["response"]["body"] == f"body {HOSTILE}\nline two"
    assert (first["response"]["status"], second["response"]["status"]) == (500, 200)


def test_show_as_text_tells_the_story_and_cannot_write_to_the_terminal(inside, journal) -> None:
    out = inside("history", "show", journal.ids[2], *_state(journal)).out
    assert out.startswith(f"{journal.ids[2]}  Success after 2 attempts")
    for line in (
        "  subscriber  webhook/hook-2  (hooks/crm.yaml:14, revision sha256:r)",
        "  > POST http://127.0.0.1:1/hook",
        "  > X-Team: growth",
        '  > {"n": 2, "text":"grüße"}',
        "  < 500 Internal Server Error",
        r"  < X-Odd: \x1b[2J\u202e<script>",
        r"  < body \x1b[2J\u202e<script>",
        "  < line two",
        "  < 200 OK",
    ):
        assert f"{line}\n" in out
    assert "\x1b" not in out


def test_show_of_an_open_delivery_shows_what_will_be_sent(inside, journal) -> None:
    out = inside("history", "show", journal.ids[0], *_state(journal)).out
    assert "In Queue after 0 attempts" in out
    assert '  {"n": 0, "text":"grüße"}\n' in out


def test_an_unknown_delivery_is_5(inside, journal) -> None:
    ran = inside("history", "show", "dlv_none", *_state(journal))
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == f"error: no delivery dlv_none under {journal.state}\n"


@pytest.mark.parametrize("command", [["list"], ["show", "x"], ["tail"]])
def test_a_folder_that_is_not_there_is_5(inside, command: list[str]) -> None:
    ran = inside("history", *command, "--state", "nowhere", "-o", "json")
    assert (ran.code, ran.out) == (5, "")
    assert "nothing at nowhere" in ran.err


def test_an_index_that_cannot_be_read_is_6(inside, tmp_path, monkeypatch) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "index.sqlite").write_bytes(b"rubbish" * 1000)
    ran = inside("history", "list", "--state", "state")
    assert (ran.code, ran.out) == (6, "")
    assert "index.sqlite" in ran.err


def test_an_empty_folder_is_an_empty_list(inside, tmp_path) -> None:
    State(tmp_path / "state").prepare()
    ran = inside("history", "list", "--state", "state", "-o", "json")
    assert (ran.code, json.loads(ran.out)["deliveries"]) == (0, [])


def test_tail_prints_the_last_ones_oldest_first(inside, journal) -> None:
    lines = inside("history", "tail", "-n", "2", *_state(journal)).out.splitlines()
    assert [line.split()[2] for line in lines] == list(journal.ids[1:])


def test_tail_follows_changes_until_it_is_interrupted(running, journal) -> None:
    tail = running("history", "tail", "-f", "-n", "1", "-o", "ndjson", *_state(journal))
    assert json.loads(tail.line())["id"] == journal.ids[2]
    settled = Result(
        delivery=journal.ids[0], node="nod_x", attempt=1, outcome="cancelled", at=1, reason="gone"
    )
    changed = _change_until_seen(journal, settled, tail)
    assert (changed["id"], changed["status"], changed["reason"]) == (journal.ids[0], "Cancelled", "gone")
    tail.process.send_signal(signal.SIGINT)
    assert tail.process.wait(20) == 130


def _change_until_seen(journal, result: Result, tail) -> dict[str, object]:
    """Books `result` once the follower is at work: it says so by having printed its first line."""
    with closing(Writer(State(journal.state).history, "book")) as book:
        book.append_many(entries(result, 0)).result()
    stop = threading.Event()
    line: list[str] = []
    reader = threading.Thread(target=lambda: line.append(tail.line()))
    reader.start()
    while reader.is_alive() and not stop.wait(0.05):
        with History(journal.state):  # enters into the index what no bookkeeper does here
            pass
    reader.join()
    return json.loads(line[0])
