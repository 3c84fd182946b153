"""A glance: it sees what may have been written, and sees nothing where nothing was."""

from __future__ import annotations

from contextlib import closing

from hookwright.engine.journal.follow import Follower
from hookwright.engine.journal.writer import Writer
from hookwright.engine.runner.glance import Glance


def test_lines_and_segments_are_seen_and_nothing_else(tmp_path, until):
    folder = tmp_path / "history"
    with closing(Writer(folder, "intake")) as writer:
        writer.append("held", {}).result()
        glance = Glance(folder)
        with closing(Follower(folder, {})) as follower:
            assert glance.grew is False, "it was never told what there is"
            glance.looked(follower.poll(thorough=True).progress)
            assert not glance.grew
            writer.append("held", {}).result()
            assert glance.grew
            glance.looked(follower.poll(thorough=True).progress)
            assert not glance.grew
            with closing(Writer(folder, "runs")) as other:
                other.append("held", {}).result()
                assert until(lambda: glance.grew)
