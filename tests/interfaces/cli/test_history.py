import json
import signal
import threading
from contextlib import closing

import pytest

from hookwright.engine.delivery import Result
from hookwright.engine.history.history import History
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer
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
    assert heads.split() == ["TRANSMITTED", "DELIVERY", "STATUS", "SUBSCRIBER", "EVENT", "TRIES", "LAST"]
    assert len(rows) == 3
    assert "webhook/hook-2  Lead_Post_Create  2      200" in rows[0]
    assert rows[0].index("Success") == heads.index("STATUS")
    assert "\x1b" not in "".join(rows)
    assert all(row == row.rstrip() for row in rows)


def test_list_on_a_terminal_colours_the_status(on_a_terminal, journal) -> None:
    code, seen = on_a_terminal("history", "list", *_state(journal))
    assert code == 0
    assert "\x1b[32m✓ Success" in seen


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
    [
        *(
            ["--status", "done"],
            ["--since", "soon"],
            ["--code", "999"],
            ["--entity-type", "cat"],
            ["-n", "0"],
        ),
        ["--type", "?" * 60_000],
    ],
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


def test_the_table_is_for_terminals_and_loaded_for_them_alone(
    hookwright, on_a_terminal, journal, tmp_path
) -> None:
    """The program tells at its end, into a file, whether it loaded the table."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "name = 'hookwright.interfaces.cli.history_table'\n"
        "atexit.register(lambda: open('loaded', 'w').write(str(name in sys.modules)))\n"
    )
    paths = {"PYTHONPATH": str(tmp_path), "COLUMNS": "120", "TZ": "Asia/Kolkata"}
    piped = hookwright("history", "list", *_state(journal), env=paths)
    assert (tmp_path / "loaded").read_text() == "False"
    assert "✓" not in piped.out
    assert "2026-11-18T11:06:39Z" in piped.out
    code, seen = on_a_terminal("history", "list", *_state(journal), env=paths)
    assert (code, (tmp_path / "loaded").read_text()) == (0, "True")
    assert "2026-11-18 16:36:39" in seen
    assert "times in IST" in seen
    code, seen = on_a_terminal("history", "list", *_state(journal), "-o", "json", env=paths)
    assert (json.loads(seen)["format_version"], (tmp_path / "loaded").read_text()) == ("1.0", "False")


def test_no_color_leaves_words_and_symbols(on_a_terminal, journal) -> None:
    for arguments, env in (((), {"NO_COLOR": "1"}), (("--color", "never"), {})):
        _, seen = on_a_terminal("history", "list", *_state(journal), *arguments, env=env)
        assert "✓ Success" in seen
        assert "\x1b[3" not in seen


def test_a_page_says_how_to_see_the_next_one(inside, journal) -> None:
    said = json.loads(inside("history", "list", *_state(journal), "-o", "json", "-n", "2").out)
    assert said["next"] == journal.ids[1]
    rest = inside(
        "history", "list", *_state(journal), "-o", "json", "-n", "2", "--before", said["next"][:12]
    ).out
    assert [each["id"] for each in json.loads(rest)["deliveries"]] == [journal.ids[0]]
    assert json.loads(rest)["next"] is None


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--open"], [1, 0]),
        (["--undelivered"], []),
        (["--type", "Lead_*", "-n", "1"], [2]),
        (["--type", "Lead Creation"], [2, 1, 0]),
        (["--type", "Lead Update"], []),
        (["--kind", "replay"], []),
        (["--kind", "event", "--notices"], [2, 1, 0]),
        (["--test"], []),
        (["--no-test", "--url", "127.0.0.1:1/hook"], [2, 1]),
        (["--batch", "dlv_none"], []),
    ],
)
def test_more_filters_pick_what_fits(inside, journal, filters: list[str], numbers: list[int]) -> None:
    ran = inside("history", "list", *_state(journal), "-o", "ndjson", *filters)
    assert ran.code == 0, ran.err
    found = [json.loads(line)["id"] for line in ran.out.splitlines()]
    assert found == [journal.ids[number] for number in numbers]


def test_the_beginning_of_an_id_names_a_delivery(inside, journal) -> None:
    for beginning in (journal.ids[2][:9], journal.ids[2][4:9]):
        assert inside("history", "show", beginning, *_state(journal)).out.startswith(journal.ids[2])


def test_a_beginning_that_several_ids_have_is_5_and_names_them(inside, journal) -> None:
    ran = inside("history", "show", "dlv_", *_state(journal))
    assert (ran.code, ran.out) == (5, "")
    assert "dlv_ begins several ids, give more of one" in ran.err
    assert all(f"{each} (" in ran.err for each in journal.ids)


@pytest.mark.parametrize("wrong", ["", "DLV_A", "dlv_1", "' OR 1", "dlv_%", "*", "a" * 40])
def test_what_no_id_can_begin_with_is_5(inside, journal, wrong: str) -> None:
    ran = inside("history", "show", wrong, *_state(journal))
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.count("\n") == 1


def test_curl_prints_the_last_request_or_that_of_one_attempt(inside, journal) -> None:
    out = inside("history", "show", journal.ids[2], "--curl", *_state(journal)).out
    assert out.startswith("curl -sS ")
    assert "--url http://127.0.0.1:1/hook" in out
    assert out == inside("history", "show", journal.ids[2], "--curl", "--attempt", "1", *_state(journal)).out
    ran = inside("history", "show", journal.ids[2], "--curl", "--attempt", "3", *_state(journal))
    assert (ran.code, ran.err) == (5, f"error: {journal.ids[2]} has no attempt 3\n")
    ran = inside("history", "show", journal.ids[0], "--curl", *_state(journal))
    assert (ran.code, ran.err) == (5, f"error: {journal.ids[0]}: no request was made\n")


def test_bodies_are_laid_out_on_a_terminal_unless_they_are_wanted_raw(on_a_terminal, journal) -> None:
    _, seen = on_a_terminal("history", "show", journal.ids[2], *_state(journal), "--color", "never")
    assert '  >   "text": "grüße"\r\n' in seen
    assert "✓ Success" in seen
    _, seen = on_a_terminal("history", "show", journal.ids[2], "--raw", *_state(journal), "--color", "never")
    assert '  > {"n": 2, "text":"grüße"}\r\n' in seen


def test_stats_count_by_what_is_asked(inside, journal) -> None:
    heads, row, total = inside("history", "stats", *_state(journal), "--by", "type").out.splitlines()
    assert heads.split()[:3] == ["TYPE", "ALL", "IN"]
    assert row.split() == ["Lead_Post_Create", "3", "2", "1", "0", "0", "0", "3", "0.250", "0.250"]
    assert total.split()[0] == "total"
    said = json.loads(inside("history", "stats", *_state(journal), "-o", "json", "--by", "code").out)
    assert (said["by"], said["total"]["count"]) == ("code", 3)
    assert {each["key"]: each["count"] for each in said["groups"]} == {"": 1, "2xx": 1, "5xx": 1}
    lines = inside(
        "history", "stats", *_state(journal), "-o", "ndjson", "--status", "success"
    ).out.splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["webhook/hook-2"]


def test_export_writes_what_show_says_of_each(inside, journal) -> None:
    lines = inside("history", "export", *_state(journal)).out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(reversed(journal.ids))
    shown = inside("history", "show", journal.ids[2], "-o", "ndjson", *_state(journal)).out
    assert shown == f"{lines[0]}\n"
    assert len(inside("history", "export", "-n", "1", "--open", *_state(journal)).out.splitlines()) == 1
