"""A real Redis that loses, forgets, refuses or stalls: the bookkeeper beside it loses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from hookwright.engine.book.book import Book
from hookwright.engine.book.booking import Booking
from hookwright.engine.errors import LedgerUnavailable
from hookwright.engine.journal.writer import Writer
from hookwright.engine.ledger.ledger import Ledger, Settle

REVISION = "sha256:" + "5" * 64


def slow(value: str) -> Any:
    """A case that only the long run has."""
    return pytest.param(value, marks=pytest.mark.slow)


class Desk:
    """A bookkeeper whose turns a test makes, on a clock of the test's, and a worker beside it."""

    def __init__(self, node: Any, kit: Any, url: str, **options: Any) -> None:
        self.node, self.kit, self.url = node, kit, url
        self.seconds = 100.0
        self.options = options
        self.book = Book(node.state, kit.NODE, lambda: self.seconds, index_every=0)
        self.writer = Writer(node.history, "book", clock=node.clock, cut=True)
        self.ledger = Ledger(url, **options)
        self.booking = Booking(
            self.book, self.writer, self.ledger, kit.NODE, clock=node.clock, monotonic=lambda: self.seconds
        )
        self.calls: list[str] = []
        self.hired: list[Ledger] = []
        self.hire()

    def hire(self) -> None:
        """A new worker: claims of one before are not its own."""
        self.hired.append(Ledger(self.url, worker=f"w{len(self.hired)}", **self.options))

    @property
    def worker(self) -> Ledger:
        return self.hired[-1]

    def publish(self) -> None:
        self.worker.publish(REVISION, b"content", {})

    def turn(self) -> None:
        self.seconds += 3
        self.book.follow()
        self.booking.turn(0)

    def turns(self, count: int = 4) -> None:
        for _ in range(count):
            self.turn()

    def claim(self) -> list[Any]:
        return list(self.worker.step(claim=50).claims)

    def work(self, outcome: str = "success") -> list[str]:
        """Make every call that may be made, and settle each."""
        claims = self.claim()
        self.calls += [each.delivery.id for each in claims]
        settles = [
            Settle(each.token, self.kit.result(each.delivery, each.attempt, outcome), wait=1)
            for each in claims
        ]
        self.worker.step(settles=settles)
        return [each.delivery.id for each in claims]

    def survives(self, until: Callable[..., Any]) -> Callable[[], bool]:
        """One turn and one round of work, whether Redis answers or not; true when nothing is open."""

        def round_() -> bool:
            try:
                self.turn()
                self.work()
            except LedgerUnavailable:
                self.worker._unanswered = None
            return len(self.book.open) == 0

        return round_

    def close(self) -> None:
        self.writer.close()
        self.book.close()
        for each in (self.ledger, *self.hired):
            each.close()


@pytest.fixture
def desk(node: Any, kit: Any, own_valkey: Any) -> Iterator[Desk]:
    made = Desk(node, kit, own_valkey.url)
    made.publish()
    yield made
    made.close()


@pytest.fixture
def proxied(node: Any, kit: Any, own_valkey: Any, proxy: Any) -> Iterator[tuple[Desk, Any]]:
    """The same with a proxy in the way."""
    between = proxy(own_valkey.url)
    made = Desk(node, kit, between.url, timeout=0.3)
    made.publish()
    yield made, between
    made.close()


@pytest.mark.fault(10)
@pytest.mark.parametrize("restore", ["an old copy", "nothing"])
def test_a_copy_of_before_neither_loses_nor_repeats_anything(
    restore: str, desk: Desk, node: Any, own_valkey: Any, until: Any, tmp_path: Path
) -> None:
    before = node.accept("e1", "a", "b", "c")
    desk.turns()
    own_valkey.stop()
    shutil.copytree(own_valkey.folder, tmp_path / "copy")
    own_valkey.start()
    desk.turns()
    until(lambda: len(desk.work()) == 0 and len(desk.calls) == 3)
    after = node.accept("e2", "a", "b")
    desk.turns()
    own_valkey.kill()
    for path in own_valkey.folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if restore == "an old copy":
        shutil.copytree(tmp_path / "copy", own_valkey.folder, dirs_exist_ok=True)
    own_valkey.start()
    desk.hire()
    desk.publish()
    desk.turns()
    until(desk.survives(until))
    assert sorted(desk.calls) == sorted(each.id for each in [*before, *after])
    assert set(node.settled().values()) == {"Success"}


