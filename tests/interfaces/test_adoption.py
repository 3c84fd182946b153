"""Adoption: only of what is dead, only once, and from any point at which it was ended."""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial

import pytest

from hookwright.engine.book.book import Book
from hookwright.engine.book.heartbeat import Heartbeat, write_heartbeat
from hookwright.engine.book.legacy import settle
from hookwright.engine.delivery import Delivery, Result
from hookwright.engine.errors import JournalError
from hookwright.engine.heir import adopting, refuse_adopted, refuse_adopting
from hookwright.engine.history.audit import audit, read_account
from hookwright.engine.history.catching_up import catch_up
from hookwright.engine.history.history import History
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.sealing import Secret, Vault
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.ledger import Ledger, Offer, Settle
from hookwright.engine.state import State, StateBusy, StateError
from hookwright.interfaces.adoption import Adoption, adopt
from hookwright.rules.event import Event

RAW = b'{"a":1}'
BODY = hashlib.sha256(RAW).hexdigest()
LEASE = 0.4


class Ended(BaseException):
    """The process ends here."""


class Dead:
    """A node that accepted some events, offered them, and is gone."""

    def __init__(self, folder, url):
        self.state = State(folder)
        self.name = self.state.prepare()
        self.worker = Ledger(url, worker="w1", lease=LEASE)
        self.worker.publish("sha256:r1", b"content", {})

    def accept(self, *names):
        """An event a name, and a delivery of each; offered to the ledger."""
        found = []
        with closing(Writer(self.state.history, "intake")) as intake:
            for name in names:
                message = message_id("/t", name, "webhook", name, "")
                delivery = Delivery(
                    id=delivery_id(message), message=message, entity_type="webhook", entity_id=name,
                    action="", event_id=name, event_source="/t", event_type="t", node=self.name, due=0,
                    body=BODY, place="hooks.yaml:1",
                )  # fmt: skip
                event = Event(id=name, source="/t", type="t", data=None, raw=RAW)
                intake.append_many(
                    accepted_entries(event, "sha256:" + "5" * 64, [delivery], {BODY: RAW}, "f")
                ).result(10)
                found.append(delivery)
        self.worker.offer([Offer(each, RAW) for each in found])
        return found

    def settle(self, claim, outcome):
        result = Result(
            delivery=claim.delivery.id, node=self.name, attempt=claim.attempt, outcome=outcome, at=1,
            worker="w1", reason="it said so",
        )  # fmt: skip
        return Settle(claim.token, result, wait=60_000 if outcome == "retry" else None)


@pytest.fixture
def dead(tmp_path, valkey):
    made = Dead(tmp_path / "dead", valkey)
    yield made
    made.worker.close()


@pytest.fixture
def adoption(dead, tmp_path, valkey, until):
    said = []
    made = Adoption(
        dead.state, State(tmp_path / "heir"), partial(nullcontext, valkey), said.append, sleep=lambda _: None
    )
    made.heir.prepare()
    return made


def statuses(state):
    catch_up(state.path)
    with History(state.path, refresh=False) as history:
        return {row.entity_id: row.status for row in history.list(limit=100)}


def offers(state, node="nod_heir"):
    """What the node offers when it starts: names, and the tries they have spent."""
    with closing(Book(state.path, node)) as book:
        found = book.open.next_offers(100, 2**50)
    assert {each.delivery.node for each in found} <= {node}
    return {each.delivery.entity_id: each.attempts for each in found}


def work(dead):
    """Deliveries in every state: done and not booked, retrying, waiting, and one whose call is under way."""
    dead.accept("done", "retrying", "flying", "waiting")
    claims = {each.delivery.entity_id: each for each in dead.worker.step(claim=3).claims}
    assert claims.keys() == {"done", "retrying", "flying"}
    dead.worker.step(
        settles=[dead.settle(claims["done"], "success"), dead.settle(claims["retrying"], "retry")]
    )
    return claims["flying"]


@pytest.mark.fault(74)
def test_results_are_booked_calls_under_way_end_and_the_rest_goes_on_at_the_heir(dead, adoption):
    flying = work(dead)

    def end_it(_):
        dead.worker.step(settles=[dead.settle(flying, "success")])
        assert dead.worker.step(claim=10).claims == ()  # nothing of it is claimed any more

    taken = adopt(replace(adoption, say=end_it))
    assert (taken.already, taken.booked, taken.segments, taken.open) == (False, 3, 2, 2)
    assert dead.worker.depth().total == 0
    assert statuses(adoption.heir) == {
        "done": "Success", "flying": "Success", "retrying": "In Queue", "waiting": "In Queue",
    }  # fmt: skip
    assert offers(adoption.heir) == {"retrying": 1, "waiting": 0}
    found = audit(read_account(adoption.heir.history))
    assert (found.events, found.deliveries, found.findings) == (4, 4, ())
    (adoption.heir.path / "index.sqlite").unlink()
    assert offers(adoption.heir) == {"retrying": 1, "waiting": 0}
    assert adopt(adoption).already


def test_a_call_whose_worker_died_with_the_node_is_lost_and_its_delivery_goes_on(dead, valkey):
    work(dead)
    wait = threading.Event().wait
    with closing(Ledger(valkey, worker="adopt", lease=LEASE)) as ledger:
        settled = settle(dead.state.path, dead.name, ledger, pause=lambda _: wait(0.02))
        assert ledger.depth().total == 0
    assert (settled.booked, settled.open) == (3, 3)  # done, retrying, and that the lease was lost
    assert offers(dead.state, dead.name) == {"retrying": 1, "waiting": 0, "flying": 0}


