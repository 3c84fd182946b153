"""A bundle beside another one: what it may use of it, what only one may have, one revision over both."""

from __future__ import annotations

import pytest

from hookwright.rules.beside import load_beside
from hookwright.rules.build import build
from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.load import load_nothing
from hookwright.rules.source import from_json
from hookwright.schemas.document import parse

HOST = """
defaults: {timeout: 99s, headers: {X-Secret: {env: HOST_ONLY}}}
events: [{type: com.example.own}]
notifiers: [{id: ops, type: log, default: true}]
webhooks: [{id: host, event: Lead_Post_Create, url: https://host.example/}]
"""
HOOK = "{{id: {}, event: {}, url: 'https://guest.example/'{}}}"


@pytest.fixture
def host(bundle):
    return bundle(HOST, fragments=None).source


def beside(host, *hooks, text="", **options):
    raw = f"version: 1\n{text}" + ("webhooks: [" + ", ".join(hooks) + "]\n" if hooks else "")
    return load_beside(parse(raw.encode(), name="api.yaml").document, host, **options)


def hook(identifier="guest", event="Lead_Post_Create", more=""):
    return HOOK.format(identifier, event, more)


def ids(source, kind="Lead_Post_Create"):
    event = Event("e", "/s", kind, {}, b"{}")
    return [one.id for one in compile_table(build(source)).match(event)]


def test_both_bundles_are_matched_by_one_table(host):
    joined = beside(host, hook()).source
    assert ids(joined) == ["guest", "host"]
    assert ids(from_json(joined.to_json())) == ["guest", "host"]
    assert from_json(joined.to_json()) == joined


def test_a_guest_sees_the_hosts_events_and_notifiers(host):
    loaded = beside(host, hook(event="com.example.own", more=", notify_on_failure: true"))
    assert loaded.problems == ()
    (guest,) = [one for one in loaded.model.subscribers if one.id == "guest"]
    assert guest.events == ("com.example.own",)
    assert guest.notify == ("ops",)


def test_a_guest_is_not_lent_the_hosts_defaults(host):
    model = beside(host, hook()).model
    targets = {one.id: one.actions[0].target for one in model.subscribers}
    assert targets["host"].timeout == 99_000
    assert targets["guest"].timeout == 15_000
    assert targets["guest"].headers == ()


def test_the_guests_place_is_its_own(host):
    model = beside(host, hook()).model
    assert {one.id: one.place.file for one in model.subscribers} == {
        "guest": "api.yaml",
        "host": "hooks/hooks.yaml",
    }


def test_one_revision_covers_both(host, bundle):
    one, other = beside(host, hook()).source, beside(host, hook(more=", delay: 1s")).source
    assert len({host.revision, one.revision, other.revision}) == 3
    assert beside(host, hook()).source.revision == one.revision
    changed = bundle(HOST.replace("99s", "98s")).source
    assert beside(changed, hook()).source.revision != one.revision


@pytest.mark.parametrize("text", ["", "webhooks: []\n"])
def test_a_guest_that_says_nothing_changes_nothing(host, text):
    joined = beside(host, text=text).source
    assert joined.revision == host.revision
    assert joined.to_json() == host.to_json()


def test_a_guest_beside_nothing_stands_alone():
    joined = beside(load_nothing().source, hook()).source
    assert ids(joined) == ["guest"]


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        (
            [hook("host")],
            'HW101 error: duplicate id "host" (rename one, or take one away); first one here: hooks/',
        ),
        ([hook(), hook()], 'HW101 error: duplicate id "guest"; first one here: api.yaml:2:'),
        (
            [hook(event="com.example.oun")],
            'HW102 error: unknown event "com.example.oun" (did you mean "com.example.own"?)',
        ),
        ([hook(more=", notify_on_failure: [opz]")], 'HW121 error: unknown notifier "opz" (there are: ops)'),
        ([hook(more=", urll: x")], 'HW012 error: unknown key "urll" (did you mean "url"?)'),
    ],
)
def test_a_faulty_guest_is_refused_with_its_place(host, hooks, said):
    loaded = beside(host, *hooks)
    assert loaded.model is None
    assert loaded.source is None
    (problem,) = loaded.problems
    assert str(problem).startswith("api.yaml:2:")
    assert said in str(problem)


@pytest.mark.parametrize(
    "key", ["bundle: api", "defaults: {}", "rules: []", "events: []", "preset: leadsquared"]
)
def test_a_guest_holds_webhooks_only(host, key):
    loaded = beside(host, hook(), text=f"{key}\n")
    assert [problem.code for problem in loaded.errors] == ["HW131"]


def test_a_folder_named_like_the_reserved_bundle_is_not_called_so(tmp_path):
    from hookwright.rules.load import load

    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "a.yaml").write_text("version: 1\n")
    assert load(folder).source.bundle == "default"
