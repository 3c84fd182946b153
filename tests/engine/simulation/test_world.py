"""A timeline tells what a server would do, and when."""

from __future__ import annotations

HOOK = """
    webhooks:
      - id: erp
        event: Lead_Post_Create
        url: https://erp.example.com/hook
        entity_params: false
"""
CALL = "POST https://erp.example.com/hook"


def told(happenings, kind):
    return [(at, subject, text) for at, was, subject, text in happenings if was == kind]


def test_an_event_goes_to_whom_it_fits_after_their_delay(play):
    happenings = play(HOOK + "        delay: 30s\n", "events: [{at: 1m, type: Lead Creation}]")
    assert happenings[0] == (60_000, "event", "Lead_Post_Create", "event-1 → webhook/erp in 30s")
    (attempt,) = happenings[1:]
    assert 90_000 <= attempt[0] <= 90_001
    assert attempt[1:] == ("attempt", "webhook/erp", f"1: {CALL} → 200: Success")


def test_an_event_for_nobody_is_told_all_the_same(play):
    (only,) = play(HOOK, "events: [{type: Lead_Post_Update}]")
    assert only == (0, "event", "Lead_Post_Update", "event-1 → nobody")


def test_tries_come_after_their_waits_and_answers_are_used_up_in_order(play):
    happenings = play(
        HOOK + "        retry: {schedule: [1m, 1h]}\n",
        """
        events: [{type: Lead_Post_Create}]
        answers:
          - {to: webhook/erp, status: 503}
          - {to: webhook/erp, error: timeout, after: 15s}
        """.replace("status: 503}", "status: 503, times: 1}"),
    )
    attempts = told(happenings, "attempt")
    assert [text.split(" → ")[1].split(";")[0] for *_, text in attempts] == [
        "503",
        "timeout",
        "timeout: Failure, attempts exhausted",
    ]
    waits = [attempts[1][0] - 15_000, attempts[2][0] - 15_000 - attempts[1][0]]
    assert 60_000 <= waits[0] <= 66_100
    assert 3_600_000 <= waits[1] <= 3_960_100


def test_a_lapp_is_not_called_and_answers_as_the_timeline_says(play):
    happenings = play(
        """
        webhooks:
          - id: score
            event: Lead_Post_Create
            type: lapp
            lapp: echo
            retry: {schedule: [1m]}
        """,
        """
        events: [{type: Lead_Post_Create}]
        answers: [{to: webhook/score, status: 500, times: 1}]
        """,
    )
    first, second = told(happenings, "attempt")
    assert first[2].startswith("1: lapp; again in 1m")
    assert second[2] == "2: 200: Success"


def test_a_receiver_that_asks_for_time_gets_it(play):
    happenings = play(
        HOOK + "        retry: {schedule: [1s], retry_after: true}\n",
        """
        events: [{type: Lead_Post_Create}]
        answers: [{status: 429, times: 1, headers: {Retry-After: "120"}}]
        """,
    )
    first, second = told(happenings, "attempt")
    assert second[0] - first[0] >= 120_000


def test_who_waits_for_opening_hours_goes_out_when_they_begin(play):
    happenings = play(
        HOOK
        + "        hold_outside: office\n"
        + """
    schedules:
      - {id: office, timezone: UTC, between: ["08:00", "18:00"]}
""",
        'start: "2026-01-05T20:00:00Z"\nevents: [{type: Lead_Post_Create}]',
    )
    held = told(happenings, "held")
    assert "office" in held[0][2]
    assert told(happenings, "attempt")[0][0] // 1000 == 12 * 3600