@pytest.mark.fault(10)
def test_after_a_long_silence_nothing_is_claimed_before_its_node_vouches_for_it(
    desk: Desk, node: Any, own_valkey: Any, until: Any
) -> None:
    (delivery,) = node.accept("e1")
    desk.turns()
    with own_valkey.client() as client:
        client.decr("{hw:0}:heard", 60_000)  # as in a copy of a minute ago
    desk.hire()
    assert desk.claim() == []
    desk.turn()
    assert [each.delivery.id for each in until(desk.claim)] == [delivery.id]


@pytest.mark.fault(14)
def test_a_replica_promoted_without_the_last_writes_gets_them_again(
    proxied: tuple[Desk, Any], node: Any, own_valkey: Any, other_valkey: Any, proxy: Any, until: Any
) -> None:
    desk, between = proxied
    replication = proxy(own_valkey.url)
    with other_valkey.client() as replica:
        with own_valkey.client() as primary:
            primary.config_set("repl-diskless-sync-delay", "0")
        replica.replicaof("127.0.0.1", str(replication.port))
        known = node.accept("e1", "a", "b")
        desk.turns()
        until(lambda: replica.get("{hw:0}:total") == b"2")
        replication.stalled = True
        assert len(desk.work()) == 2
        dropped = node.accept("e2", "a")
        desk.turns()
        own_valkey.kill()
        replica.replicaof("NO", "ONE")
        between.turn_to(other_valkey.url)
        desk.hire()
        until(desk.survives(until))
    assert sorted(desk.calls) == sorted(each.id for each in [*known, *dropped]), (
        "booked before: not sent again"
    )
    assert set(node.settled().values()) == {"Success"}


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "kind", ["q:*", *(slow(each) for each in ("d:*", "due", "ring", "ep:*", "body:*", "*"))]
)
def test_work_that_was_evicted_is_offered_again(kind: str, desk: Desk, node: Any, own_valkey: Any) -> None:
    first = node.accept("e1", "a", "b")
    later = node.accept("e2", "c", delay=1)
    node.now += 2
    desk.turns()
    with own_valkey.client() as client:
        for key in client.scan_iter("{hw:0}:" + kind):
            client.delete(key)
        evict(client)
    desk.publish()  # as the accepting process does for a server under another name
    desk.hire()
    desk.turns()
    assert sorted(desk.work()) == sorted(each.id for each in [*first, *later])
    desk.turns()
    assert set(node.settled().values()) == {"Success"}
    assert len(node.settled()) == 3


def evict(client: redis.Redis) -> None:
    """Make the server throw keys of others away, for want of memory."""
    client.config_set("maxmemory-policy", "volatile-random")
    for number in range(200):
        client.set(f"other:{number}", "x" * 10_000, ex=1000)
    client.config_set("maxmemory", str(int(client.info("memory")["used_memory"]) - 500_000))
    client.set("other:more", "x")
    assert client.info("stats")["evicted_keys"] > 0
    client.config_set("maxmemory", "0")


def _save_in_vain(client: redis.Redis) -> None:
    """A save in the background that failed: from now on writes are refused."""
    client.config_set("save", "3600 1")
    folder = client.config_get("dir")["dir"]
    Path(folder if isinstance(folder, str) else folder.decode(), "dump.rdb", "full").mkdir(parents=True)
    client.bgsave()
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        pass


REFUSALS: dict[str, tuple[Callable[[redis.Redis], object], Callable[[redis.Redis], object]]] = {
    "READONLY": (
        lambda client: client.replicaof("127.0.0.1", "1"),
        lambda client: client.replicaof("NO", "ONE"),
    ),
    "MISCONF": (_save_in_vain, lambda client: client.config_set("save", "")),
    "NOSCRIPT": (lambda client: client.script_flush(), lambda client: None),
    "NOAUTH": (
        lambda client: (client.config_set("requirepass", "secret"), client.client_kill_filter(skipme=True)),
        lambda client: client.config_set("requirepass", ""),
    ),
}


