"""Timelines are read, or told what is wrong with them and where."""

from __future__ import annotations

import pytest

BUNDLE = """
    webhooks:
      - {id: erp, event: Lead_Post_Create, url: "https://erp.example.com/hook"}
    events:
      - type: com.example.paid
        schema: {type: object, required: [Number]}
"""


@pytest.mark.parametrize(
    ("timeline", "line", "code", "said"),
    [
        ("events: [{at: 5, type: Lead_Post_Create}]", 1, "HW017", "write 5s"),
        ("events: [{at: 5s, typ: Lead_Post_Create}]", 1, "HW012", 'did you mean "type"?'),
        ("events: []", 1, "HW018", "must not be empty"),
        ("events: [{type: Lead_Post_Creat}]", 1, "HW185", "did you mean Lead_Post_Create"),
        ("events:\n  - type: com.example.paid\n    data: {}", 3, "HW185", "Number"),
        ("start: 2026-11-23\nevents: [{type: Lead_Post_Create}]", 1, "HW016", "2026-11-23T09:00:00+01:00"),
        ('start: "2026-13-41T00:00:00Z"\nevents: [{type: Lead_Post_Create}]', 1, "HW016", "no such instant"),
        ("events: [{type: Lead_Post_Create}]\nanswers: [{error: timeout, status: 5}]", 2, "HW023", "exclude"),
        ("events: [{type: Lead_Post_Create}]\nanswers: [{error: tiemout}]", 2, "HW015", "timeout"),
        ("events: [{type: Lead_Post_Create}]\nanswers: [{to: webhook/epr}]", 2, "HW186", "webhook/erp"),
        ("events: [", 1, "HW001", ""),
        ("", 0, "HW003", "empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(play, timeline, line, code, said):
    problems = play(BUNDLE, timeline)
    assert (problems[0].place.line, problems[0].code) == (line, code), problems
    assert said in str(problems[0])


def test_all_mistakes_are_told(play):
    problems = play(BUNDLE, "events: [{type: Lead_Post_Creat}, {type: Lead_Post_Updat}]")
    assert len(problems) == 2


def test_an_event_without_data_has_the_sample_of_its_type(play):
    happenings = play(
        """
        webhooks:
          - id: a
            event: Lead_Post_Create
            url: https://a.example.com/
            match: {ProspectID: [{exists: true}]}
        """,
        "events: [{type: Lead_Post_Create}]",
    )
    assert happenings[0][3] == "event-1 → webhook/a"
