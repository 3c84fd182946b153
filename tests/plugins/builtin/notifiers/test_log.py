"""The log notifier."""

from __future__ import annotations

from typing import ClassVar

from structlog.testing import capture_logs

from hookwright.plugins.builtin.notifiers.log import LogNotifier
from hookwright.plugins.hookspecs import Notifier
from hookwright.plugins.testing import NOTICES, NotifierContract

from .conftest import Wire


class TestContract(NotifierContract):
    config: ClassVar = {}

    def make(self) -> Notifier:
        return LogNotifier()


def test_a_notice_is_one_line_with_its_facts():
    with capture_logs() as lines:
        for told in NOTICES[2:6]:
            assert LogNotifier().build({}, lambda _: "", Wire(1))(told) is None
    assert [(line["log_level"], line["event"], line["kind"], line["failed"]) for line in lines] == [
        ("error", "1 delivery of webhook test failed", "failure", 1234),
        ("info", "Big deal", "message", 0),
        ("error", "webhook test is disabled", "disabled", 0),
        ("info", "A test", "test", 0),
    ]
    assert lines[0]["notice"] == "msg_twenty"
    assert lines[0]["subscriber"] == "webhook/test"
    assert len(lines[0]["deliveries"]) == 20