@pytest.mark.fault(74)
@pytest.mark.parametrize(
    "point", ["marked", "settled", "copied intake", "copied book", "whole", "forgotten"], ids=str
)
def test_wherever_it_was_ended_it_goes_on(dead, adoption, point):
    flying = work(dead)
    dead.worker.step(settles=[dead.settle(flying, "failure")])

    def end(step):
        if step.startswith(point.split()[0]) and point.split()[-1] in step:
            raise Ended

    with pytest.raises(Ended):
        adopt(replace(adoption, checkpoint=end))
    with pytest.raises(StateBusy, match="adopted by"):
        refuse_adopted(dead.state)
    if adopting(adoption.heir):
        with pytest.raises(StateBusy, match="in part"):
            refuse_adopting(adoption.heir)
        assert statuses(adoption.heir) == {}  # half of it is told to nobody
    adopt(adoption)
    refuse_adopting(adoption.heir)
    assert statuses(adoption.heir) == {
        "done": "Success", "flying": "Failure", "retrying": "In Queue", "waiting": "In Queue",
    }  # fmt: skip
    assert offers(adoption.heir) == {"retrying": 1, "waiting": 0}


@pytest.mark.fault(74)
def test_what_the_heir_ends_stays_ended_when_its_index_is_lost_or_it_is_adopted_itself(
    dead, adoption, tmp_path, valkey
):
    (one,) = dead.accept("one")
    adopt(adoption)
    with closing(Writer(adoption.heir.history, "book")) as book:
        settled = {"delivery": one.id, "status": "Success", "reason": "", "attempts": 1}
        book.append("settled", settled).result(10)
    (adoption.heir.path / "index.sqlite").unlink(missing_ok=True)
    assert offers(adoption.heir) == {}
    last = replace(adoption, dead=adoption.heir, heir=State(tmp_path / "last"))
    adopt(last)
    assert statuses(last.heir) == {"one": "Success"}
    assert offers(last.heir) == {}


def test_what_it_sealed_can_be_opened(dead, adoption):
    text = Vault(dead.state.path / "sealing-key").seal(Secret(b"secret"))
    adopt(adoption)
    assert Vault(adoption.heir.path / "sealing-key").open(text).body == b"secret"


def test_its_runs_are_carried_out_as_they_began(dead, adoption):
    name = "0" * 64 + ".json"
    dead.state.revisions.mkdir()
    (dead.state.revisions / name).write_text("{}")
    (dead.state.revisions / "live").write_text("sha256:1")
    (dead.state.path / "runner.lock").touch()
    adopt(adoption)
    assert [path.name for path in adoption.heir.revisions.iterdir()] == [name]
    assert (adoption.heir.path / "runner.lock").exists()


def test_keys_that_are_none_end_it_until_they_are_mended(dead, adoption):
    dead.accept("one")
    (dead.state.path / "sealing-key").write_text("bm8ga2V5\n")
    with pytest.raises(JournalError, match="no key"):
        adopt(adoption)
    (dead.state.path / "sealing-key").unlink()
    assert adopt(adoption).open == 1


def test_a_node_that_runs_is_refused(dead, adoption):
    with dead.state.owned(), pytest.raises(StateBusy, match="lives: its server runs"):
        adopt(adoption)
    with adoption.heir.owned(), pytest.raises(StateBusy, match="stop it, adopt, and start it again"):
        adopt(adoption)


def test_a_node_that_holds_its_name_elsewhere_is_refused(dead, adoption):
    def live(_):
        dead.worker.hold(dead.name, "another machine", 10)

    live(0)
    with pytest.raises(StateBusy, match=r"another machine.*stop it first"):
        adopt(replace(adoption, sleep=live))


def test_a_folder_that_goes_on_being_written_to_is_refused(dead, adoption):
    def beat(at):
        beat = Heartbeat(
            pid=1, caught_up=True, ledger=True, journal=True, open=0, held=0, at=100 + at, monotonic=1.0
        )
        write_heartbeat(dead.state.path, beat)

    beat(0)
    with pytest.raises(StateBusy, match="its bookkeeper writes"):
        adopt(replace(adoption, sleep=beat, clock=lambda: 100.5))
    assert not adopt(replace(adoption, clock=lambda: 200.0)).already


def test_what_was_adopted_belongs_to_its_heir_alone(dead, adoption, tmp_path):
    copy = State(tmp_path / "copy")
    copy.path.mkdir()
    (copy.path / "node-id").write_text(dead.name)
    adopt(adoption)
    other = replace(adoption, heir=State(tmp_path / "other"))
    with pytest.raises(StateBusy, match=r"adopted by .* already"):
        adopt(other)
    with pytest.raises(StateBusy, match="was adopted by"):
        adopt(replace(other, dead=copy))
    third = State(tmp_path / "third")
    third.prepare()
    with pytest.raises(StateBusy, match="was adopted by"):
        adopt(replace(adoption, dead=third, heir=dead.state))


def test_a_folder_that_is_none_and_a_copy_of_ones_own_are_refused(adoption, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(StateError, match="no node-id"):
        adopt(replace(adoption, dead=State(tmp_path / "none")))
    with pytest.raises(StateError, match="own folder"):
        adopt(replace(adoption, dead=adoption.heir))
