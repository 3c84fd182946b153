"""What must be true of a simulated world once it came to rest, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.simulation.world import World

OF_WORK = ("d:", "q:", "w:", "body:")  # keys that go with the last delivery they are about
ONLY_WITH_WORK = ("due", "ring", "total")
AT_ONCE = 8  # calls of one worker: what a single fault may repeat


def problems(world: World) -> list[str]:
    """Every promise that was not kept; empty when all were."""
    return [*_conserved(world), *_authorised(world), *_bounded(world), *_ordered(world), *_at_rest(world)]


def _conserved(world: World) -> Iterator[str]:
    """What was acknowledged has exactly one end; a member of a batch ends with it."""
    ends = Counter(str(line["delivery"]) for line in world.lines("settled"))
    yield from (f"{delivery} ended {times} times" for delivery, times in ends.items() if times > 1)
    batches = world.lines("batch")
    batch_of: dict[str, str] = {}
    for line in batches:
        for member in line["members"]:
            before = batch_of.get(member, line.get("halfOf"))
            if before != line.get("halfOf"):
                yield f"{member} was in {before} and went into {line['id']}"
            batch_of[member] = line["id"]
    for deliveries in world.acknowledged.values():
        for delivery in deliveries:
            if ends[batch_of.get(delivery, delivery)] != 1:
                yield f"{delivery} was acknowledged and has no end"


def _authorised(world: World) -> Iterator[str]:
    """Nothing was sent that the journal does not know; a message has one content."""
    known = {str(each["message"]) for line in world.lines("accepted") for each in line["deliveries"]}
    known |= {str(line["message"]) for line in world.lines("batch")}
    yield from (f"{message} was sent and is not known" for message in world.receiver.bodies.keys() - known)
    for message, bodies in world.receiver.bodies.items():
        if len(bodies) > 1:
            yield f"{message} went out with {len(bodies)} contents"


def _bounded(world: World) -> Iterator[str]:
    """Requests beyond the attempts on record come from faults alone, and each repeats a few at most."""
    attempts = len(world.lines("attempt"))
    extra = world.receiver.requests.total() - attempts
    if extra > world.faults * AT_ONCE * len(world.workers):
        yield f"{extra} requests beyond the {attempts} attempts, with {world.faults} faults"
    if world.faults == 0 and extra:
        yield f"{extra} requests too many without any fault"


def _ordered(world: World) -> Iterator[str]:
    """Deliveries with a key come in the order in which their events were accepted.

    Not so in the half second after Redis lost data, until that is noticed.
    """
    if world.counts["bring back older data"] or world.counts["lose redis"]:
        return
    turns: dict[str, tuple[str, int]] = {}
    for line in world.lines("accepted"):
        for each in line["deliveries"]:
            if "order" in each:
                turns.setdefault(each["id"], (each["order"]["key"], each["order"]["turn"]))
    last: dict[str, int] = {}
    for delivery in world.receiver.first:
        if delivery in turns:
            key, turn = turns[delivery]
            if turn < last.get(key, turn):
                yield f"{delivery} was overtaken"
            last[key] = turn


def _at_rest(world: World) -> Iterator[str]:
    """Nothing is left in the ledger, nor anything waiting to be booked."""
    depth = world.ledger().depth()
    if depth.total or depth.in_flight or depth.waiting:
        yield f"the ledger still holds {depth}"
    if len(world.keeper.book.open):
        yield f"{len(world.keeper.book.open)} deliveries are still open"
    left = {key.decode().partition("}:")[2] for key in world.redis.data}
    yield from (f"{key} is left over" for key in left if key.startswith(OF_WORK) or key in ONLY_WITH_WORK)
    for key, stored in world.redis.data.items():
        if b"}:ep:" in key and b"flying" in stored:
            yield f"{key.decode()} counts {stored[b'flying'].decode()} calls in flight"
