"""Presence: a name belongs to one living server; one that died gives it up, its own folder takes it back."""

from __future__ import annotations

import pytest

from hookwright.engine.state import StateBusy
from hookwright.interfaces.presence import HELD_SECONDS, Presence


class Names:
    """A ledger that keeps names by a clock of the test's own."""

    def __init__(self):
        self.now = 0.0
        self.held = {}

    def hold(self, node, by, seconds):
        holder, until = self.held.get(node, (by, 0.0))
        if holder != by and until > self.now:
            return holder, int((until - self.now) * 1000)
        self.held[node] = (by, self.now + seconds)
        return by, int(seconds * 1000)


@pytest.fixture
def names():
    return Names()


def presence(names, by, sleep=None):
    def wait(seconds):
        names.now += seconds
        if sleep:
            sleep()

    return Presence(names, "nod_a", by, clock=lambda: names.now, sleep=wait)


@pytest.mark.fault(7)
def test_a_second_server_of_the_same_name_is_refused_while_the_first_lives(names):
    first = presence(names, "here")
    first.take()

    def renew():
        names.now += 2
        first.renew()

    with pytest.raises(StateBusy, match="nod_a"):
        presence(names, "a copy", renew).take()


def test_the_name_of_a_server_that_died_is_free_after_its_time(names):
    presence(names, "here").take()
    presence(names, "elsewhere").take()
    assert names.now == pytest.approx(HELD_SECONDS, abs=0.5)


def test_a_server_that_is_started_again_on_its_folder_waits_for_nobody(names):
    presence(names, "here").take()
    presence(names, "here").take()
    assert names.now == 0


def test_who_leaves_frees_the_name_at_once(names):
    first = presence(names, "here")
    first.take()
    first.leave()
    presence(names, "elsewhere").take()
    assert names.now == 0
