"""Who gets an event, stage by stage, and where in the YAML the answer stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest

from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.explain import Explainer, Explanation
from hookwright.rules.load import Loaded, load

from ..patterns.drawn import Drawer

NOON = 1_795_435_200_000  # Mon 2026-11-23 12:00 UTC


def event(type_: str, data: Any = None, source: str = "/shop") -> Event:
    return Event("evt_1", source, type_, data, json.dumps(data).encode())


def explained(loaded: Loaded, asked: Event) -> dict[str, Explanation]:
    assert loaded.model is not None, loaded.problems
    assert loaded.bundle is not None
    return {each.id: each for each in Explainer(loaded.model, loaded.bundle, NOON).explain(asked)}


def only(bundle: Callable[..., Loaded], text: str, asked: Event, **options: Any) -> Explanation:
    return explained(bundle(text, **options), asked)["a"]


def test_a_subscriber_that_gets_everything_of_its_type_was_asked_for_the_type_alone(bundle) -> None:
    found = only(
        bundle, "webhooks:\n  - {id: a, event: Lead_Delete, url: https://x.example/}\n", event("Lead_Delete")
    )
    assert (found.name, found.selected, found.refused) == ("webhook/a", True, None)
    assert [stage for stage, _ in found.stages] == ["event"]
    assert str(found.place) == "hooks/hooks.yaml:3:5"


def test_the_stages_are_asked_in_order_and_nothing_after_one_that_says_no(bundle) -> None:
    text = """webhooks:
  - id: a
    event: Lead_Delete
    source: ["/crm/*", /erp]
    match: {Stage: Won}
    url: https://x.example/
"""
    other = only(bundle, text, event("Lead_Post_Create"))
    assert [(stage, clause.holds) for stage, clause in other.stages] == [("event", False)]
    foreign = only(bundle, text, event("Lead_Delete", {"Stage": "Won"}))
    assert [(stage, clause.holds) for stage, clause in foreign.stages] == [("event", True), ("source", False)]
    refused = foreign.refused
    assert refused is not None
    assert [each.says for each in refused[1].expected] == ["/crm/*", "/erp"]
    assert (refused[1].found[0].value, str(refused[1].place)) == ("/shop", "hooks/hooks.yaml:5:5")
    unfit = only(bundle, text, event("Lead_Delete", {"Stage": "Lost"}, "/crm/1"))
    assert [(stage, clause.holds) for stage, clause in unfit.stages] == [
        ("event", True),
        ("source", True),
        ("match", False),
    ]
    assert str(unfit.stages[2][1].place) == "hooks/hooks.yaml:6:13"
    assert only(bundle, text, event("Lead_Delete", {"Stage": "Won"}, "/erp")).selected


@pytest.mark.parametrize(
    ("written", "column"),
    [("Lead_Delete", 12), ('["Task_*", "Lead_*"]', 23), ("Lead Creation", 12)],
)
def test_the_name_that_selects_the_event_is_told_with_its_place(bundle, written: str, column: int) -> None:
    text = f"webhooks:\n  - id: a\n    event: {written}\n    url: https://x.example/\n"
    type_ = "Lead_Post_Create" if written == "Lead Creation" else "Lead_Delete"
    (_, clause) = only(bundle, text, event(type_)).stages[0]
    assert clause.holds
    met = clause.found[0].met
    assert met is not None
    assert str(clause.expected[met].place) == f"hooks/hooks.yaml:4:{column}"


def test_an_if_is_asked_last_and_shown_where_it_stands(bundle) -> None:
    text = """webhooks:
  - id: a
    event: Lead_Delete
    match: {Stage: Won}
    if: data.Score | number > 50
    url: https://x.example/
