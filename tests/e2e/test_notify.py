"""People are told of failures: real servers, notifiers, receivers, a mail server, and crashes in between."""

from __future__ import annotations

import asyncio
import json
import socket
import threading

import pytest
from aiosmtpd.smtp import SMTP

from hookwright.engine.history.row import Filter

WINDOW = 2_500  # ms: a digest a person waits ten minutes for

BUNDLE = """
version: 1
notifiers:
  - id: alerts
    type: webhook
    default: true
    url: {{env: ALERTS_URL}}
    headers: {{X-Key: {{env: ALERTS_KEY}}}}
  - id: admins
    type: email
    from: Hookwright <hooks@example.com>
    to: [ops@example.com]
    smtp: {{host: 127.0.0.1, port: {mail}, starttls: false}}
  - id: away
    type: email
    from: hooks@example.com
    to: [ops@example.com]
    smtp: {{host: 127.0.0.1, port: {away}, starttls: false}}
  - id: closed  # a port that is open to nobody
    type: email
    from: hooks@example.com
    to: [ops@example.com]
    smtp: {{host: 127.0.0.1, port: 9, starttls: false}}
webhooks:
  - id: crm
    event: Lead_Post_Create
    url: "{url}/down"
    retry: {{attempts: 1}}
    notify_on_failure: [alerts]
    disable_after: {disable}
  - {{id: mailed, event: Task_Create, url: "{url}/down", retry: {{attempts: 1}}, notify_on_failure: [admins]}}
  - {{id: waiting, event: Task_Update, url: "{url}/down", retry: {{attempts: 1}}, notify_on_failure: [away]}}
  - id: untold
    event: Task_Complete
    url: "{url}/down"
    retry: {{attempts: 1}}
    notify_on_failure: [closed, alerts]
  - {{id: fine, event: Lead_Post_Create, url: "{url}/up", notify_on_failure: true}}
"""


class Mailbox:
    """A mail server on loopback; `taken` are the messages it got."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        served = self._loop.create_server(lambda: SMTP(self), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(served, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802  # aiosmtpd's name for it
        self.taken.append(envelope.content.decode())
        return "250 taken"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def start(serve, receiver, *, mail=9, disable="false", window=WINDOW):
    """A server whose `/down` always fails; itself and its receiver."""
    sink = receiver({"/down": (500,), "/up": (200,), "/alerts/toptopsecret": (204,)})
    environment = {
        "ALERTS_URL": f"{sink.url}/alerts/toptopsecret",
        "ALERTS_KEY": "k3y-of-alerts",
        "HOOKWRIGHT_NOTICE_WINDOW": str(window),
    }
    with socket.create_server(("127.0.0.1", 0)) as listening:
        away = listening.getsockname()[1]
    bundle = BUNDLE.format(url=sink.url, mail=mail, away=away, disable=disable)
    return serve(bundle, environment=environment), sink, away


@pytest.fixture
def notifying(serve, receiver):
    """`notifying(disable=..., window=...)` starts a server of the test's own."""
    return lambda **options: start(serve, receiver, **options)[:2]


@pytest.fixture(scope="module")
def shared(module_serve, module_receiver):
    """A server, its receiver, a mailbox and the port of one that is away. Each test has its own webhook."""
    box = Mailbox()
    server, sink, away = start(module_serve, module_receiver, mail=box.port)
    yield server, sink, box, away
    box.stop()


def emit(server, count=1, kind="Lead_Post_Create"):
    """Post so many events; all in one request."""
    batch = [
        {"specversion": "1.0", "id": f"n{number}", "source": f"/{kind}", "type": kind, "data": {}}
        for number in range(count)
    ]
    status, answer = server.post(batch, content_type="application/cloudevents-batch+json")
    assert status == 202, answer


def notices(sink, about="crm"):
    """What the webhook notifier posted about a webhook, by notice, in the order of the first arrival."""
    found = {}
    for arrival in list(sink.arrivals.all):
        if arrival.target.startswith("/alerts"):
            found[arrival.header("webhook-id")] = json.loads(arrival.body)
    return [each for each in found.values() if each["entityId"] == about]


