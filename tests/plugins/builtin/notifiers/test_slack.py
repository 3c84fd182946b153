"""The slack notifier: the bytes a receiver gets."""

from __future__ import annotations

import json
from typing import ClassVar

from hookwright.interfaces.receiver import Receiver
from hookwright.plugins.builtin.notifiers.slack import SlackNotifier
from hookwright.plugins.hookspecs import Notifier
from hookwright.plugins.testing import NOTICES, NotifierContract, notice

from .conftest import Wire, post


class TestContract(NotifierContract):
    config: ClassVar = {"url": {"env": "SLACK"}}
    secrets: ClassVar = {"SLACK": "https://hooks.slack.example/services/T0/B0/zq7"}

    def make(self) -> Notifier:
        return SlackNotifier()


def request(told, url="https://hooks.slack.example/services/T0/B0/zq7"):
    return SlackNotifier().build({"url": {"env": "SLACK"}}, lambda _: url, Wire(1))(told)


def test_a_channel_gets_title_text_and_count():
    arrivals = []
    with Receiver(on_arrival=arrivals.append) as receiver:
        prepared = request(
            notice("msg_1", title="3 failed", text="a\nb", count=3), f"{receiver.url}/services/x"
        )
        assert post(prepared) == 200
    (arrival,) = arrivals
    assert (arrival.method, arrival.target) == ("POST", "/services/x")
    assert arrival.header("Content-Type") == "application/json"
    assert json.loads(arrival.body) == {
        "text": "3 failed",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "3 failed", "emoji": False}},
            {"type": "section", "text": {"type": "plain_text", "text": "a\nb", "emoji": False}},
            {
                "type": "context",
                "elements": [{"type": "plain_text", "text": "webhook test, 3 failed", "emoji": False}],
            },
        ],
    }


def test_what_a_receiver_answered_calls_nobody():
    said = json.loads(request(notice("msg_1", title="<!channel> & <@U1>")).body)
    assert said["text"] == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert {block["type"] for block in said["blocks"]} == {"header", "section", "context"}
    assert '"mrkdwn"' not in json.dumps(said)


def test_no_text_is_longer_than_slack_takes_and_none_is_empty():
    for told in NOTICES:
        header, section, _ = json.loads(request(told).body)["blocks"]
        assert 1 <= len(header["text"]["text"]) <= 150
        assert 1 <= len(section["text"]["text"]) <= 3000
