"""Runs of automations outlive any kill of the runner and of the whole server: they end as if nothing was."""

from __future__ import annotations

import pytest

BUNDLE = """
version: 1
events: [{{type: com.example.cold}}]
automations:
  - id: welcome
    event: Lead_Post_Create
    key: data.ProspectID
    mode: parallel
    steps:
      - wait: 300ms
      - id: hello
        post: {{url: "{url}/hello", body: {{to: "{{{{ data.ProspectID }}}}"}}}}
      - id: answered
        wait_for:
          event: LeadActivity_Post_Create
          match: {{RelatedProspectId: ["{{{{ data.ProspectID }}}}"]}}
          timeout: 1h
      - emit: {{type: com.example.cold, data: {{Said: "{{{{ steps.hello.response.body }}}}"}}}}
  - id: cold
    event: com.example.cold
    mode: parallel
    steps: [{{id: bye, post: {{url: "{url}/bye"}}}}]
"""


def lead(name):
    return {"type": "Lead_Post_Create", "id": name, "source": "/crm", "data": {"ProspectID": name}}


def reply(name):
    return {
        "type": "LeadActivity_Post_Create",
        "id": f"reply-{name}",
        "source": "/crm",
        "data": {"RelatedProspectId": name},
    }


def ends(server):
    """How each run ended, by the type of its event; asserts that each has one end."""
    found = {}
    for line in server.journal():
        if line["kind"] == "run" and line["status"] != "In Queue":
            assert line["run"] not in found, "a run ended twice"
            found[line["run"]] = (line["trigger"]["type"], line["status"])
    return sorted(found.values())


def waiting(server):
    """How many runs wait for an event."""
    return sum(
        line["kind"] == "step" and line["path"] == "steps/answered" and line["state"] == "waiting"
        for line in server.journal()
    )


def kill_runner(server):
    for process in server.children(" runner "):
        process.kill()


def check_killed(serve, receiver, until, names, kill):
    sink = receiver()
    server = serve(BUNDLE.format(url=sink.url))
    for name in names:
        status, said = server.post(lead(name))
        assert status == 202
        assert [each["entityId"] for each in said["runs"]] == ["welcome"]
        kill(server)
    until(lambda: waiting(server) >= len(names), seconds=30)
    for name in names:
        assert server.post(reply(name))[0] == 202
        kill(server)
    expected = sorted([("Lead_Post_Create", "Success"), ("com.example.cold", "Success")] * len(names))
    until(lambda: len(ends(server)) >= len(expected), seconds=30)
    assert ends(server) == expected
    until(lambda: {row["status"] for row in server.history()} == {"Success"}, seconds=30)
    assert len(sink.arrivals.by_message()) == 2 * len(names)


@pytest.mark.fault(76)
def test_a_run_goes_on_where_its_runner_was_killed(serve, receiver, until):
    check_killed(serve, receiver, until, ["a"], kill_runner)


@pytest.mark.fault(76)
def test_a_run_goes_on_after_the_server_was_killed(serve, receiver, until):
    def kill(server):
        server.kill()
        server.start()

    check_killed(serve, receiver, until, ["a"], kill)


@pytest.mark.fault(76)
@pytest.mark.slow
def test_runs_end_the_same_under_kills_of_everything(serve, receiver, until):
    def kill(server):
        kill_runner(server)
        for process in [*server.children(" worker "), *server.children(" bookkeeper ")]:
            process.kill()

    check_killed(serve, receiver, until, [f"n{number}" for number in range(40)], kill)
