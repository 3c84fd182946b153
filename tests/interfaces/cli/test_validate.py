import json
import os
from pathlib import Path

import pytest

GOOD = "version: 1\nwebhooks:\n  - {id: one, event: Lead_Post_Create, url: https://example.com/a}\n"
BAD = "version: 1\nwebhooks:\n  - id: one\n    event: Lead_Post_Create\n    urll: https://example.com/a\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "hooks"
    folder.mkdir()
    return folder


def test_a_valid_bundle_has_nothing_on_standard_output(inside, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(GOOD)
    ran = inside("validate", bundle)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("valid: 1 subscriber, 0 errors, 0 warnings (revision sha256:")


def test_the_current_folder_is_checked_when_none_is_named(inside, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    ran = inside("validate")
    assert ran.code == 1
    assert " --> a.yaml:5:5\n" in ran.out


def test_every_problem_is_shown_with_its_line_and_a_caret_under_the_fault(hookwright, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(BAD)
    (bundle / "b.yaml").write_text(BAD)
    ran = hookwright("validate", "hooks")
    assert ran.code == 1
    frame = (
        'error[HW012]: unknown key "urll"\n'
        " --> hooks/a.yaml:5:5\n"
        "  |\n"
        "5 |     urll: https://example.com/a\n"
        '  |     ^^^^ did you mean "url"?\n'
    )
    assert frame in ran.out
    assert frame.replace("a.yaml", "b.yaml") in ran.out
    assert "\x1b" not in ran.out
    assert ran.err.endswith("errors, 0 warnings\n")


def test_json_names_each_problem_with_code_place_and_hint(inside, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(BAD)
    ran = inside("validate", "hooks", "-o", "json")
    said = json.loads(ran.out)
    assert (ran.code, said["format_version"], said["valid"]) == (1, "1.0", False)
    problem = next(each for each in said["problems"] if each["code"] == "HW012")
    assert problem == {
        "code": "HW012",
        "severity": "error",
        "message": 'unknown key "urll"',
        "hint": 'did you mean "url"?',
        "file": "hooks/a.yaml",
        "line": 5,
        "column": 5,
        "path": "/webhooks/0/urll",
        "related": [],
    }


def test_ndjson_is_a_problem_a_line(inside, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(BAD)
    lines = inside("validate", "hooks", "-o", "ndjson").out.splitlines()
    assert "HW012" in {json.loads(line)["code"] for line in lines}
    assert all(json.loads(line)["format_version"] == "1.0" for line in lines)


def test_a_folder_without_files_is_5(inside, bundle: Path) -> None:
    ran = inside("validate", "hooks")
    assert ran.code == 5
    assert "no *.yaml" in ran.out


def test_several_bundles_are_checked_in_one_run(inside, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD.replace("id: one", "id: two"))
    ran = inside("validate", "good.yaml", "bad.yaml")
    assert ran.code == 1
    assert "bad.yaml:5:5" in ran.out
    assert "good.yaml" not in ran.out


def test_an_id_in_two_bundles_is_told_with_both_places(inside, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    ran = inside("validate", "a.yaml", "b.yaml")
    assert ran.code == 1
    assert 'error[HW101]: duplicate id "one"' in ran.out
    assert "--> b.yaml:3:10" in ran.out
    assert "a.yaml:3:10" in ran.out


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xff\xfe\x00", b"[" * 30_000, b"a: &a [*a]", b"a: !!python/object:os.system x", b"\x00"),
        b"a: &a [x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n" * 300,
        b"version: 1\nwebhooks: {id: \x1b[2J}\n",
        b"a: b: c",
        b"version: 1\nversion: 1\n",
        b"- " * 10_000,
        b"version: 1\nwebhooks:\n  - id: [\n",
        "version: 1\n\u202ekey: 1\n".encode(),
    ],
)
def test_any_rubbish_is_a_problem_and_never_a_traceback(inside, bundle: Path, content: bytes) -> None:
    (bundle / "a.yaml").write_bytes(content)
    ran = inside("validate", "hooks", "--debug")
    assert ran.code == 1, ran.err
    assert "error[HW" in ran.out
    assert "hooks/a.yaml" in ran.out
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_a_path_that_is_not_there_is_a_problem(inside) -> None:
    ran = inside("validate", "nothing.yaml")
    assert ran.code == 1
    assert "nothing.yaml" in ran.out


def test_a_path_that_is_too_long_is_a_problem(inside) -> None:
    ran = inside("validate", "x" * 5000)
    assert ran.code == 1
    assert "error[HW110]: cannot be read: File name too long" in ran.out


def test_a_folder_that_cannot_be_read_is_a_problem_in_every_form(inside, tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir(mode=0)
    ran = inside("validate", "hooks", "-o", "json")
    code = "HW107" if os.geteuid() == 0 else "HW110"  # root reads everything
    assert [each["code"] for each in json.loads(ran.out)["problems"]] == [code]


def test_strict_makes_warnings_fail(inside, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(GOOD.replace("url:", "headers: {X-Api-Key: plain-text-secret}, url:"))
    assert inside("validate", "hooks").code == 0
    ran = inside("validate", "hooks", "--strict")
    assert ran.code == 1
    assert "warning[HW" in ran.out
    assert ran.err.endswith("\n0 errors, 1 warning\n")
    assert json.loads(inside("validate", "hooks", "--strict", "-o", "json").out)["valid"] is False


def test_a_terminal_gets_colours_unless_it_asks_not_to(on_a_terminal, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(BAD)
    code, seen = on_a_terminal("validate", "hooks")
    assert code == 1
    assert "\x1b[31m" in seen
    assert "\x1b" not in on_a_terminal("validate", "hooks", env={"NO_COLOR": "1"})[1]
    assert "\x1b[31m" in on_a_terminal("validate", "hooks", "--color", "always", env={"NO_COLOR": "1"})[1]


def test_a_pipe_gets_colours_only_when_asked(hookwright, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(BAD)
    assert "\x1b[31m" in hookwright("validate", "hooks", "--color", "always").out


def test_json_says_how_long_each_call_is_tried(inside, bundle: Path) -> None:
    (bundle / "a.yaml").write_text(
        "version: 1\n"
        "webhooks:\n"
        "  - {id: a, event: Task_Create, url: 'https://example.com/a', retry: {schedule: [5s, 5m, 2h]}}\n"
        "rules:\n"
        "  - {id: b, event: Task_Create, actions: [{post: {url: 'https://example.com/b'}}]}\n"
    )
    webhook, rule = json.loads(inside("validate", "hooks/a.yaml", "-o", "json").out)["subscribers"]
    assert (webhook["id"], webhook["type"], webhook["events"]) == ("a", "webhook", ["Task_Create"])
    assert webhook["calls"] == [
        {"endpoint": "webhook/a", "tries": 4, "span_ms": 7_505_000, "retries": "4 tries, ends after 2h 5m"}
    ]
    assert rule["calls"] == [
        {
            "endpoint": "rule/b/actions/0/post",
            "tries": 3,
            "span_ms": 40_000,
            "retries": "3 tries, ends after 40s",
        }
    ]


def test_a_file_may_come_in_by_standard_input(hookwright) -> None:
    ran = hookwright("validate", "-", stdin=GOOD)
    assert (ran.code, ran.out) == (0, "")
    ran = hookwright("validate", "-", stdin="\ufeff" + BAD.replace("\n", "\r\n"))
    assert ran.code == 1
    assert ran.out == (
        'error[HW012]: unknown key "urll"\n'
        " --> <stdin>:5:5\n"
        "  |\n"
        "5 |     urll: https://example.com/a\n"
        '  |     ^^^^ did you mean "url"?\n\n'
    )


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_standard_input_is_reported_in_every_form(hookwright, form) -> None:
    ran = hookwright("validate", "-", "-o", form, stdin=BAD)
    assert ran.code == 1
    assert "stdin" in ran.out


def test_problems_of_several_bundles_are_told_in_the_order_of_their_files(inside, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / name).write_text(GOOD.replace("url:", "urll: x, url:"))
    said = json.loads(inside("validate", "c.yaml", "a.yaml", "b.yaml", "-o", "json").out)["problems"]
    places = [(each["file"], each["line"], each["column"]) for each in said]
    assert places == sorted(places)
    assert {each["code"] for each in said} == {"HW012", "HW101"}
