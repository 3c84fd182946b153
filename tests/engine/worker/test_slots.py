"""Who counts as under way: calls just begun, those that wait, and how many of both there may be."""

from __future__ import annotations

from hookwright.engine.worker.slots import Slots


def begun(slots, count, at=0.0, name="a"):
    for number in range(count):
        slots.begin(f"{name}{number}", at)


def test_each_call_takes_a_place_until_it_ends():
    slots = Slots(3, patience=1.0)
    begun(slots, 3)
    assert slots.room(0.5) == 0
    slots.end("a1")
    assert slots.room(0.5) == 1


def test_a_call_that_waits_long_gives_its_place_away():
    slots = Slots(3, patience=1.0)
    begun(slots, 3)
    assert slots.room(1.0) == 3
    slots.end("a0")
    assert slots.room(1.0) == 3


def test_both_kinds_together_stay_below_the_ceiling():
    slots = Slots(3, patience=1.0, ceiling=5)
    begun(slots, 3)
    assert slots.room(1.0) == 2
    begun(slots, 2, 1.0, "b")
    assert slots.room(9.0) == 0
    slots.end("a0")
    assert slots.room(9.0) == 1


def test_it_says_when_the_next_place_comes_by_itself():
    slots = Slots(3, patience=1.0)
    assert slots.next_room(0.0) is None
    slots.begin("a", 0.0)
    slots.begin("b", 0.5)
    assert slots.next_room(0.25) == 0.75
    slots.end("a")
    assert slots.next_room(0.5) == 1.0
