from __future__ import annotations

import pytest

from hookwright.rules.event import Event


def event(**changes) -> Event:
    fields = {"id": "1", "source": "/crm", "type": "Task_Create", "data": [{"a": 1}], "raw": b'[{"a": 1}]'}
    return Event(**{**fields, **changes})


def test_an_event_is_a_value():
    assert event() == event()
    assert event(data=[{"a": 2}]) != event()
    assert event(raw=b'[{"a":1}]') != event()
    with pytest.raises(AttributeError):
        event().type = "Task_Update"


def test_an_event_can_stand_in_a_set_whatever_its_data():
    assert len({event(), event(), event(id="2")}) == 2