@pytest.mark.fault(13)
@pytest.mark.parametrize("refusal", ["READONLY", "MISCONF", "NOSCRIPT", "NOAUTH"])
def test_a_redis_that_refuses_is_asked_again_until_it_does_not(
    refusal: str, desk: Desk, node: Any, own_valkey: Any, until: Any
) -> None:
    begin, end = REFUSALS[refusal]
    first = node.accept("e1", "a")
    desk.turns()
    with own_valkey.client() as client:
        client.ping()
        begin(client)
        second = node.accept("e2", "b")
        if refusal == "NOSCRIPT":
            desk.turns()
        else:
            with pytest.raises(LedgerUnavailable):
                desk.turns()
        end(client)
    until(desk.survives(until))
    assert sorted(desk.calls) == sorted(each.id for each in [*first, *second])


@pytest.mark.slow
@pytest.mark.fault(13)
def test_a_redis_that_loads_its_data_is_waited_for(
    desk: Desk, node: Any, own_valkey: Any, until: Any
) -> None:
    first = node.accept("e1", "a")
    desk.turns()
    with own_valkey.client() as client, client.pipeline(transaction=False) as many:
        for number in range(20_000):
            many.set(f"other:{number}", 1)
        many.execute()
    own_valkey.kill()
    own_valkey.start("--key-load-delay", "10", wait=False)
    refused = until(lambda: _refused(desk))
    assert "loading" in refused.lower()
    until(desk.survives(until))
    assert desk.calls == [each.id for each in first]


def _refused(desk: Desk) -> str:
    """Why a turn was refused, once the server listens."""
    try:
        desk.turn()
    except LedgerUnavailable as error:
        return "" if "refused" in str(error) or "No such file" in str(error) else str(error)
    return pytest.fail("it answered at once")


@pytest.mark.fault(13)
def test_a_wrong_password_is_said_as_what_it_is_and_asked_again(
    node: Any, kit: Any, own_valkey: Any, until: Any
) -> None:
    with own_valkey.client() as client:
        client.config_set("requirepass", "right")
    ledger = Ledger(f"{own_valkey.url}?password=wrong")
    with pytest.raises(LedgerUnavailable, match=r"invalid username-password|WRONGPASS"):
        ledger.offer(())
    with pytest.raises(LedgerUnavailable):
        ledger.offer(())
    ledger.close()


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    "mishap", ["half open", "reset", "dropped", *(slow(each) for each in ("slow", "stalled", "throttled"))]
)
def test_a_bad_way_to_redis_costs_nothing_but_time(
    mishap: str, proxied: tuple[Desk, Any], node: Any, until: Any
) -> None:
    desk, between = proxied
    first = node.accept("e1", "a")
    desk.turns()
    claims = desk.claim()
    hinder(between, mishap)
    second = node.accept("e2", "b")
    settles = [Settle(each.token, desk.kit.result(each.delivery, each.attempt)) for each in claims]
    for _ in range(2):
        try:
            desk.turn()
            desk.worker.step(settles=settles)
        except LedgerUnavailable:
            between.drop()
    between.delay, between.rate, between.stalled, between.swallow = 0, None, False, False
    until(lambda: _settled(desk, settles))
    until(desk.survives(until))
    assert node.settled() == {each.id: "Success" for each in [*first, *second]}
    assert desk.calls == [second[0].id], "the first was claimed before and is not called again"


def hinder(between: Any, mishap: str) -> None:
    between.delay = 1.0 if mishap == "slow" else 0.0
    between.rate = 200.0 if mishap == "throttled" else None
    between.stalled = mishap == "stalled"
    between.swallow = mishap == "half open"
    if mishap in {"reset", "dropped"}:
        between.reset() if mishap == "reset" else between.drop()


def _settled(desk: Desk, settles: list[Settle]) -> bool:
    """What a worker does: the same step until it is answered."""
    try:
        desk.worker.step(settles=settles)
    except LedgerUnavailable:
        return False
    return True
