"""The bundle in docs/how-to/notify-on-failure.md is valid, and tells whom the page says."""

from __future__ import annotations

import re
from pathlib import Path

from hookwright.plugins.loader import load_plugins
from hookwright.rules.load import load

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "notify-on-failure.md").read_text(encoding="utf-8")


def test_the_bundle_of_the_page_tells_whom_it_says(tmp_path):
    (bundle,) = re.findall(r"```yaml\n(version: 1\n.*?)```", PAGE, re.DOTALL)
    (tmp_path / "hooks.yaml").write_text(bundle, encoding="utf-8")
    plugins = load_plugins(allow=())
    loaded = load(tmp_path, fragments=plugins.fragments())
    assert [str(problem) for problem in loaded.problems] == []
    assert {one.id: one.notify for one in loaded.model.subscribers} == {
        "deals-to-chat": ("sales", "ops-log"),
        "experiments": (),
        "leads-to-erp": ("admins",),
    }


def test_every_built_in_type_has_a_section():
    for name in load_plugins(allow=()).notifiers:
        assert f"\n## `{name}`\n" in PAGE
