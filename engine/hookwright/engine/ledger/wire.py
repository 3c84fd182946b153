"""The form in which work passes to the ledger's scripts and comes back from them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import msgspec

from hookwright.rules.model import FailureLimit

from ..delivery import RECEIVER_ERRORS, Delivery, Result
from ..journal.switch import Switch
from .policy import Policy
from .work import Cause, Claim, Offer, Offered, Resting, Settle, Tick

OFFERS_PER_CALL = 200
BYTES_PER_CALL = 2 * 1024 * 1024

pack = msgspec.msgpack.Encoder().encode  # arguments; the scripts' reader knows no binary type, so text only
write = msgspec.json.Encoder().encode
read_switch = msgspec.json.Decoder(Switch).decode
_read_delivery = msgspec.json.Decoder(Delivery).decode
_read_rests = msgspec.json.Decoder(dict[Cause, tuple[float, str]]).decode
_read_result = msgspec.json.Decoder(Result).decode
_read_all = msgspec.json.Decoder(list[Result]).decode
_FAILED = frozenset({"retry", "failure"})
_logger = logging.getLogger(__name__)
_Read = TypeVar("_Read")
_Said = TypeVar("_Said")


def chunks(offers: Sequence[Offer]) -> list[list[Offer]]:
    """The same offers, as many at a time as one call takes; one call, if there are none."""
    found: list[list[Offer]] = [[]]
    size = 0
    for offer in offers:
        if found[-1] and (len(found[-1]) >= OFFERS_PER_CALL or size + len(offer.body) > BYTES_PER_CALL):
            found.append([])
            size = 0
        found[-1].append(offer)
        size += len(offer.body)
    return found


def offer_arguments(offers: Sequence[Offer]) -> Iterator[bytes | str]:
    """Deliveries on offer, as `offer.lua` reads them: packed rows, then each body with its SHA-256."""
    yield pack([offer_row(offer) for offer in offers])
    bodies = {offer.delivery.body: offer.body for offer in offers}
    for pair in bodies.items():
        yield from pair


def offered(answers: Sequence[Any]) -> Offered:
    """What became of them, by the answers of `offer.lua`."""
    return Offered(
        answers[0][0].decode(),
        sum(added for _, added, _ in answers),
        tuple(refused.decode() for *_, some in answers for refused in some),
    )


def offer_row(offer: Offer) -> tuple[str | int, ...]:
    """One delivery on offer, as `offer.lua` reads it."""
    d = offer.delivery
    wait = max(offer.wait, 0)
    row = (d.id, d.node, d.lane, d.body, offer.attempts, wait, write(d).decode())
    if d.order is None and d.dedupe is None:
        return row
    order = ("", 0) if d.order is None else (d.order.key, d.order.turn)
    return (*row, *order, *(("", 0) if d.dedupe is None else (d.dedupe.key, d.dedupe.window)))


def settle_rows(settles: Sequence[Settle]) -> tuple[bytes, bytes]:
    """What became of claims, as `step.lua` reads it: packed rows, and the results, a line each."""
    results = [write(settle.result) for settle in settles]
    rows = [_settle_row(settle, len(result)) for settle, result in zip(settles, results, strict=True)]
    return pack(rows), b"\n".join(results)


def _settle_row(settle: Settle, size: int) -> tuple[Any, ...]:
    result = settle.result
    row = (settle.token, result.node, result.outcome, settle.wait or 0, size)
    rest = settle.rest and (max(settle.rest.wait, 0), settle.rest.cause, settle.rest.why)
    failed = result.outcome in _FAILED
    status = result.response.status if result.response and failed else 0
    faulty = failed and result.error in RECEIVER_ERRORS
    return (*row, rest or False, status, faulty) if rest or status or faulty else row


def limit_row(endpoint: str, limit: FailureLimit) -> tuple[str, str]:
    """What switches an endpoint off, as `failing.lua` reads it: what does not apply is left out."""
    said = {name: value for name, value in asdict(limit).items() if value or name == "notify"}
    return endpoint, write(said).decode()


def written_cap(cap: int, policy: Policy | None) -> int | str:
    """A cap and, if the endpoint has one, its policy, as `prelude.lua` reads them."""
    return cap if policy is None else f"{cap} {write(policy).decode()}"


def read_text(found: Any) -> str | None:
    """Text that may be missing."""
    return None if found is None else found.decode()


def read_tick(answer: Any, term: int) -> Tick:
    """What a step gave to a worker whose lease has the number `term`."""
    epoch, live, now, next_due, claims, _ = answer
    made: list[Claim] = []
    spoiled: list[bytes] = []
    for claim in claims:
        try:
            made.append(_read_claim(claim, claims, term))
        except (msgspec.DecodeError, TypeError, ValueError) as error:
            spoiled.append(claim[3])
            kind = type(error).__name__  # its text may quote what is redacted
            _logger.error("work in Redis is not what was offered, and is set aside: %s", kind)
    return Tick(tuple(made), read_text(live), epoch.decode(), next_due, now, tuple(spoiled))


def _read_claim(written: tuple[bytes, Any, int, bytes, int], claims: Sequence[Any], term: int) -> Claim:
    """Raises ValueError, TypeError or `msgspec.DecodeError` for what the scripts did not write."""
    text, apart, spent, token, suspicion = written
    packed, _, body = text.partition(b"\n")
    if apart is not None:
        body = _body(claims, apart)
    claim = Claim(_read_delivery(packed), body, int(spent) + 1, token.decode(), term, suspicion)
    if not claim.token.startswith(f"{claim.delivery.id}/"):
        raise ValueError("another delivery stands in its place")
    if hashlib.sha256(body).hexdigest() != claim.delivery.body:
        raise ValueError("its body is not the one that was accepted")
    return claim


def _body(claims: Sequence[Any], body: Any) -> bytes:
    """The body of a claim, which may be the place of an earlier claim that brought the same one."""
    found: bytes = claims[body - 1][1] if isinstance(body, int) else body
    return found


def read_rests(written: bytes) -> Resting:
    """What an endpoint rests for: the cause that ends last."""
    rests = _read_rests(written)
    cause = max(rests, key=lambda each: rests[each][0])
    return Resting(int(rests[cause][0]), cause, rests[cause][1])


def stream_entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """XREAD's answer for one stream, in either protocol version."""
    if not answer:
        return []
    streams = list(answer.values()) if isinstance(answer, dict) else [pair[1] for pair in answer]
    entries = streams[0]
    return entries[0] if isinstance(answer, dict) and entries and isinstance(entries[0], list) else entries


