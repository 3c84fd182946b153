"""`hookwright webhooks` against a running API."""

from __future__ import annotations

import json

import pytest
import structlog

from hookwright.engine.state import State
from hookwright.interfaces.addresses import Listen
from hookwright.schemas.document import parse

from ..http.conftest import TOKEN, TOKENS, Running, serving

GIT = """version: 1
webhooks:
  - {id: from-git, event: "Task_*", url: "https://git.example.com/tasks"}
"""
LEADS = """\
# new leads
id: leads
event: Lead_Post_Create
url: https://erp.example.com/leads
headers: {X-On: "no", X-Code: "010"}
"""


@pytest.fixture
def api(tmp_path):
    """A running API beside a bundle of git; its administrator's token stands in the state folder."""
    state = State(tmp_path / "state")
    state.prepare()
    state.token.write_text(TOKEN)
    running = Running(state)
    running.hooks.mkdir()
    (running.hooks / "hooks.yaml").write_text(GIT)
    (tmp_path / "leads.yaml").write_text(LEADS)
    with serving(running, Listen(), {}):
        state.announce(f"http://127.0.0.1:{running.port}")
        yield running


@pytest.fixture
def run(inside, api):
    """Runs a command in this process; what the API beside it would log is not said."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    return lambda command, *arguments: inside("webhooks", command, *arguments, "--state", "state")


def test_a_file_becomes_a_webhook(run, api):
    ran = run("create", "-f", "leads.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "leads\n", "leads is created\n")
    assert parse(api.state.api_webhooks.read_bytes(), name="x").document.value["webhooks"][0]["headers"] == {
        "X-On": "no",
        "X-Code": "010",
    }


def test_json_on_standard_input_is_taken_too(hookwright, api):
    body = {"event": "Lead_Post_Create", "url": "https://erp.example.com/", "description": "To ERP"}
    arguments = ("create", "-f", "-", "-o", "json", "--state", "state")
    ran = hookwright("webhooks", *arguments, stdin=json.dumps(body))
    said = json.loads(ran.out)
    assert (ran.code, said["id"], said["bundle"], said["format_version"]) == (0, "to-erp", "api", "1.0")


def test_the_list_has_both_bundles_in_three_forms(run):
    run("create", "-f", "leads.yaml")
    text = run("list").out.splitlines()
    assert text[0].split() == ["ID", "STATUS", "BUNDLE", "EVENT", "URL", "DESCRIPTION"]
    assert [line.split()[:4] for line in text[1:]] == [
        ["from-git", "enabled", "hooks", "Task_*"],
        ["leads", "enabled", "api", "Lead_Post_Create"],
    ]
    said = json.loads(run("list", "-o", "json").out)
    assert (said["count"], [each["id"] for each in said["webhooks"]]) == (2, ["from-git", "leads"])
    lines = run("list", "-o", "ndjson", "--sort", "-id").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["leads", "from-git"]


def test_the_list_is_filtered_and_paged(run):
    run("create", "-f", "leads.yaml")
    for arguments, found in (
        (("--event", "Lead Creation"), ["leads"]),
        (("--search", "GIT"), ["from-git"]),
        (("--status", "disabled"), []),
        (("--bundle", "api"), ["leads"]),
        (("--page-size", "1", "--page", "2"), ["leads"]),
    ):
        said = json.loads(run("list", *arguments, "-o", "json").out)
        assert [each["id"] for each in said["webhooks"]] == found, arguments
    assert run("list", "--page-size", "1").err == "1 of 2; see --page\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--sort", "name"), "sort: one of id, event, description, url"),
        (("--status", "off"), "status: one of enabled, disabled, paused"),
        (("--event", "Lead Creatoin"), 'event: no event "Lead Creatoin"; did you mean "Lead Creation"?'),
    ],
)
def test_a_filter_that_cannot_be_read_is_a_usage_error(run, wrong, said):
    ran = run("list", *wrong)
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err


@pytest.mark.parametrize("wrong", ["", "a b", "x\r\nAuthorization: none", "ü"])
def test_a_revision_that_can_be_none_is_a_usage_error(run, wrong):
    run("create", "-f", "leads.yaml")
    for arguments in (("delete", "leads"), ("update", "leads", "-f", "leads.yaml")):
        ran = run(*arguments, "--if-match", wrong)
        assert (ran.code, ran.out) == (4, "")
        assert "is no revision" in ran.err
    assert run("show", "leads").code == 0


def test_show_prints_yaml_that_can_be_sent_back(run, tmp_path):
    run("create", "-f", "leads.yaml")
    shown = run("show", "leads")
    assert shown.out.startswith("id: leads\nevent: Lead_Post_Create\n")
    assert "stands in state/api/webhooks.yaml:" in shown.err.replace(str(tmp_path) + "/", "")
    (tmp_path / "changed.yaml").write_text(shown.out + "delay: 30s\n")
    assert run("update", "leads", "-f", "changed.yaml").code == 0
    said = json.loads(run("show", "leads", "-o", "json").out)
    assert (said["delay"], said["headers"]) == ("30s", {"X-On": "no", "X-Code": "010"})


def test_what_is_exported_is_a_bundle_for_git(run, hookwright, tmp_path):
    run("create", "-f", "leads.yaml")
    out = run("export").out
    assert "from-git" not in out
    (tmp_path / "moved.yaml").write_text(out)
    assert hookwright("validate", "moved.yaml").code == 0
    assert [each["id"] for each in parse(out.encode(), name="x").document.value["webhooks"]] == ["leads"]
    run("delete", "leads")
    (tmp_path / "none.yaml").write_text(run("export").out)
    assert hookwright("validate", "none.yaml").code == 0


def test_a_deleted_webhook_is_gone(run):
    run("create", "-f", "leads.yaml")
    ran = run("delete", "leads")
    assert (ran.code, ran.out, ran.err) == (0, "", "leads is deleted\n")
    assert run("show", "leads").code == 5


def test_every_problem_is_told_with_its_line(run, tmp_path):
    (tmp_path / "bad.yaml").write_text(
        "event: Lead_Post_Creat\nurll: x\nauth: {type: bearer, token: s3cret}\n"
    )
    ran = run("create", "-f", "bad.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "--> bad.yaml:1:8" in ran.err
    assert 'did you mean "Lead_Post_Create"?' in ran.err
    assert "--> bad.yaml:2:1" in ran.err
    assert "--> bad.yaml:3:29" in ran.err
    assert "s3cret" not in ran.err
    assert ran.err.splitlines()[-1] == "error: not valid; nothing was changed (HTTP 422)"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("event: [", 1, "bad.yaml cannot be read; nothing was sent"),
        ("- a\n", 1, "bad.yaml: not a webhook"),
        ("", 1, "bad.yaml cannot be read"),
        ("event: a\nevent: b\n", 1, "duplicate key"),
        (LEADS.replace("leads\n", "from-git\n", 2), 3, "is taken: it stands in"),
    ],
)
def test_a_file_that_is_no_webhook_is_refused(run, tmp_path, text, code, said):
    (tmp_path / "bad.yaml").write_text(text)
    ran = run("create", "-f", "bad.yaml")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_every_refusal_has_its_exit_code(run, tmp_path):
    (tmp_path / "plain.yaml").write_text("event: Lead_Post_Create\nurl: https://a.example/\n")
    (tmp_path / "viewer").write_text(TOKENS["viewer"])
    run("create", "-f", "leads.yaml")
    for arguments, code, said in (
        (("create", "-f", "nothing.yaml"), 4, "nothing.yaml: No such file or directory"),
        (("create",), 4, "--file"),
        (("update", "from-git", "-f", "plain.yaml"), 3, "change it there"),
        (("delete", "from-git"), 3, "change it there"),
        (("show", "lead"), 5, 'did you mean "leads"?'),
        (("delete", "a/b"), 5, "(HTTP 404)"),
        (("list", "--status", "on"), 4, "status: one of enabled"),
        (("list", "--page", "0"), 4, "--page"),
        (("update", "leads", "-f", "plain.yaml", "--if-match", "sha256:old"), 3, "changed meanwhile"),
        (("delete", "leads", "--if-match", "sha256:old"), 3, "changed meanwhile"),
        (("delete", "leads", "--token-file", "viewer"), 6, "this needs the role admin"),
    ):
        ran = run(*arguments)
        assert (ran.code, ran.out) == (code, ""), (arguments, ran)
        assert said in ran.err, arguments
        assert ran.err.count("\n") == 1


def test_if_match_lets_a_change_through_that_nobody_was_before(run):
    run("create", "-f", "leads.yaml")
    revision = json.loads(run("list", "-o", "json").out)["revision"]
    assert run("delete", "leads", "--if-match", revision).code == 0