def test_events_of_a_window_go_out_as_one(play):
    happenings = play(
        HOOK + "        batch: {window: 1m, max_events: 10, key: data.Owner}\n",
        """
        events:
          - {type: Lead_Post_Create, data: {Owner: a}}
          - {at: 20s, type: Lead_Post_Create, data: {Owner: b}}
          - {at: 40s, type: Lead_Post_Create, data: {Owner: a}}
        """,
    )
    assert [(at // 1000, text) for at, _, text in told(happenings, "batch")] == [
        (60, "2 events, open for 1m, closed by window"),
        (80, "1 events, open for 1m, closed by window"),
    ]
    assert len(told(happenings, "attempt")) == 2


def test_repeated_events_are_skipped_and_say_of_what(play):
    happenings = play(
        HOOK + "        dedupe: {key: data.Id, window: 1h}\n",
        """
        events:
          - {type: Lead_Post_Create, data: {Id: "7"}}
          - {at: 59m, type: Lead_Post_Create, data: {Id: "7"}}
          - {at: 61m, type: Lead_Post_Create, data: {Id: "7"}}
        """,
    )
    (skipped,) = told(happenings, "ended")
    assert "Skipped, duplicate of dlv_" in skipped[2]
    assert len(told(happenings, "attempt")) == 2


def test_a_breaker_opens_and_probes(play):
    happenings = play(
        HOOK + "        breaker: {failures: 2, probe: 5m}\n        retry: {attempts: 1}\n",
        """
        events: [{type: Lead_Post_Create}, {at: 1s, type: Lead_Post_Create}, {at: 2s, type: Lead_Post_Create}]
        answers: [{status: 500, times: 2}]
        """,
    )
    third = told(happenings, "attempt")[2]
    assert third[0] >= 5 * 60_000
    assert third[2].endswith("Success")


def test_who_keeps_failing_is_switched_off_and_somebody_is_told(play):
    happenings = play(
        HOOK
        + "        retry: {attempts: 1}\n        disable_after: {failures: 2}\n"
        + "        notify_on_failure: true\n"
        + """
    notifiers: [{id: ops, type: log, default: true}]
""",
        """
        events: [{type: Lead_Post_Create}, {at: 1s, type: Lead_Post_Create}]
        answers: [{status: 500}]
        """,
    )
    assert {text for _, _, text in told(happenings, "notify")} == {
        "is told of webhook/erp: failure",
        "is told of webhook/erp: disabled",
    }
    ((_, name, text),) = told(happenings, "switched")
    assert (name, text.split(":")[0]) == ("webhook/erp", "disabled")


def test_secrets_are_neither_read_nor_shown(play):
    happenings = play(
        HOOK
        + "        query: {key: {env: NOBODY_SET_THIS}}\n"
        + "        auth: {type: bearer, token: {env: NOR_THIS}}\n",
        "events: [{type: Lead_Post_Create}]",
    )
    (attempt,) = told(happenings, "attempt")
    assert "whsec" not in attempt[2]
    assert "[redacted]" in attempt[2].replace("%5B", "[").replace("%5D", "]")


def test_what_stands_in_templates_is_filled_in_and_what_is_redacted_is_not_told(play):
    happenings = play(
        """
        webhooks:
          - id: erp
            event: Lead_Post_Create
            redact: [data.Phone]
            url: "https://erp.example.com/{{ data.FirstName }}"
            query: {phone: "{{ data.Phone }}"}
            entity_params: false
        """,
        "events: [{type: Lead_Post_Create, data: {FirstName: Ada B, Phone: '0451 77'}}]",
    )
    ((_, _, text),) = told(happenings, "attempt")
    assert text == "1: POST https://erp.example.com/Ada%20B?phone=%5Bredacted%5D → 200: Success"


def test_a_timeline_ends_when_it_says(play):
    happenings = play(HOOK + "        delay: 2h\n", "until: 1h\nevents: [{type: Lead_Post_Create}]")
    assert [kind for _, kind, _, _ in happenings] == ["event"]


def test_the_same_timeline_is_the_same_story(play):
    timeline = "events: [{type: Lead_Post_Create}]\nanswers: [{status: 500}]"
    assert play(HOOK, timeline) == play(HOOK, timeline)


def test_notices_are_told_together_and_their_receivers_answer_as_the_timeline_says(play):
    happenings = play(
        HOOK
        + "        retry: {attempts: 1}\n        notify_on_failure: true\n"
        + """
    notifiers: [{id: ops, type: log, default: true}]
""",
        """
        events:
          - {type: Lead_Post_Create}
          - {at: 1m, type: Lead_Post_Create}
          - {at: 2m, type: Lead_Post_Create}
        answers: [{to: webhook/erp, status: 500}, {to: notify/ops, status: 503, times: 1}]
        """,
    )
    notices = [at // 1000 for at, _, _ in told(happenings, "notify")]
    assert notices == [0, 600]
    answers = [text for _, name, text in told(happenings, "attempt") if name == "notify/ops"]
    assert [text.split(";")[0] for text in answers] == ["1: status", "2: told: Success", "1: told: Success"]


def test_a_list_that_is_refused_is_taken_apart(play):
    happenings = play(
        HOOK + "        batch: {window: 1m, max_events: 2, on_too_large: split}\n",
        """
        events: [{type: Lead_Post_Create}, {type: Lead_Post_Create}]
        answers: [{status: 413, times: 1}]
        """,
    )
    assert [text.split(",")[0] for _, _, text in told(happenings, "batch")] == [
        "2 events",
        "1 events",
        "1 events",
    ]
    assert sum(text.endswith("Success") for _, _, text in told(happenings, "attempt")) == 2


def test_an_event_that_comes_again_is_told_and_goes_to_nobody(play):
    happenings = play(
        HOOK, "events: [{type: Lead_Post_Create, id: a}, {at: 1h, type: Lead_Post_Create, id: a}]"
    )
    assert [text for _, _, text in told(happenings, "event")] == ["a → webhook/erp", "a again: ignored"]
    assert len(told(happenings, "attempt")) == 1
