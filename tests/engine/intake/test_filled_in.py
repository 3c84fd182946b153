"""What is filled in when an event comes is what goes out, and nothing that is kept says what is redacted."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import pytest

from hookwright.engine.book.batching import Batching
from hookwright.engine.book.book import Book
from hookwright.engine.call.prepare import Prepared, Refusal
from hookwright.engine.call.transport import Reply
from hookwright.engine.delivery import Emitted
from hookwright.engine.history.notice import read_notice
from hookwright.engine.intake.intake import Intake
from hookwright.engine.intake.journalling import plan_entries
from hookwright.engine.intake.known import KnownEvents
from hookwright.engine.intake.offering import Offering
from hookwright.engine.intake.placing import Placing
from hookwright.engine.intake.rendering import Rendering
from hookwright.engine.journal.sealing import vault_of
from hookwright.engine.ledger.work import Claim
from hookwright.engine.worker.published import loader
from hookwright.plugins.loader import load_plugins
from hookwright.rules.compile import compile_table
from hookwright.rules.event import Event
from hookwright.rules.load import load
from hookwright.rules.model import Action, Target
from hookwright.rules.telling import Emission

LEAD = {"Id": "a/b c?&#", "Name": "Zoë", "Score": 60, "Mail": "ada@example.com", "Gone": None, "Up": ".."}
PLUGINS = load_plugins(allow=())
PLAIN = "application/json"


class Town:
    """A node that accepts, keeps and offers, with what a worker prepares of it."""

    def __init__(self, folder, node, kit, text):
        path = folder / "webhooks.yaml"
        path.write_text(text)
        self.node, self.kit = node, kit
        self.offering = Offering(lambda fresh: None, limit=100, clock=lambda: 0.0)
        self.publish(path)
        self.intake = Intake(
            node=kit.NODE,
            table=lambda: self.table,
            placing=Placing(kit.NODE, PLUGINS.encoders, vault_of(node.history).keyed),
            record=self._record,
            known=KnownEvents(lambda *_: None, lambda: 0.0),
            offering=self.offering,
            clock=node.clock,
            monotonic=lambda: 0.0,
        )

    def publish(self, path):
        loaded = load(path, allow_undeclared_events=True)
        assert loaded.model is not None, loaded.problems
        self.table = compile_table(loaded.model)
        self.live = loader(PLUGINS)("sha256:r", loaded.source.to_json())

    async def _record(self, plans):
        vault = vault_of(self.node.history)
        entries = [entry for plan in plans for entry in plan_entries(plan, vault)]
        self.append(entries)

    def append(self, entries):
        self.node.intake.append_many(entries).result(10)

    def offers(self, data=LEAD):
        """What the journal says is to be sent, after an event."""
        body = json.dumps({"type": "Lead_Post_Create", "data": data}).encode()
        asyncio.run(self.intake.accept(body, PLAIN, {}))
        book = Book(self.node.state, self.kit.NODE, self.node.clock)
        try:
            return {
                each.delivery.endpoint.partition("/")[2]: each
                for each in book.open.next_offers(50, self.node.now)
            }
        finally:
            book.close()

    def prepared(self, offer):
        return self.live.prepare(Claim(offer.delivery, offer.body, 1, ""), self.node.now / 1000)

    @property
    def kept(self):
        return b"".join(path.read_bytes() for path in self.node.history.rglob("*.jsonl")).decode()


@pytest.fixture
def town(tmp_path, node, kit):
    made = []

    def town(text):
        made.append(Town(tmp_path, node, kit, "version: 1\n" + text))
        return made[-1]

    yield town
    for each in made:
        each.offering.close()


def test_url_query_headers_and_body_are_filled_in(town):
    here = town("""
webhooks:
  - id: a
    event: Lead_Post_Create
    url: https://erp.example.com/leads/{{ data.Id }}?by={{ data.Name }}
    query: {score: "{{ data.Score + 1 }}", plain: "a b"}
    headers: {X-Name: "is {{ data.Name }}", X-Plain: b}
    entity_params: false
    body:
      {id: "{{ data.Id }}", score: "{{ data.Score }}", gone: "{{ data.Gone }}", text: "Hi {{ data.Name }}"}
