"""The webhook notifier: the bytes a receiver gets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import ClassVar

import pytest

from hookwright.interfaces.receiver import Receiver
from hookwright.plugins.builtin.notifiers.webhook import WebhookNotifier
from hookwright.plugins.errors import InvalidHeader
from hookwright.plugins.hookspecs import Notifier
from hookwright.plugins.testing import NotifierContract, failed_delivery, notice

from .conftest import Wire, post

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "notify-on-failure.md"


class TestContract(NotifierContract):
    config: ClassVar = {
        "url": "https://alerts.example.com/x?y=1",
        "headers": {"X-Key": {"env": "KEY"}, "X-Team": "a"},
    }
    secrets: ClassVar = {"KEY": "s3cret-Zq7"}

    def make(self) -> Notifier:
        return WebhookNotifier()


class TestContractWithASecretURL(NotifierContract):
    config: ClassVar = {"url": {"env": "URL"}}
    secrets: ClassVar = {"URL": "https://alerts.example.com/s3cret-Zq7"}

    def make(self) -> Notifier:
        return WebhookNotifier()


def request(told, url, headers=None):
    config = {"url": url, "headers": headers or {}}
    return WebhookNotifier().build(config, lambda reference: f"value of {reference['env']}", Wire(1))(told)


def test_a_receiver_gets_the_notice_as_the_documentation_shows_it():
    told = notice(
        "msg_kiemwr7hqlstavs5jpkgfb4mem", title="1 delivery failed", text="…", failures=(failed_delivery(1),)
    )
    arrivals = []
    with Receiver(on_arrival=arrivals.append) as receiver:
        prepared = request(
            told, f"{receiver.url}/x?y=1", {"X-Key": {"env": "KEY"}, "Content-Type": "application/x+json"}
        )
        assert post(prepared) == 200
    (arrival,) = arrivals
    assert (arrival.method, arrival.target) == ("POST", "/x?y=1")
    assert arrival.header("X-Key") == "value of KEY"
    assert arrival.header("Content-Type") == "application/x+json"
    shown = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    sent, documented = json.loads(arrival.body), json.loads(shown[1])
    assert sent.keys() == documented.keys()
    assert sent["failures"][0].keys() == documented["failures"][0].keys()
    assert sent["at"] == "2023-11-14T22:13:20Z"
    assert sent["failures"] == [
        {
            "delivery": "dlv_00000000000000000000000001",
            "eventType": "com.example.test",
            "eventId": "evt_1",
            "url": "https://receiver.example/hook",
            "attempts": 3,
            "code": 500,
            "error": "status",
            "reason": "attempts exhausted",
            "at": "2023-11-14T22:13:19Z",
        }
    ]


def test_a_secret_that_no_header_can_carry_is_refused_when_built_and_not_shown():
    def secrets(reference):
        return "s3cret\r\nX-Evil: 1"

    with pytest.raises(InvalidHeader) as caught:
        WebhookNotifier().build(
            {"url": "https://a.example", "headers": {"X": {"env": "K"}}}, secrets, Wire(1)
        )
    assert "s3cret" not in str(caught.value)


def test_a_header_of_ours_is_refused():
    with pytest.raises(InvalidHeader):
        request(notice("msg_1"), "https://a.example", {"Webhook-Id": "x"})
