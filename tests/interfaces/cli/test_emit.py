import json
from contextlib import closing

import pytest

from hookwright.engine.delivery import Result
from hookwright.engine.history.history import History
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.outcome import entries
from hookwright.engine.journal.writer import Writer
from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen
from hookwright.schemas import catalogue
from hookwright.schemas.catalogue import CatalogueError, load_catalogue
from hookwright.schemas.problem import Place

from ..http.conftest import TOKEN, Running, serving


@pytest.fixture
def api(tmp_path):
    """A running API whose state folder is `state` in the test's folder, where commands are told to look."""
    state = State(tmp_path / "state")
    state.prepare()
    with serving(Running(state), Listen(), {}) as running:
        state.announce(f"http://127.0.0.1:{running.port}")
        yield running


def _emit(run, *arguments: str, **options):
    return run("emit", "--state", "state", "-t", "Lead_Post_Create", *arguments, **options)


def test_the_answer_names_every_delivery(hookwright, api) -> None:
    ran = _emit(hookwright, "-d", '{"a":1}', "--id", "e1")
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.out.splitlines()
    assert first == "e1  1 delivery"
    assert second.endswith("  webhook/one  In Queue")


def test_the_data_goes_out_byte_for_byte(inside, api, tmp_path) -> None:
    raw = b'{ "a" :\t1.0,\n "b":"\\u00fc\xc3\xbc" }\n'
    (tmp_path / "data.json").write_bytes(raw)
    assert _emit(inside, "-d", "@data.json").code == 0
    assert api.journalled[0].event.raw.strip() == raw.strip()


def test_data_may_come_from_standard_input(hookwright, api) -> None:
    assert _emit(hookwright, "-d", "-", stdin='{"from": "stdin"}').code == 0
    assert api.journalled[0].event.data == {"from": "stdin"}


def test_every_attribute_is_sent(inside, api) -> None:
    assert _emit(inside, "-d", "{}", "--id", "i", "--source", "/s", "--subject", "x").code == 0
    event = api.journalled[0].event
    assert (event.id, event.source, event.subject, event.data) == ("i", "/s", "x", {})


def test_json_is_the_servers_answer(inside, api) -> None:
    said = json.loads(_emit(inside, "--id", "j", "-o", "json").out)
    assert (said["format_version"], said["id"], said["duplicate"]) == ("1.0", "j", False)
    again = json.loads(_emit(inside, "--id", "j", "-o", "ndjson").out)
    assert again["duplicate"] is True
    assert again["deliveries"] == said["deliveries"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "--data:1:2: "),
        ('{"a": NaN}', "--data:1:7: "),
        ('1}, {"x": 2', "--data:1:2: "),
        ("\udcff", "--data:1:1: "),
    ],
)
def test_data_that_is_not_json_is_refused_here_with_its_place(inside, api, data: str, said: str) -> None:
    ran = _emit(inside, "-d", data)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error: {said}")
    assert api.journalled == []


def test_a_data_file_that_is_not_there_is_a_usage_error(inside, api) -> None:
    ran = _emit(inside, "-d", "@nothing.json")
    assert (ran.code, ran.err) == (4, "error: nothing.json: No such file or directory\n")


def test_a_rejected_event_is_1_with_the_reason(inside, api) -> None:
    ran = inside("emit", "--state", "state", "-t", "Lead_Post_Creat")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean Lead_Post_Create?" in ran.err
    assert "(HTTP 422 at /type)" in ran.err


def test_data_that_does_not_fit_is_1_with_every_mistake(inside, api) -> None:
    ran = inside("emit", "--state", "state", "-t", "com.example.cold", "-d", '{"Score": "x"}')
    assert (ran.code, ran.out) == (1, "")
    *told, last = ran.err.splitlines()
    assert sorted(told) == [
        '/data/Score: com.example.cold: "Score" must be an integer, not "x"',
        '/data: com.example.cold: missing field "Id"',
    ]
    assert "not accepted: com.example.cold: " in last
    assert "(and 1 more) (HTTP 422 at /data" in last


def test_no_server_is_6(inside, tmp_path) -> None:
    ran = _emit(inside)
    assert (ran.code, ran.out) == (6, "")
    assert "start `hookwright serve`" in ran.err


def test_a_server_that_does_not_answer_is_6(inside) -> None:
    ran = _emit(inside, "--server", "http://127.0.0.1:1")
    assert ran.code == 6
    assert "Connection refused" in ran.err


def test_a_wrong_token_is_6(inside, tmp_path) -> None:
    state = State(tmp_path / "other")
    state.prepare()
    (tmp_path / "token").write_text(TOKEN[:-1] + "X")
    with serving(Running(state), Listen("0.0.0.0"), {}) as public:
        url = f"http://127.0.0.1:{public.port}"
        assert _emit(inside, "--server", url).code == 6
        assert _emit(inside, "--server", url, "--token-file", "token").code == 6
        (tmp_path / "token").write_text(TOKEN)
        assert _emit(inside, "--server", url, "--token-file", "token").code == 0