""")
    offer = here.offers()["a"]
    call = here.prepared(offer).call
    assert call.url == "https://erp.example.com/leads/a%2Fb%20c%3F%26%23?by=Zo%C3%AB&plain=a%20b&score=61"
    assert dict(call.headers)["X-Name"] == "is Zoë"
    assert json.loads(call.body) == {"id": "a/b c?&#", "score": 60, "gone": None, "text": "Hi Zoë"}
    assert (call.host, call.port) == ("erp.example.com", 443)


def test_a_text_goes_out_as_it_is_and_forms_are_made_of_the_tree(town):
    here = town("""
webhooks:
  - id: a
    event: Lead_Post_Create
    url: https://a.example
    content_type: text/plain
    body: "{{ data.Name }}!"
  - id: b
    event: Lead_Post_Create
    url: https://a.example
    content_type: application/x-www-form-urlencoded
    body: {name: "{{ data.Name }}"}
  - {id: c, event: Lead_Post_Create, url: "https://a.example", body: plain}
""")
    offers = here.offers()
    assert {name: offer.body for name, offer in offers.items()} == {
        "a": "Zoë!".encode(),
        "b": b"name=Zo%C3%AB",
        "c": b'"plain"',
    }


def test_a_file_makes_json_into_which_no_value_can_write(town, tmp_path):
    (tmp_path / "lead.json.j2").write_text('{"name": "{{ data.Name }}", "tags": {{ data.Tags }}, "n": 1}')
    here = town(
        'webhooks:\n  - {id: a, event: Lead_Post_Create, url: "https://a.example", template: lead.json.j2}'
    )
    name = '","admin":true,"x":"\\'
    offer = here.offers({"Name": name, "Tags": [name]})["a"]
    assert json.loads(offer.body) == {"name": name, "tags": [name], "n": 1}


@pytest.mark.parametrize(
    ("url", "headers", "told"),
    [
        (
            "/{{ data.Nam }}",
            "a",
            ("template", '{{ data.Nam }}: there is no field "Nam" (did you mean "Name"?)'),
        ),
        ("/{{ data.Gone }}", "a", ("template", "null cannot be part of a text")),
        ("/x/{{ data.Up }}/y", "a", ("template", 'url: a part of its path would be ".."')),
        ("/x/{{ '' }}/y", "a", ("template", "url: a part of its path would be empty")),
        ("/{{ data.Long }}", "a", ("template", "at most 8,000 are sent")),
        ("/", "{{ data.Name ~ '\\r\\nHost: y' }}", ("invalid_header", "the value holds a line break")),
        ("/", "{{ data.Uni }}", ("invalid_header", "outside latin-1")),
        ("/", "{{ data.Long }}", ("template", "X-A: its value has 9,000 characters")),
    ],
)
@pytest.mark.fault(58)
def test_what_cannot_be_sent_is_a_failure_before_any_attempt(town, url, headers, told):
    here = town(f"""
webhooks:
  - id: a
    event: Lead_Post_Create
    url: https://a.example{url}
    headers: {{X-A: {json.dumps(headers)}}}
  - {{id: b, event: Lead_Post_Create, url: "https://b.example"}}
""")
    offers = here.offers({**LEAD, "Long": "x" * 9000, "Uni": "\u2028"})
    error, reason = offers["a"].delivery.refusal
    assert error == told[0]
    assert told[1] in reason
    assert offers["b"].delivery.refusal is None, "nobody else is held up"


@pytest.mark.fault(59)
@pytest.mark.parametrize("value", ["@127.0.0.1/", "\\@good", "//127.0.0.1", "#", "%2e%2e/", ":80", "\u2025"])
def test_a_value_cannot_lead_a_call_to_another_host(town, value):
    here = town("""
webhooks:
  - {id: a, event: Lead_Post_Create, url: "https://erp.example.com/{{ data.V }}", entity_params: false}
""")
    call = here.prepared(here.offers({"V": value})["a"]).call
    assert (call.host, call.port) == ("erp.example.com", 443)
    assert call.url.count("/") == 3


def test_the_rest_of_a_call_is_the_live_revisions(town, tmp_path):
    text = """version: 1
