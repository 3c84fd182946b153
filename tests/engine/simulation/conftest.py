"""A timeline played under a bundle, both written in the test."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests import wild

from hookwright.engine.simulation.timeline import Timeline, read_timeline
from hookwright.engine.simulation.world import live_through
from hookwright.interfaces.bundle import Bundle
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table


@pytest.fixture
def play(tmp_path):
    with wild.installed():
        plugins = load_plugins(allow=["wild"])

    def played(bundle: str, timeline: str):
        config, events = tmp_path / "webhooks.yaml", tmp_path / "timeline.txt"
        config.write_text("version: 1\n" + dedent(bundle))
        events.write_text(dedent(timeline))
        loaded = Bundle(config, plugins).load()
        assert loaded.source is not None, loaded.problems
        read = read_timeline(events, compile_table(loaded.model))
        if not isinstance(read, Timeline):
            return read
        told = live_through(read, loaded.source, plugins)
        return [(each.at - read.start, each.kind, each.subject, each.text) for each in told]

    return played
