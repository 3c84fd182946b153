"""Any automation: its run ends the same wherever the process that carries it out is killed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .house import NOW, World

HOUR = 3_600_000

simple = st.sampled_from(
    [
        {"wait": "1h"},
        {"post": {"url": "https://a.example/"}},
        {"emit": {"type": "Reply", "data": {"Id": "{{ data.Id }}"}}},
        {"set": {"x": "{{ data.Id }}"}},
        {"wait_for": {"event": "Reply", "match": {"Id": ["{{ data.Id }}"]}, "timeout": "2h"}},
        {"post": {"url": "https://a.example/"}, "on_error": "continue"},
        {"stop": "enough"},
    ]
)
nested = st.builds(
    lambda steps, parallel: {"for_each": {"in": "data.List", "as": "one", "parallel": parallel, "do": steps}},
    st.lists(simple, min_size=1, max_size=2),
    st.sampled_from([1, 2]),
)
chosen = st.builds(
    lambda then, other, number: {"if": f"data.List | length > {number}", "then": then, "else": other},
    st.lists(simple, min_size=1, max_size=2),
    st.lists(simple, min_size=1, max_size=1),
    st.sampled_from([0, 5]),
)
automations = st.lists(st.one_of(simple, nested, chosen), min_size=1, max_size=4)


def play(one: World) -> list[Any]:
    """An event, and each call answered and each wait waited for until the run has ended."""
    one.accept("e1", Id="4711", List=[1, 2])
    for hour in range(40):
        one.go(NOW + hour * HOUR).book_results()
        if all(status != "In Queue" for _, status, _ in one.runs()):
            break
        over = {line["delivery"] for line in one.lines("settled")}
        for line in one.lines("action"):
            if line["id"] not in over and "emission" not in line:
                one.answer(line["step"])
                over.add(line["id"])
    return one.trace()


@pytest.mark.fault(76)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(automations, st.data())
def test_a_run_ends_the_same_wherever_it_was_interrupted(steps: list[Any], data: st.DataObject) -> None:
    text = yaml.safe_dump([{"id": "any", "event": "Lead", "steps": steps}])
    with tempfile.TemporaryDirectory() as folder:
        whole = World(Path(folder) / "whole", text)
        expected = play(whole)
        number = data.draw(st.integers(1, max(whole.passed, 1)))
        one = World(Path(folder) / "killed", text)
        one.kill_at = number
        assert play(one) == expected
        assert len({line["id"] for line in one.lines("action")}) == len(one.lines("action"))
        for each in (whole, one):
            each.close()