"""
    refused = only(bundle, text, event("Lead_Delete", {"Stage": "Won", "Score": "12"})).refused
    assert refused is not None
    assert (refused[0], str(refused[1].place)) == ("if", "hooks/hooks.yaml:6:9")
    assert [(each.path, each.value) for each in refused[1].found] == [("data.Score", "12")]
    assert only(bundle, text, event("Lead_Delete", {"Stage": "Won", "Score": "71"})).selected
    assert len(only(bundle, text, event("Lead_Delete", {"Stage": "Lost"})).stages) == 2


def test_a_disabled_subscriber_is_not_forgotten(bundle) -> None:
    text = "webhooks:\n  - id: a\n    event: Lead_Delete\n    enabled: false\n    url: https://x.example/\n"
    refused = only(bundle, text, event("Lead_Delete")).refused
    assert refused is not None
    assert (refused[0], str(refused[1].place)) == ("enabled", "hooks/hooks.yaml:5:5")


def test_what_defaults_say_is_shown_where_it_stands(bundle) -> None:
    text = {
        "a.yaml": "webhooks:\n  - {id: a, event: Lead_Delete, url: https://x.example/}\n",
        "d.yaml": "defaults:\n  enabled: false\n",
    }
    refused = only(bundle, text, event("Lead_Delete")).refused
    assert refused is not None
    assert str(refused[1].place) == "hooks/d.yaml:3:3"


def test_a_glob_that_fits_a_type_nobody_declared_says_so(bundle) -> None:
    text = 'webhooks:\n  - {id: a, event: "Lead_*", url: https://x.example/}\n'
    refused = only(bundle, text, event("Lead_Lost")).refused
    assert refused is not None
    assert refused[1].hint == '"Lead_*" selects declared event types, and Lead_Lost is not one'
    assert only(bundle, text, event("Lead_Lost"), allow_undeclared_events=True).selected


def test_a_misspelt_type_gets_the_nearest_name(bundle) -> None:
    text = "webhooks:\n  - {id: a, event: Lead_Delete, url: https://x.example/}\n"
    refused = only(bundle, text, event("Lead_Delte")).refused
    assert refused is not None
    assert refused[1].hint == 'did you mean "Lead_Delete"?'


TYPES = ["Lead_Delete", "Lead_Post_Create", "Task_Create", "com.example.a", "com.example.b"]
NAMES = ["Lead_Delete", "Lead Creation", "Lead_*", "*", "Task_Creat?", "com.example.a", "com.*", "Lead_[*"]
SOURCES = ["/shop", "/crm/1", "/crm/2"]
CONDITIONS = [True, False, "event.source == '/shop'", "data.a is defined", "data.a == 1", "data.b"]


def bundle_drawn(random: Random, events: list[Event]) -> dict[str, Any]:
    """Six webhooks, with patterns near the data of some event or near nothing."""
    draw = Drawer(random)
    webhooks: list[dict[str, Any]] = []
    for number in range(6):
        one: dict[str, Any] = {"id": f"w{number}", "url": "https://x.example/"}
        one["event"] = random.choice([random.choice(NAMES), random.sample(NAMES, random.randint(1, 3))])
        if random.random() < 0.3:
            one["source"] = random.choice(["/crm/1", "/crm/*", ["/shop", "/crm/?"]])
        if random.random() < 0.7:
            one["match"] = draw.pattern_near(random.choice(events).data) if number % 2 else draw.pattern()
        if random.random() < 0.4:
            one["if"] = random.choice(CONDITIONS)
        if random.random() < 0.2:
            one["enabled"] = False
        webhooks.append(one)
    return {"version": 1, "events": [{"type": "com.example.a"}], "webhooks": webhooks}


def check(folder: Path, seed: int) -> Counter[str]:
    """A bundle and six events; how often each stage said no. JSON is YAML, and is written as that."""
    random = Random(seed)
    events = [event(random.choice(TYPES), Drawer(random).event(), random.choice(SOURCES)) for _ in range(6)]
    file = folder / "bundle.yaml"
    file.write_text(json.dumps(bundle_drawn(random, events)), encoding="utf-8")
    loaded = load(file, allow_undeclared_events=random.random() < 0.5)
    assert loaded.model is not None, (loaded.problems, seed)
    table = compile_table(loaded.model)
    refused: Counter[str] = Counter()
    for each in events:
        getting = {selected.subscriber.id for selected in table.select(each) if selected.fault is None}
        found = explained(loaded, each)
        assert {name for name, explanation in found.items() if explanation.selected} == getting, seed
        assert len(found) == 6
        refused.update(stage.refused[0] if stage.refused else "" for stage in found.values())
    return refused


def test_whole_bundles_are_explained_as_the_table_routes(tmp_path: Path) -> None:
    seen: Counter[str] = sum((check(tmp_path, seed) for seed in range(10)), Counter())
    assert min(seen[stage] for stage in ("", "enabled", "event", "source", "match", "if")) > 5


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_whole_bundles_are_explained_as_the_table_routes_at_length(tmp_path: Path) -> None:
    start = SystemRandom().randrange(2**60)
    seen: Counter[str] = sum((check(tmp_path, start + number) for number in range(3_000)), Counter())
    assert min(seen[stage] for stage in ("", "enabled", "event", "source", "match", "if")) > 1_000


@pytest.mark.parametrize(("key", "selected"), [("hold_outside", True), ("skip_outside", False)])
def test_a_closed_schedule_holds_or_skips_and_says_when_it_opens(bundle, key: str, selected: bool) -> None:
    text = f"""schedules: [{{id: night, timezone: Europe/Berlin, between: ["22:00", "06:00"]}}]
