"""Blanking: no line keeps what it held, every line keeps its length, its number and a fitting checksum."""

from __future__ import annotations

import json

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hookwright.engine.delivery import BatchPlan, LappRecord, Received, Sent, Status
from hookwright.engine.journal.acceptance import Accepted, AcceptedMore, accepted_entries
from hookwright.engine.journal.blanking import Blanking, Subject, origin_of
from hookwright.engine.journal.carried import Carried, CarriedAttempt
from hookwright.engine.journal.line import encode, parse
from hookwright.engine.journal.opened import OPENED, Acted, Batched, Noticed, Replayed, opened_entries
from hookwright.engine.journal.outcome import Attempt, entries
from hookwright.engine.journal.packed import pack
from hookwright.engine.journal.reader import Damage, Found, Reader
from hookwright.engine.journal.rewriting import rewrite
from hookwright.engine.journal.runs import Began, CancelLine, PlannedRun, RunLine, StepLine
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.journal.writer import Entry
from hookwright.rules.event import Event
from hookwright.schemas.schema import load_schema

VALIDATOR = jsonschema_rs.Draft202012Validator(load_schema("history"), offline=True)
REVISION = "sha256:" + "5" * 64
RUN = "run_" + "w" * 26
MARK = "s3cret"
SECRETS = st.text(max_size=40).map(lambda text: f"{MARK}{text}")


def lines_of(group):
    """These entries as sound lines."""
    made = []
    for number, entry in enumerate(group):
        fields = entry.fields
        if not isinstance(fields, bytes):
            fields = msgspec.json.encode(fields)[1:-1]
        made.append(parse(encode(number, 1_795_435_200_000, entry.kind, fields)[:-1]))
    return made


def about_a_run(event_id, secret):
    """Lines of a run that holds the secret wherever something can be held."""
    value = msgspec.Raw(msgspec.json.encode({"Name": secret}))
    began = Began(source="/src", id=event_id, type="t", data=value)
    run = RunLine(
        run=RUN, entity_id="w", status=Status.IN_QUEUE, revision=REVISION, trigger=began,
        due="2026-11-23T12:00:00.000Z", key=secret, begun=True, reason=secret,
    )  # fmt: skip
    step = StepLine(
        run=RUN, path="steps/hello", state="failed", step_at="2026-11-23T12:00:00.000Z", input=value,
        output=value, error=("template", secret), seen=("/src", event_id), sealed=secret,
    )  # fmt: skip
    cancel = CancelLine(run=RUN, by="ada", why=secret)
    return [Entry("run", run), Entry("step", step), Entry("run_cancel", cancel)]


def everything(kit, secret, event_id="e1"):
    """Lines of every kind about one event, all of which hold the secret; and the ids of their deliveries."""
    raw = json.dumps({"Name": secret}).encode()
    event = Event(
        id=event_id, source="/src", type="t", data=None, raw=raw, subject=secret, extensions={"who": secret}
    )
    first, second, third = kit.deliveries_for(event, ["a", "b", "c"], kit.NOW, raw)
    plan = BatchPlan(window=1, max_events=2, max_bytes=3, encoder="json", content_type="a/b", key=secret)
    own = f"n={secret}".encode()
    first = structs.replace(first, headers=(("X-Name", secret),), batch=plan)
    second = structs.replace(second, body="0" * 64, refusal=("expression", secret))
    bodies = {third.body: raw, "0" * 64: own}
    runs = (
        PlannedRun(id=RUN, entity_id="w", due="2026-11-23T12:00:00.000Z", refusal=("expression", secret)),
    )
    group = list(accepted_entries(event, REVISION, [first, second, third], bodies, "f" * 64, None, runs))
    common = {
        "entity_type": "webhook", "entity_id": "a", "event_id": event_id, "event_source": "/src",
        "event_type": "t", "due": "2026-11-23T12:00:00.000Z", "revision": REVISION,
    }  # fmt: skip
    ids = [f"dlv_{letter * 26}" for letter in "bnra"]
    opened = [
        Acted(
            id=ids[3], message=first.message, run=RUN, step="steps/hello", notifier="ops",
            headers=(("X", secret),), **common,
        ),
        Batched(
            id=ids[0], message=first.message, members=(first.id,), opened=common["due"], closed="window",
            key=secret, **common,
        ),
        Noticed(id=ids[1], message=first.message, notifier="ops", about=(second.id,), **common),
        Replayed(
            id=ids[2], message=first.message, of=first.id, round=1, by="ada", headers=(("X", secret),),
            **common,
        ),
    ]  # fmt: skip
    for each in opened:
        group += opened_entries(each, own)
    group += about_a_run(event_id, secret)
    answer = {
        "request": Sent(
            method="GET", url=f"https://u:p@h.example:8/x?n={MARK}", headers=(("X", secret),), body=secret
        ),
        "response": Received(status=500, headers=(("X", secret),), body=secret),
        "reason": secret,
        "lapp": LappRecord(name="score", stage="live", logs=secret, error=secret),
    }
    for outcome in ("retry", "lost", "held", "failure"):
        group += entries(kit.result(third, outcome=outcome, **answer), 0)
    return [*group, *carried(group, secret)], [first.id, second.id, third.id, *ids]