webhooks:
  - {{id: a, event: Lead_Post_Create, url: "https://{}.example/{}/{{{{ data.Name }}}}", entity_params: false}}
"""
    here = town(text.format("old", "v1").removeprefix("version: 1\n"))
    offer = here.offers()["a"]
    path = tmp_path / "webhooks.yaml"
    path.write_text(text.format("new", "v2"))
    here.publish(path)
    assert here.prepared(offer).call.url == "https://new.example/v2/Zo%C3%AB"
    path.write_text(text.format("new", "{{ data.Score }}"))
    here.publish(path)
    refusal = here.prepared(offer)
    assert isinstance(refusal, Refusal)
    assert (refusal.outcome, refusal.error) == ("failure", "template")
    assert "{{ data.Score }} was written after this event had come" in refusal.reason


def test_a_message_goes_to_each_who_is_told(town):
    here = town("""
rules:
  - id: big
    event: Lead_Post_Create
    actions:
      - notify: {to: [sales, admins], message: "Big deal: {{ data.Name }}\\nscore {{ data.Score }}"}
      - post: {url: "https://a.example/{{ data.Nope }}"}
      - post: {url: "https://a.example/"}
notifiers:
  - {id: sales, type: log}
  - {id: admins, type: log}
""")
    offers = here.offers()
    for who in ("sales", "admins"):
        offer = offers[f"big/actions/0/notify/{who}"]
        assert offer.delivery.lane == f"notify/{who}"
        assert not offer.delivery.is_notice
        notice = read_notice(offer.body)
        assert (notice.kind, notice.title) == ("message", "Big deal: Zoë")
        assert notice.text == "Big deal: Zoë\nscore 60"
        assert here.live.target(offer.delivery) is not None
    assert offers["big/actions/1/post"].delivery.refusal[0] == "template"
    assert isinstance(here.prepared(offers["big/actions/2/post"]), Prepared), "one failing hides no other"


REDACTING = """
webhooks:
  - id: a
    event: Lead_Post_Create
    url: https://a.example/{{ data.Mail | upper }}/{{ data.Name }}
    query: {end: "{{ data.Mail[-6:] }}"}
    headers: {X-Start: "x{{ data.Mail[:3] }}y", X-Name: "{{ data.Name }}"}
    redact: [data.Mail]
    body: {big: "{{ data.Mail | upper }}", name: "{{ data.Name }}"}
  - {id: b, event: Lead_Post_Create, url: "https://b.example/{{ data.Mail | number }}"}
  - {id: c, event: Lead_Post_Create, url: "https://c.example/{{ data.Mail | upper }}"}
"""


def test_what_templates_make_of_what_is_redacted_is_sealed_and_never_told(town):
    here = town(REDACTING)
    offers = here.offers()
    kept = re.sub(r'"[0-9a-f]{8}\.[0-9A-Za-z+/=]+"', '""', here.kept).lower()  # without what is sealed
    assert "ada" not in kept
    assert "le.com" not in kept
    call = here.prepared(offers["a"])
    assert call.call.url.startswith("https://a.example/ADA%40EXAMPLE.COM/Zo%C3%AB?end=le.com&")
    assert dict(call.call.headers)["X-Start"] == "xaday"
    assert json.loads(call.call.body) == {"big": "ADA@EXAMPLE.COM", "name": "Zoë"}
    said = f"{call.sent.url}\n{call.sent.headers}".lower()
    assert "ada" not in said
    assert "le.com" not in said
    assert "zo%c3%ab" in said
    assert {"ADA@EXAMPLE.COM", "le.com", "ada"} <= set(offers["a"].delivery.hidden)
    assert "ada" not in offers["b"].delivery.refusal[1].lower()
    plain = here.prepared(offers["c"])
    assert plain.call.url.startswith("https://c.example/ADA%40EXAMPLE.COM")
    assert "ADA" not in plain.sent.url


def test_what_an_answer_repeats_of_it_is_masked(town):
    here = town(REDACTING)
    prepared = here.prepared(here.offers()["a"])
    reply = Reply(200, True, body=b"you sent ADA@EXAMPLE.COM, le.com, ada")
    said = prepared.mask.reply(reply).body.lower()
    assert b"ada" not in said
    assert b"le.com" not in said


def test_an_event_of_ones_own_carries_nothing_that_is_redacted(town):
    here = town(REDACTING)
    emitting = Action("rule/r/actions/0/emit", "actions/0/emit", Target(url=""), emission=Emission("a.b"))
    (subscriber,) = [each for each in here.table.subscribers if each.id == "a"]
    for data, refused in (({"x": "{{ data.Mail[:3] }}"}, True), ({"x": "{{ data.Name }}"}, False)):
        action = replace(emitting, emission=Emission("a.b", "s", data))
        shown = Event("e", "/s", "Lead_Post_Create", {**LEAD, "Mail": "[redacted]"}, b"")
        event = Event("e", "/s", "Lead_Post_Create", LEAD, b"")
        placing = Placing("n", PLUGINS.encoders)
        body, delivery = placing.placed(event, subscriber, action, 0)
        assert delivery.emission == Emitted(type="a.b", subject="s")
        assert json.loads(body)["x"] in {"ada", "Zoë"}
        kept = placing.hiding(delivery, shown, event, subscriber, action)
        assert (kept.refusal is not None) == refused


def test_what_a_batch_sends_is_filled_in_when_it_closes(town):
    here = town("""
