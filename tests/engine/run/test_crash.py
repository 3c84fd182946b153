"""Runs that crash at every boundary, and hear everything twice, end as those that never do."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.engine.run.drawn import happenings, story, trees
from tests.engine.run.naive import Naive
from tests.engine.run.world import automation

from hookwright.rules.steps import Loop

SEEDS = st.integers(0, 50)


@settings(max_examples=80, deadline=None)
@given(trees, SEEDS, happenings)
def test_a_run_ends_the_same_with_and_without_crashes(steps, seed, happened):
    whole = story(steps, seed, happened)
    broken = story(steps, seed, happened, crashing=True)
    assert broken.end == whole.end
    assert broken.run.records == whole.run.records
    assert sorted(broken.placed) == sorted(whole.placed)


@settings(max_examples=100, deadline=None)
@given(trees, SEEDS, happenings)
def test_no_step_begins_twice_and_a_terminal_state_is_final(steps, seed, happened):
    played = story(steps, seed, happened, crashing=True)
    states = played.states()
    assert len(states) == len(set(states))
    assert len(played.placed) == len({placed[:2] for placed in played.placed})


@settings(max_examples=100, deadline=None)
@given(trees, SEEDS, happenings)
def test_no_more_items_go_on_at_one_time_than_told(steps, seed, happened):
    played = story(steps, seed, happened)
    for loop in played.automation.all_steps():
        if isinstance(loop.what, Loop):
            assert played.most_at_one_time(loop) <= loop.what.parallel


@settings(max_examples=100, deadline=None)
@given(trees, SEEDS, happenings)
def test_a_run_that_does_one_thing_at_a_time_goes_as_a_naive_model_says(steps, seed, happened):
    whats = [step.what for step in automation(steps).all_steps()]
    assume(all(what.parallel == 1 for what in whats if isinstance(what, Loop)))
    model = Naive(seed, happened)
    status = model.play(steps)
    played = story(steps, seed, happened)
    assert (played.end.status, played.now) == (status, model.now)
    assert sorted(played.placed) == sorted(model.placed)