def carried(group, secret):
    """The same lines as they are carried forward."""
    at = "2026-11-23T12:00:00.000Z"
    stands = Carried(accepted=at, updated=at, state="held", attempts=1, error="status", reason=secret)
    for line in lines_of(group):
        if line.kind in {"accepted", "accepted+"}:
            fields = line.decode(Accepted if line.kind == "accepted" else AcceptedMore)
            planned = tuple(structs.replace(each, carried=stands) for each in fields.deliveries)
            yield Entry(f"carried{line.kind[8:]}", structs.replace(fields, deliveries=planned))
        elif line.kind in {"batch", "notice", "replay", "action"}:
            fields = line.decode(OPENED[line.kind])
            yield Entry(f"carried_{line.kind}", structs.replace(fields, carried=stands))
        elif line.kind == "attempt":
            fields = structs.asdict(line.decode(Attempt))
            yield Entry("carried_attempt", CarriedAttempt(**fields, booked=at))


@given(SECRETS)
def test_no_kind_of_line_keeps_the_content_or_changes_its_length(kit, secret):
    group, ids = everything(kit, secret)
    blanking = Blanking(Subject("/src", "e1", set(ids), {RUN}))
    kinds = set()
    for line in lines_of(group):
        blanked = blanking.blanked(line)
        assert len(blanked) == len(line.raw)
        found = parse(blanked)
        assert (found.n, found.at, found.kind) == (line.n, line.at, line.kind)
        assert MARK.encode() not in blanked
        assert [str(error) for error in VALIDATOR.iter_errors(json.loads(blanked))] == []
        assert Blanking(Subject("/src", "e1", set(ids), {RUN})).blanked(found) is None
        kinds.add(line.kind)
    opened = ("batch", "notice", "replay", "action")
    assert kinds == {
        *("accepted", *opened, "attempt", "lease_lost", "held", "settled", "run", "step", "run_cancel"),
        *("carried", "carried_attempt", *(f"carried_{kind}" for kind in opened)),
    }


def test_what_was_done_stays(kit):
    group, ids = everything(kit, MARK)
    blanking = Blanking(Subject("/src", "e1", set(ids), {RUN}))
    lines = [json.loads(blanking.blanked(line)) for line in lines_of(group)]
    accepted, attempt = lines[0], next(line for line in lines if line["kind"] == "attempt")
    assert (accepted["event"]["id"], accepted["event"]["type"]) == ("e1", "t")
    assert "fingerprint" not in accepted
    assert [each["entityId"] for each in accepted["deliveries"]] == ["a", "b", "c"]
    assert (attempt["request"]["url"], attempt["response"]["status"]) == ("https://h.example:8", 500)
    assert (attempt["error"], attempt["outcome"]) == ("status", "retry")


def test_further_pieces_of_a_body_go_with_their_beginning_and_others_stay(kit):
    _, ids = everything(kit, MARK)
    long = (MARK * 60_000).encode()
    mine = Replayed(
        id=ids[2], message="msg_" + "a" * 26, entity_type="webhook", entity_id="a", event_id="e1",
        event_source="/src", event_type="t", due="2026-11-23T12:00:00.000Z", revision=REVISION, of=ids[0],
        round=1, by="",
    )  # fmt: skip
    foreign = structs.replace(mine, id="dlv_" + "z" * 26, event_id="e2")
    lines = lines_of([*opened_entries(mine, long), *opened_entries(foreign, long)])
    blanking = Blanking(Subject("/src", "e1", set(ids), {RUN}))
    blanked = [blanking.blanked(line) for line in lines]
    half = len(lines) // 2
    assert half > 1
    assert all(MARK.encode() not in each for each in blanked[:half])
    assert blanked[half:] == [None] * half


def test_lines_about_other_events_stay(kit):
    mine, ids = everything(kit, MARK)
    foreign, _ = everything(kit, MARK, "e2")
    subject = Subject("/other", "e1", {"dlv_" + "z" * 26})
    assert [Blanking(subject).blanked(line) for line in lines_of(mine)] == [None] * len(mine)
    (first, *_) = lines_of(foreign)
    assert Blanking(Subject("/src", "e1", set(ids), {RUN})).blanked(first) is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x?y=1#z", "https://a.example"), ("http://u:p@[::1]:80/x", "http://[::1]:80"),
        ("http://[oops", ""), ("", ""), ("nothing", ""), (None, None),
    ],
)  # fmt: skip
def test_of_a_url_the_origin_stays(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize("packed", [False, True])
def test_a_segment_is_replaced_by_one_of_the_same_length(node, kit, packed):
    node.accept("e0", raw=b'{"kept":1}')
    (mine,) = node.accept("e1", raw=b'{"Name":"s3cret"}')
    node.accept("e2", raw=b'{"kept":2}')
    node.intake.close()
    (segment,) = list_segments(node.history)
    path = node.history / segment.name
    path.write_bytes(path.read_bytes() + b'{"e1":"dlv_torn "e1" s3cret\nxx "e1" s3cret')
    before = places(node.history, segment.name)
    if packed:
        path = pack(path)
    leftover = path.with_name(f".{segment.name.rpartition('/')[2]}.gz")
    leftover.write_bytes(b"s3cret, of a packing that was broken off")
    subject = Subject("/src", "e1", {mine.id})
    assert rewrite(node.history, segment.name, subject) == 3
    assert places(node.history, segment.name) == before
    assert b"s3cret" not in content(node.history, segment.name)
    assert content(node.history, segment.name).count(b"kept") == 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert rewrite(node.history, segment.name, subject) == 0


def content(folder, name):
    reader = Reader(folder, name)
    raw = reader._content.read(1 << 20, 0)
    reader.close()
    return raw


def places(folder, name):
    """Where every line stands, and every damaged place."""
    reader = Reader(folder, name)
    found = []
    while not reader.finished:
        for each in reader.read():
            assert isinstance(each, (Found, Damage))
            found.append((each.position, each.line.n if isinstance(each, Found) else each.length))
    reader.close()
    return found
