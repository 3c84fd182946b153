import json

import click
import pytest

from hookwright.interfaces.cli.problem import explain
from hookwright.interfaces.examples import laid_out, problems_of
from hookwright.schemas.codes import CODES
from hookwright.schemas.explanation import explanation
from hookwright.schemas.resources import resource_names

LATER = "HW022"  # where the part is not supported yet, that is told as well
AHEAD = {"HW145", "HW146", "HW147", "HW148", "HW149"}


def told(folder, code) -> list[str]:
    problems = problems_of(folder)
    return [str(each) for each in problems if each.code != LATER or code not in AHEAD]


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_has_this_one_problem_and_the_right_one_has_none(code) -> None:
    explained = explanation(code)
    assert explained.why
    assert explained.wrong != explained.right
    with laid_out(explained.wrong) as folder:
        assert told(folder, code)
        assert all(f": {code} " in problem for problem in told(folder, code))
    with laid_out(explained.right) as folder:
        assert told(folder, code) == []


def test_no_explanation_is_left_of_a_code_that_is_gone() -> None:
    assert {name.removesuffix(".md") for name in resource_names("problems")} == set(CODES)


def test_a_code_is_explained_with_what_validate_says(hookwright) -> None:
    ran = hookwright("problem", "HW012")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("HW012: unknown key\nThe key does not exist here; ")
    frame = (
        '    error[HW012]: unknown key "dleay"\n'
        "     --> webhooks.yaml:6:5\n"
        "      |\n"
        "    6 |     dleay: 30s\n"
        '      |     ^^^^^ did you mean "delay"?\n'
    )
    assert frame in ran.out
    assert (
        ran.out.index("Wrong, webhooks.yaml:") < ran.out.index(frame) < ran.out.index("Right, webhooks.yaml:")
    )


@pytest.mark.parametrize("code", CODES)
def test_no_explanation_names_the_folder_it_was_tried_in(code) -> None:
    assert "/tmp" not in click.unstyle(explain(explanation(code)))


@pytest.mark.parametrize("written", ["hw012", "12", "HW12", "012"])
def test_a_code_may_be_written_short(inside, written) -> None:
    assert inside("problem", written).out.startswith("HW012: ")


@pytest.mark.parametrize("written", ["HW913", "urll", "", "HW0012"])
def test_a_code_that_is_none_selects_nothing(inside, written) -> None:
    ran = inside("problem", written)
    assert (ran.code, ran.out) == (5, "")
    assert f"no problem has the code {written!r}; " in ran.err


def test_the_nearest_code_is_named(inside) -> None:
    err = inside("problem", "HW1011").err
    assert "did you mean " in err
    assert "HW101" in err.partition("did you mean")[2]


def test_json_has_the_files_and_the_problems_of_the_example(inside) -> None:
    said = json.loads(inside("problem", "HW101", "-o", "json").out)
    assert (said["format_version"], said["code"], said["title"]) == ("1.0", "HW101", "duplicate id")
    assert [file["name"] for file in said["wrong"]["files"]] == ["crm.yaml", "rules.yaml"]
    (problem,) = said["wrong"]["problems"]
    assert problem["file"] == "rules.yaml"
    assert problem["related"] == [{"file": "crm.yaml", "line": 3, "column": 9, "text": "first one here"}]
    assert said["right"]["files"][0]["text"].startswith("version: 1\n")


def test_without_a_code_each_is_a_line(inside) -> None:
    head, *lines = inside("problem").out.splitlines()
    assert head.split() == ["CODE", "PROBLEM", "MEANING"]
    assert [line.split()[0] for line in lines] == list(CODES)
    listed = json.loads(inside("problem", "-o", "json").out)["problems"]
    lines = [json.loads(line) for line in inside("problem", "-o", "ndjson").out.splitlines()]
    assert lines == [{"format_version": "1.0", **each} for each in listed]
    assert [each["code"] for each in listed] == list(CODES)
