"""Stencils: what is drawn is what the ordinary way would write, byte for byte; what differs goes that way."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.intake.answer import first_answer
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.stencil import LARGEST, MOST_DELIVERIES, Stencils
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.plugins.builtin.encoders.json import JsonEncoder
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.expression import Expression
from hookwright.rules.model import (
    Action,
    Batch,
    Dedupe,
    EntityType,
    Model,
    Schedule,
    Subscriber,
    Target,
    endpoint_name,
)
from hookwright.rules.steps import Automation
from hookwright.rules.telling import Emission
from hookwright.schemas.problem import Place

NOW = 1_700_000_000_250
PLACING = Placing("nod_x", load_plugins(allow=()).encoders)
KEY = Expression.parse("data.id")


def subscriber(name, *, kind=EntityType.WEBHOOK, paths=("",), target=None, **settings):
    target = Target(**{"url": "http://127.0.0.1:1/", **(target or {})})
    actions = tuple(Action(endpoint_name(kind, name, path), path, target) for path in paths)
    return Subscriber(kind, name, ("t",), actions, Place("100%.yaml", 3, 5), **settings)


def stencil_for(*subscribers, event=None, placing=PLACING):
    table = compile_table(Model("b", "leadsquared", "sha256:r", subscribers, frozenset({"t"})))
    return Stencils(placing).of(event or Event("1", "/s", "t", None, b"null"), table)


def test_an_automation_begins_runs_the_ordinary_way_also_when_it_calls_nobody():
    silent = subscriber("silent", kind=EntityType.AUTOMATION, paths=(), automation=Automation(()))
    assert stencil_for(silent) is None
    assert stencil_for(subscriber("a"), silent) is None


SUBSCRIBERS = (
    subscriber("a", delay=90_000),
    subscriber("typed", target={"content_type": "application/vnd.x+json"}),
    subscriber("é%b", kind=EntityType.RULE, paths=("actions/0/post", "actions/1/post")),
)
STENCIL = stencil_for(*SUBSCRIBERS)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(TEXT, TEXT, st.none() | TEXT, st.none() | TEXT, st.sampled_from([b"null", b'{"%d": "\\u00e9 ~"}']))
def test_what_is_drawn_is_what_the_ordinary_way_writes(name, source, time, subject, raw):
    event = Event(name, source, "t", msgspec.json.decode(raw), raw, time, subject)
    ordinary = [
        PLACING.placed(event, each, action, NOW)[1] for each in SUBSCRIBERS for action in each.actions
    ]
    drawn = STENCIL.draw(event, "f00d", NOW)
    assert drawn.deliveries == tuple(ordinary)
    assert [drawn.entry] == accepted_entries(event, "sha256:r", ordinary, drawn.bodies, "f00d")
    assert drawn.answer() == first_answer(name, "sha256:r", ordinary)
    assert [(each.delivery, each.body, each.accepted) for each in drawn.fresh(1.0)] == [
        (delivery, raw, 1.0) for delivery in ordinary
    ]


def test_an_event_without_subscribers_is_drawn_as_well():
    event = Event("1", "/s", "t", None, b"null")
    drawn = stencil_for().draw(event, "f00d", NOW)
    assert [drawn.entry] == accepted_entries(event, "sha256:r", (), {}, "f00d")


class Encoder(JsonEncoder):
    """Somebody's own, which may do anything."""


@pytest.mark.parametrize(
    "settings",
    [
        {"batch": Batch(1000)},
        {"order_by": KEY},
        {"dedupe": Dedupe(KEY, 1000)},
        {"redact": (("a",),)},
        {"match": {"a": 1}},
        {"condition": KEY},
        {"sources": ("/s",)},
        {"skip_outside": Schedule("office", "UTC")},
        {"target": {"method": "GET"}},
        {"target": {"encoder": "form", "content_type": "application/x-www-form-urlencoded"}},
        {"target": {"encoder": "unheard-of"}},
    ],
    ids=str,
)
def test_where_more_is_decided_an_event_goes_the_ordinary_way(settings):
    assert stencil_for(subscriber("a"), subscriber("b", **settings)) is None


def test_what_is_no_plain_call_goes_the_ordinary_way():
    telling = subscriber("a", kind=EntityType.RULE, paths=("actions/0/emit",))
    emitting = replace(telling.actions[0], emission=Emission("t"))
    assert stencil_for(replace(telling, actions=(emitting,))) is None
    assert stencil_for(subscriber("a"), placing=replace(PLACING, encoders={"json": Encoder()})) is None


@pytest.mark.parametrize(
    "event",
    [
        Event("1", "/s", "t", None, b"[1,\n2]"),
        Event("1", "/s", "t", None, b"[1,\r2]"),
        Event("1", "/s", "t", None, b'"%b"' % (b"x" * LARGEST)),
        Event("1", "/s", "t", None, b"null", extensions=(("hookwrighthops", 9),)),
    ],
    ids=["line feed", "carriage return", "large", "extension"],
)
def test_what_a_line_cannot_simply_hold_goes_the_ordinary_way(event):
    assert stencil_for(subscriber("a"), event=event) is None


def test_a_setting_that_looks_like_a_gap_goes_the_ordinary_way():
    assert stencil_for(subscriber("a", target={"url": "http://127.0.0.1:1/~hookwright~id~"})) is not None
    assert stencil_for(replace(subscriber("a"), place=Place("~hookwright~fingerprint~", 3, 5))) is None


def test_very_many_deliveries_go_the_ordinary_way():
    many = [subscriber(f"s{number}") for number in range(MOST_DELIVERIES + 1)]
    assert stencil_for(*many[1:]) is not None
    assert stencil_for(*many) is None


def test_another_table_has_stencils_of_its_own():
    event = Event("1", "/s", "t", None, b"null")
    tables = [
        compile_table(Model("b", "leadsquared", revision, (subscriber("a"),), frozenset({"t"})))
        for revision in ("sha256:one", "sha256:two")
    ]
    stencils = Stencils(PLACING)
    assert [stencils.of(event, table).revision for table in (*tables, *tables)] == [
        "sha256:one",
        "sha256:two",
        "sha256:one",
        "sha256:two",
    ]