def read_results(node: str, fields: Mapping[bytes, bytes]) -> list[Result | Switch]:
    """What one entry of a node's stream says, oldest first; what nobody can read is dropped, and said."""
    if b"results" in fields:
        return list(_many(node, fields[b"results"]))
    if b"reaped" in fields or b"spoiled" in fields:
        read = _reaped if b"reaped" in fields else _spoiled
        lost = _guarded(node, lambda said: read(node, said), fields)
        return [] if lost is None else [lost]
    if b"switched" in fields:
        switched = _guarded(node, read_switch, fields[b"switched"])
        return [] if switched is None else [switched]
    result = _guarded(node, _read_result, fields.get(b"result", b""))
    if result is None:
        return []
    stale = b"stale" in fields
    return [msgspec.structs.replace(result, outcome="lost", next=None) if stale else result]


def _many(node: str, packed: bytes) -> Sequence[Result]:
    """Results, a line each: read at once, and one by one when one of them cannot be read."""
    try:
        return _read_all(b"[%b]" % packed.replace(b"\n", b","))
    except (msgspec.DecodeError, ValueError):
        found = (_guarded(node, _read_result, line) for line in packed.split(b"\n"))
        return [each for each in found if each is not None]


def _guarded(node: str, read: Callable[[_Said], _Read], said: _Said) -> _Read | None:
    try:
        return read(said)
    except (msgspec.DecodeError, KeyError, ValueError):
        _logger.exception("a result for node %s cannot be read and is dropped", node)
        return None


def _reaped(node: str, fields: Mapping[bytes, bytes]) -> Result:
    return Result(
        delivery=fields[b"delivery"].decode(),
        node=node,
        attempt=int(fields[b"attempt"]),
        outcome="lost",
        at=int(fields[b"at"]),
        worker=fields[b"reaped"].decode(),
        reason="the worker's lease ended",
    )


def _spoiled(node: str, fields: Mapping[bytes, bytes]) -> Result:
    """A loss without a worker: the ledger held what was not offered."""
    return Result(delivery=fields[b"spoiled"].decode(), node=node, attempt=0, outcome="lost", at=0)
