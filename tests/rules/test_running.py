"""How automations are built: their steps, the paths and places of these, and what each says."""

from hookwright.rules.doing import Doer
from hookwright.rules.expression import Expression
from hookwright.rules.model import EntityType
from hookwright.rules.references import Encoders, EventNames
from hookwright.rules.running import Director
from hookwright.rules.step_paths import step_paths
from hookwright.rules.steps import Assign, Choice, Cron, Do, Loop, Stop, Wait, WaitFor
from hookwright.rules.targets import target
from hookwright.schemas.problem import Place

NAMES = EventNames(frozenset({"Lead_Post_Create", "Lead_Post_Update"}), {"Lead Creation": "Lead_Post_Create"})
ENCODERS = Encoders.of({"json": ("application/json",)})
POST = {"post": {"url": "https://a.example.com/"}}
STEPS = [
    {"wait": "2h"},
    {"if": "data.a is not none", "then": [{"id": "hello", **POST}], "else": [{"stop": "no a"}]},
    {
        "id": "answered",
        "wait_for": {"event": ["Lead Creation", "Lead_*"], "timeout": "3d", "match": {"b": ["x"]}},
    },
    {"choose": [{"when": True, "do": [{"set": {"x": 1}}]}, {"when": "vars.x == 1", "do": [{"wait": "1s"}]}]},
    {
        "id": "each",
        "for_each": {"in": "data.c", "as": "one", "parallel": 3, "do": [{"id": "deep", **POST}, POST]},
    },
    {"id": "tell", "notify": {"to": ["sales", "ops"], "message": "hi"}, "on_error": "continue"},
    {"lapp": "score"},
    {"emit": {"type": "com.example.cold"}},
]


def built(**said):
    written = {"id": "welcome", "steps": STEPS, **said}
    places = {"welcome": Place("a.yaml", 3), "welcome/steps/hello": Place("a.yaml", 9)}
    doer = Doer(EntityType.AUTOMATION, "welcome", dict, lambda merged: target(merged, ENCODERS, {}))
    return Director(written, doer, NAMES, places).automation()


def test_every_step_says_what_it_is():
    kinds = [type(step.what) for step in built().steps]
    assert kinds == [Wait, Choice, WaitFor, Choice, Loop, Do, Do, Do]


def test_a_step_is_recorded_under_its_id_or_the_way_to_it():
    assert [step.path for step in built().all_steps()] == [
        "steps/0",
        "steps/1",
        "steps/hello",
        "steps/1/else/0",
        "steps/answered",
        "steps/3",
        "steps/3/choose/0/do/0",
        "steps/3/choose/1/do/0",
        "steps/each",
        "steps/deep",
        "steps/each/do/1",
        "steps/tell",
        "steps/6",
        "steps/7",
    ]
    assert set(step_paths({"steps": STEPS}).values()) == {step.path for step in built().all_steps()}


def test_a_step_stands_at_its_own_line():
    places = {step.path: step.place for step in built().all_steps()}
    assert places["steps/hello"] == Place("a.yaml", 9)
    assert built().place == Place("a.yaml", 3)


def test_everything_it_does_has_a_path_and_an_endpoint_of_its_own():
    said = {"on_failure": [{"notify": {"to": ["ops"], "message": "failed"}}, POST]}
    actions = list(built(**said).actions())
    assert [action.path for action in actions] == [
        "steps/hello",
        "steps/deep",
        "steps/each/do/1",
        "steps/tell/notify/sales",
        "steps/tell/notify/ops",
        "steps/6",
        "steps/7",
        "on_failure/0/notify/ops",
        "on_failure/1/post",
    ]
    assert actions[0].endpoint == "automation/welcome/steps/hello"


def test_a_wait_for_selects_types_by_name_label_and_glob():
    awaited = built().steps[2].what
    assert (awaited.events, awaited.globs) == (("Lead_Post_Create", "Lead_Post_Update"), ("Lead_*",))
    assert (awaited.timeout, awaited.match) == (3 * 86_400_000, {"b": ["x"]})
    assert built().wants("Lead_Post_Create")
    assert built().wants("Lead_Own")
    assert not built().wants("Task_Create")


def test_what_the_runs_compute_is_known_beforehand():
    assert [each.text for each in built(key="data.id").expressions()] == [
        "data.id",
        "data.a is not none",
        "vars.x == 1",
        "data.c",
    ]


def test_how_runs_keep_to_each_other_is_as_written():
    automation = built(key="data.id", mode="queued", max=3.0, on_overflow="drop_oldest", vars={"a": 1})
    assert (automation.key, automation.mode, automation.most) == (Expression.parse("data.id"), "queued", 3)
    assert (automation.on_overflow, automation.values) == ("drop_oldest", {"a": 1})


def test_steps_say_what_a_failure_does():
    assert [step.on_error for step in built().steps[4:6]] == ["stop", "continue"]


def test_a_clock_can_begin_runs():
    assert built(cron={"at": "0 3 * * *"}).cron == Cron("0 3 * * *", "UTC", "run_once")
    said = {"at": "0 3 * * *", "timezone": "Europe/Berlin", "missed": "skip"}
    assert built(cron=said).cron == Cron("0 3 * * *", "Europe/Berlin", "skip")


def test_plain_steps_keep_their_values():
    inner = built().steps[3].what.branches[0].steps[0].what
    assert inner == Assign({"x": 1})
    assert built().steps[1].what.otherwise[0].what == Stop("no a")