webhooks:
  - id: many
    event: Lead_Post_Create
    batch: {window: 1s, max_events: 2}
    url: https://a.example/{{ events | length }}
    headers: {X-First: "{{ event.id }}"}
    entity_params: false
    redact: [data.Mail]
    body: {count: "{{ events | length }}", mails: ["{{ data[0].Mail }}", "{{ events[1].data.Mail | upper }}"]}
""")
    for number in (1, 2):
        body = json.dumps({"id": f"e{number}", "type": "Lead_Post_Create", "data": LEAD}).encode()
        asyncio.run(here.intake.accept(body, PLAIN, {}))
    book = Book(here.node.state, here.kit.NODE, here.node.clock)
    batching = Batching(
        book, here.append, PLUGINS.encoders, clock=lambda: here.node.clock() + 60, checkpoint=lambda _: None
    )
    batching.turn()
    (offer,) = book.open.next_offers(50, here.node.now + 60_000)
    book.close()
    prepared = here.prepared(offer)
    assert prepared.call.url == "https://a.example/2"
    assert dict(prepared.call.headers)["X-First"] == "e1"
    assert json.loads(prepared.call.body) == {"count": 2, "mails": ["ada@example.com", "ADA@EXAMPLE.COM"]}
    assert "ADA@EXAMPLE.COM" in offer.delivery.hidden
    assert "ADA@" not in here.kept


@pytest.mark.parametrize("url", ["http://{}/", "http://{}/x"])
def test_a_target_without_templates_is_placed_as_ever(town, url):
    here = town(f"webhooks:\n  - {{id: a, event: Lead_Post_Create, url: '{url.format('a.example')}'}}\n")
    delivery = here.offers()["a"].delivery
    assert (delivery.filled, delivery.shown, delivery.emission) == ((), (), None)


def test_explain_renders_what_would_be_filled_in_told_and_sent(town):
    here = town("""
rules:
  - id: big
    event: Lead_Post_Create
    actions:
      - notify: {to: [sales], message: "Big deal: {{ data.Name }}"}
      - post: {url: "https://a.example/{{ data.Name }}", entity_params: false, body: {n: "{{ data.Score }}"}}
      - notify: {to: [sales], message: "{{ data.Nope }}"}
notifiers:
  - {id: sales, type: log}
""")
    (rule,) = here.table.subscribers
    event = Event("e", "/s", "Lead_Post_Create", LEAD, json.dumps(LEAD).encode())
    told, posted, failed = Rendering(PLUGINS, 0).requests(event, rule)
    assert (told.method, told.url, told.body) == ("notify", "sales", "Big deal: Zoë".encode())
    assert (posted.method, posted.url, posted.body) == ("POST", "https://a.example/Zo%C3%AB", b'{"n":60}')
    assert (failed.body, failed.refusal[0]) == (None, "template")
