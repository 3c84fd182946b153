"""Whether a configuration gives the runner something to do."""

from __future__ import annotations

from hookwright.rules.table import RoutingTable


def needs_runner(table: RoutingTable) -> bool:
    """Whether it has automations, or actions that send events of one's own."""
    return any(
        one.automation is not None or any(action.emission for action in one.actions)
        for one in table.subscribers
    )
