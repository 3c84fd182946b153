"""Whatever stands in a file, loading it answers: a model, or problems with their places."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hookwright.rules.compile import compile_table
from hookwright.rules.load import load
from hookwright.schemas.document import read

BASE = {
    "version": 1,
    "bundle": "crm",
    "preset": "leadsquared",
    "defaults": {"timeout": "3s", "retry": {"attempts": 3, "initial": "1s"}, "headers": {"X-A": "a"}},
    "events": [{"type": "com.example.own", "description": "ours"}],
    "webhooks": [
        {
            "id": "a",
            "event": ["Lead_Post_Create", "Task_*"],
            "url": "https://example.com/",
            "match": {"N": [1, {"prefix": "a"}], "$or": [{"a": [1]}, {"b": [2]}]},
            "source": ["/a", "/b*"],
            "query": {"k": {"env": "K"}},
            "success": [200, "3xx"],
            "auth": {"type": "bearer", "token": {"env": "T"}},
            "labels": {"team": "growth"},
            "delay": "1s",
            "concurrency": 4,
            "retry": {"schedule": ["1s"]},
        }
    ],
    "rules": [{"id": "b", "event": "Task_Create", "actions": [{"post": {"url": "https://example.com/1"}}]}],
}

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["*", "a", "b", "Task_*", "{{ x }}", "1s", "2xx", "0s", "Lead Creation", 3.0, 1.0, 1e300]
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "event", "url", "env", "type", "post", "", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=5,
)


def places(value, path=()):
    """Every way into a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))


PLACES = list(places(BASE))

# All that is refused for now, right as it stands: what is wrong is then told beside that.
EVERYTHING = Path(__file__).parent / "cases" / "err" / "everything-not-supported-yet.yaml"
LATER = read(EVERYTHING, name="a.yaml").document.value
LATER_PLACES = list(places(LATER))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_a_bundle_with_anything_anywhere_is_answered(changes):
    content = copy.deepcopy(BASE)
    for path, value in changes:
        put(content, path, value)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text(json.dumps(content), encoding="utf-8")
        loaded = load(Path(folder))
    assert (loaded.model is None) == (loaded.source is None) == bool(loaded.errors)
    assert all(problem.place.line > 0 and problem.message for problem in loaded.problems)
    if loaded.model is not None:
        assert compile_table(loaded.model).revision == loaded.source.revision


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LATER_PLACES), VALUES), min_size=1, max_size=3))
def test_so_is_one_with_anything_in_what_is_not_supported_yet(changes):
    content = copy.deepcopy(LATER)
    for path, value in changes:
        put(content, path, value)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text(json.dumps(content), encoding="utf-8")
        loaded = load(Path(folder))
    assert loaded.model is None
    assert loaded.source is None
    assert all(problem.place.line > 0 and problem.message for problem in loaded.problems)


def put(content, path, value):
    """Replace what stands at `path`, unless an earlier change took the way there."""
    at = content
    for step in path[:-1]:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(at, dict) or (isinstance(at, list) and isinstance(path[-1], int) and path[-1] < len(at)):
        at[path[-1]] = value
