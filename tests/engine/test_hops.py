"""How often an event has come back: what a header says, what an event says."""

from __future__ import annotations

import pytest

from hookwright.engine.hops import hops_in, hops_of
from hookwright.engine.intake.door import Defaults, read_events
from hookwright.engine.intake.rejected import Rejected

DEFAULTS = Defaults("/s", lambda index: f"evt_{index}")


@pytest.mark.parametrize(("text", "hops"), [(None, 0), ("0", 0), ("7", 7), ("999999", 999_999)])
def test_a_header_says_how_often(text, hops):
    assert hops_in(text) == hops


@pytest.mark.parametrize("text", ["", "-1", "1.0", "x", "1000000", "\u0661", " 1"])
def test_what_is_no_number_of_hops_is_said_to_be_none(text):
    assert hops_in(text) is None
    with pytest.raises(Rejected, match="hookwright-hops"):
        read_events(b'{"type": "a"}', "application/json", {"hookwright-hops": text}, DEFAULTS)


@pytest.mark.parametrize(("said", "hops"), [(3, 3), ("3", 3), ("x", 0), (True, 0), (-3, 0), (10**30, 10**6)])
def test_an_attribute_that_makes_no_sense_counts_for_nothing(said, hops):
    assert hops_of([("hookwrighthops", said)]) == hops


def test_every_event_of_a_request_gets_the_larger_number():
    body = (
        b'[{"type": "a"}, {"type": "b", "hookwrighthops": 5, "z": "1"}, {"type": "c", "hookwrighthops": "x"}]'
    )
    incoming = read_events(body, "application/json", {"hookwright-hops": "2"}, DEFAULTS)
    assert [event.extensions for event in incoming.events] == [
        (("hookwrighthops", 2),),
        (("hookwrighthops", 5), ("z", "1")),
        (("hookwrighthops", 2),),
    ]