def _settle(api, outcome: str) -> None:
    """Journals what intake accepted, and then its end, as a bookkeeper would."""
    (plan,) = api.journalled
    with closing(Writer(api.state.history, "intake")) as writer:
        lines = accepted_entries(plan.event, plan.revision, plan.deliveries, plan.bodies, plan.fingerprint)
        writer.append_many(lines).result()
    with closing(Writer(api.state.history, "book")) as writer:
        for delivery in plan.deliveries:
            result = Result(delivery=delivery.id, node="nod_x", attempt=1, outcome=outcome, at=1)
            writer.append_many(entries(result, 0)).result()
    with History(api.state.path):
        pass


@pytest.mark.parametrize(
    ("outcome", "flags", "code", "status"),
    [
        ("success", ["--wait"], 0, "Success"),
        ("success", ["--fail"], 0, "Success"),
        ("failure", ["--wait"], 0, "Failure"),
        ("failure", ["--fail"], 1, "Failure"),
        ("cancelled", ["--fail"], 1, "Cancelled"),
    ],
)
def test_waiting_tells_how_every_delivery_ended(inside, api, outcome, flags, code, status) -> None:
    _emit(inside, "--id", "w")
    _settle(api, outcome)
    ran = _emit(inside, "--id", "w", *flags, "-o", "json")
    assert ran.code == code
    assert [each["status"] for each in json.loads(ran.out)["deliveries"]] == [status]


def test_waiting_ends_when_its_time_is_up(inside, api) -> None:
    _emit(inside, "--id", "t")
    ran = _emit(inside, "--id", "t", "--wait", "--timeout", "0")
    assert ran.code == 1
    assert "1 still In Queue" in ran.err


def test_a_type_is_needed(inside) -> None:
    ran = inside("emit")
    assert (ran.code, ran.out) == (4, "")
    assert "--type" in ran.err


def test_without_data_the_sample_is_sent_and_said_so(inside, api) -> None:
    ran = _emit(inside, "--id", "s")
    assert ran.code == 0
    assert ran.err == (
        "no --data: this is the sample of Lead_Post_Create (documented; see `hookwright events show`)\n"
    )
    assert api.journalled[0].event.data == load_catalogue().by_type["Lead_Post_Create"].sample


def test_a_label_is_as_good_as_the_type(inside, api) -> None:
    ran = inside("emit", "--state", "state", "-t", "Lead Creation", "-d", "{}")
    assert (ran.code, ran.err) == (0, "")
    assert api.journalled[0].event.type == "Lead_Post_Create"


def test_single_fields_can_be_set_in_the_sample_or_in_given_data(inside, api) -> None:
    assert _emit(inside, "--set", "data.Score=71", "--set", "data.mx_Tags:=[1]").code == 0
    assert _emit(inside, "-d", '{"a": {"b": 1, "c": 2}}', "--set", "data.a.b=ü=").code == 0
    sample, given = (plan.event.data for plan in api.journalled)
    expected = load_catalogue().by_type["Lead_Post_Create"].sample
    assert sample == {**expected, "Score": "71", "mx_Tags": [1]}
    assert given == {"a": {"b": "ü=", "c": 2}}


def test_a_slip_in_the_name_of_a_field_is_told_and_sent_all_the_same(inside) -> None:
    ran = inside("emit", "-t", "Lead_Post_Create", "--dry-run", "--set", "data.Scoer=1")
    assert 'warning: the sample has no Scoer (did you mean "Score"?)' in ran.err
    assert json.loads(ran.out)["data"]["Scoer"] == "1"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("Score=1", "'Score=1' is neither data.FIELD=TEXT nor data.FIELD:=JSON"),
        ("data.Score", "neither data.FIELD=TEXT"),
        ("data.=1", "names no field"),
        ("data.a..b=1", "or an empty one"),
        ("data.a:={", "'{' is not JSON: "),
        ("data.Score.x=1", "--set: data.Score is text and has no x in it"),
        (f"data{'.a' * 3000}=1", "3000 names deep; an event is 64 deep at most"),
    ],
)
def test_a_setting_that_cannot_be_read_or_carried_out_is_a_usage_error(inside, setting, said) -> None:
    ran = inside("emit", "-t", "Lead_Post_Create", "--dry-run", "--set", setting)
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err


def test_a_dry_run_prints_the_event_and_needs_no_server(inside, tmp_path) -> None:
    ran = inside("emit", "-t", "com.example.x", "-d", '{"a": "ü"}', "--id", "d", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == ('{\n  "type": "com.example.x",\n  "id": "d",\n  "data": {\n    "a": "ü"\n  }\n}\n')
    for output in ("json", "ndjson"):
        said = json.loads(inside("emit", "-t", "com.example.x", "--dry-run", "-o", output).out)
        assert said == {"format_version": "1.0", "event": {"type": "com.example.x", "data": {}}}
    assert list(tmp_path.iterdir()) == []


def test_a_broken_sample_is_one_line_and_data_of_ones_own_needs_none(inside, monkeypatch) -> None:
    def broken(catalogue: str, name: str) -> None:
        raise CatalogueError(Place(f"{catalogue}/{name}.yaml", 3, 1), "Score: 7 is neither text nor null")

    monkeypatch.setattr(catalogue, "load_family", broken)
    ran = inside("emit", "-t", "Lead_Post_Create", "--dry-run", "--debug")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: the catalogue cannot be used: leadsquared/lead.yaml:3:1: Score: 7 is neither text nor null\n"
    )
    assert inside("emit", "-t", "Lead_Post_Create", "--dry-run", "-d", "{}").code == 0