webhooks:
  - {{id: a, event: Lead_Delete, url: "https://x.example/", {key}: night}}
"""
    found = only(bundle, text, event("Lead_Delete"))
    stage, clause = found.stages[-1]
    assert (stage, found.selected, clause.found[0].value) == (
        "schedule",
        selected,
        "Mon 2026-11-23 13:00 (Europe/Berlin)",
    )
    assert clause.hint == "it opens on Mon 2026-11-23 22:00 (Europe/Berlin)"
    assert str(clause.place).startswith("hooks/hooks.yaml:4:")


AUTOMATION = """automations:
  - id: a
    event: Lead_Delete
    key: data.Id
    mode: queued
    max: 5
    steps:
      - wait: 2h
      - {wait_for: {event: Lead_Post_Create, timeout: 3d}}
      - {post: {url: 'https://x.example/'}}
      - stop: done
"""


def test_an_automation_tells_which_run_an_event_begins(bundle) -> None:
    found = only(bundle, AUTOMATION, event("Lead_Delete", {"Id": 7}))
    stage, clause = found.stages[-1]
    assert (stage, clause.holds, clause.hint) == ("run", True, "mode queued, 5 at most")
    assert [each.says for each in clause.expected] == [
        "wait 2h",
        "wait for Lead_Post_Create, 3d at most",
        "post https://x.example/",
    ]
    assert [str(each.place) for each in clause.expected] == [f"hooks/hooks.yaml:{n}:9" for n in (9, 10, 11)]
    assert [(each.path, each.value) for each in clause.found] == [("key data.Id", 7)]


def test_a_run_whose_key_has_no_value_is_told_to_fail(bundle) -> None:
    clause = only(bundle, AUTOMATION, event("Lead_Delete", {"id": 7})).stages[-1][1]
    assert clause.lack == 'key data.Id: there is no field "Id" (did you mean "id"?)'


def test_no_event_begins_what_the_clock_begins(bundle) -> None:
    text = "automations:\n  - {id: a, cron: {at: '0 3 * * *'}, steps: [{wait: 1h}]}\n"
    found = only(bundle, text, event("Lead_Delete", {}))
    assert found.refused is not None
    assert [each.says for each in found.refused[1].expected] == ["the clock, at 0 3 * * * in UTC"]


def test_a_key_for_repeats_is_told_with_its_value_and_its_window(bundle) -> None:
    text = """webhooks:
  - id: a
    event: Lead_Delete
    url: https://x.example/
    dedupe: {key: data.Id, window: 90m}
"""
    found = only(bundle, text, event("Lead_Delete", {"Id": 7}))
    stage, clause = found.stages[-1]
    assert (stage, found.selected, str(clause.place)) == ("dedupe", True, "hooks/hooks.yaml:6:5")
    assert (clause.found[0].value, clause.expected[0].says) == (
        7,
        "none of this key came within 1h 30m before",
    )
    stage, clause = only(bundle, text, event("Lead_Delete", {})).stages[-1]
    assert (stage, clause.found, bool(clause.lack)) == ("dedupe", (), True)


@pytest.mark.parametrize(("said", "told"), [("split", "is halved"), ("fail", "fails")])
def test_a_batch_is_told_with_what_becomes_of_a_list_that_is_too_large(bundle, said: str, told: str) -> None:
    text = f"""webhooks:
  - id: a
    event: Lead_Delete
    url: https://x.example/
    batch: {{window: 1m, on_too_large: {said}}}
"""
    stage, clause = only(bundle, text, event("Lead_Delete")).stages[-1]
    assert (stage, clause.holds) == ("batch", True)
    assert clause.expected[0].says == (
        "collected for 1m, up to 1,000 events or 1,048,576 bytes;"
        f" a list that is too large for its receiver {told}"
    )