def told(server, about="crm", **wanted):
    """Rows of notices about a webhook that are so."""
    rows = [row for row in server.reader().list(Filter(kind="notice"), limit=1000) if row.entity_id == about]
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def test_a_failure_reaches_a_webhook_and_shows_no_secret(shared, until):
    server, sink, *_ = shared
    emit(server)
    (notice,) = until(lambda: notices(sink))
    assert (notice["kind"], notice["entityId"], notice["count"]) == ("failure", "crm", 1)
    (failure,) = notice["failures"]
    assert (failure["eventId"], failure["code"], failure["attempts"]) == ("n0", 500, 1)
    (row,) = until(lambda: told(server, status="Success"))
    shown = server.show(row.id)
    (attempt,) = shown["attempts"]
    assert attempt["request"]["url"] == "[redacted]"
    assert dict(attempt["request"]["headers"])["X-Key"] == "[redacted]"
    everything = b"\n".join(server.raw_journal()) + server.log.read_bytes()
    for secret in (b"toptopsecret", b"k3y-of-alerts"):
        assert secret not in everything
    (arrival,) = [each for each in sink.arrivals.all if each.header("webhook-id") == row.message]
    assert arrival.header("x-key") == "k3y-of-alerts"


def test_a_failure_reaches_a_mailbox(shared, until):
    server, _, mailbox, _ = shared
    emit(server, kind="Task_Create")
    (mail,) = until(lambda: mailbox.taken)
    assert "Subject: A delivery of webhook mailed failed: status 500" in mail.replace("\r\n ", " ")
    (row,) = until(lambda: told(server, "mailed", status="Success"))
    assert (row.action, row.attempts) == ("notify/admins", 1)


@pytest.mark.slow
def test_a_subscriber_that_is_switched_off_is_told_of_while_it_is_off(notifying, until):
    server, sink = notifying(disable="{failures: 3}", window=600_000)
    emit(server, 3)
    kinds = until(lambda: len(notices(sink)) == 2 and [each["kind"] for each in notices(sink)])
    assert sorted(kinds) == ["disabled", "failure"]
    (disabled,) = [each for each in notices(sink) if each["kind"] == "disabled"]
    assert disabled["title"] == "webhook crm was switched off: 3 failed deliveries in a row"
    assert len(until(lambda: told(server, status="Success"))) >= 1


@pytest.mark.slow
def test_two_hundred_failures_make_two_notices_that_count_them_all(notifying, until):
    server, sink = notifying(window=8_000)
    emit(server, 200)
    until(lambda: server.reader().counts()["Failure"] == 200, seconds=30)
    until(lambda: len(notices(sink)) >= 2, seconds=20)
    first, second = notices(sink)
    assert first["count"] + second["count"] == 200
    assert len(second["failures"]) == min(20, second["count"])
    lines = [line for line in server.journal() if line["kind"] == "notice"]
    about = [each for line in lines for each in line["about"]]
    assert len(about) == len(set(about)) == 200


def test_a_notifier_whose_server_is_away_is_tried_again_and_says_why(shared, until):
    server, sink, _, port = shared
    emit(server, kind="Task_Update")
    (row,) = until(lambda: told(server, "waiting", state="retrying"))
    said = f"127.0.0.1:{port} takes no connection: Connection refused"
    assert (row.error, row.reason, row.attempts) == ("connect", said, 1)
    assert notices(sink, "waiting") == []


def test_a_notifier_that_fails_is_recorded_and_logged_once_and_tells_nobody(shared, until):
    server, sink, *_ = shared
    emit(server, kind="Task_Complete")
    (row,) = until(lambda: told(server, "untold", status="Failure"))
    assert (row.error, row.reason) == ("blocked_target", "port 9 is closed")
    assert server.log.read_text().count(f"notifier closed could not tell notice {row.id}") == 1
    until(lambda: notices(sink, "untold"))
    assert len(told(server, "untold")) == 2
    code, out, _ = server.run("history", "list", "-o", "json", "--limit", "50")
    assert code == 0
    assert all(each["kind"] != "notice" for each in json.loads(out)["deliveries"])


@pytest.mark.parametrize("victim", ["worker", pytest.param("bookkeeper", marks=pytest.mark.slow)])
def test_no_notice_is_lost_or_doubled_when_a_process_is_killed(notifying, until, victim):
    server, sink = notifying()
    emit(server, 60)
    until(lambda: server.reader().counts()["Failure"] >= 10)
    (process, *_) = until(lambda: server.children(victim))
    process.kill()
    until(lambda: server.reader().counts()["Failure"] == 60, seconds=40)
    until(lambda: sum(each["count"] for each in notices(sink)) == 60, seconds=40)
    lines = [line for line in server.journal() if line["kind"] == "notice"]
    about = [each for line in lines for each in line["about"]]
    failed = {
        line["delivery"] for line in server.journal() if line["kind"] == "settled" and line.get("notify")
    }
    assert len(about) == len(set(about)) == 60
    assert set(about) == failed
