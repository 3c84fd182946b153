"""The ledger: due work, leases and results in Redis, each call one idempotent Lua script."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from redis import Redis

from hookwright.rules.model import FailureLimit

from ..connection import SOCKET_TIMEOUT, connect
from ..delivery import Result
from ..errors import LedgerUnavailable
from ..journal.switch import Switch
from .expunging import Expunging
from .grounds import Grounds
from .lease import Lease
from .line import Line, Meanwhile
from .lua import KEYS, Argument, Script, translated
from .policy import Policy
from .ticks import Ticks
from .wire import (
    chunks,
    limit_row,
    offer_arguments,
    offered,
    pack,
    read_rests,
    read_results,
    read_switch,
    read_text,
    read_tick,
    settle_rows,
    stream_entries,
    write,
    written_cap,
)
from .work import Claim, Depth, Expired, Offer, Offered, Rest, Resting, Settle, Tick

__all__ = [
    "HORIZON",
    "LEASE",
    "Claim",
    "Depth",
    "Ledger",
    "Offer",
    "Offered",
    "Policy",
    "Rest",
    "Settle",
    "Tick",
]

LEASE = 5.0  # seconds a worker keeps its claims without a sign of life; it beats once a second
HORIZON = 1.25  # seconds: work due within it keeps a drain running, or gets one started

_scripts = {
    name: Script(name)
    for name in (
        *("offer", "step", "beat", "leave", "acknowledge", "publish", "halt", "epoch", "depth"),
        *("switch", "switches", "expire", "ground", "vouch", "drop", "discard", "empty", "node", "adopted"),
        *("cancel", "tick"),
    )
}
_NONE: Mapping[str, Any] = MappingProxyType({})


class Ledger:
    """The ledger in `redis`, a URL or a client. Every method raises only `LedgerUnavailable`; then it may be
    called again.

    `worker` names the worker on whose behalf `step`, `beat` and `leave` are called; it must be new at every
    start of a process. Threads may share a ledger, but only one of them may call `step`.
    """

    def __init__(
        self,
        redis: str | Redis,
        *,
        worker: str = "",
        lease: float = LEASE,
        timeout: float = SOCKET_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self.lease = lease
        self._timeout = timeout
        self._clock = clock
        self._redis = connect(redis, timeout=timeout) if isinstance(redis, str) else redis
        self._line = Line(self._redis)  # for `step`
        self._call = 0
        self._unanswered: tuple[Argument, ...] | None = None
        self._lease = Lease(lease)
        self._spoiled: tuple[bytes, ...] = ()
        self._epoch = ""
        self._seen: dict[str, str] = {}
        self.grounds = Grounds(self._redis, self._run, doubt=self._seen.clear)
        self.expunging = Expunging(self._redis, self._run)
        self.ticks = Ticks(self._run)

    def offer(self, offers: Sequence[Offer]) -> Offered:
        """Take deliveries in; one the ledger has, or whose result is not booked yet, is left alone.

        Many offers are several calls; should Redis lose its data between them, the answer's epoch is that
        of the first, so a later look at `epoch` tells.
        """
        return offered([self._run("offer", *offer_arguments(chunk)) for chunk in chunks(offers)])

    def step(self, *, settles: Sequence[Settle] = (), hand_back: Sequence[str] = (), claim: int = 0) -> Tick:
        """One tick of a worker: renew its lease, settle, hand back, claim up to `claim` deliveries.

        After `LedgerUnavailable` call it again with the same arguments: it goes out under the same call
        number, so whichever of the two reached Redis first counts, once. Other arguments are a ValueError.
        """
        rows, results = settle_rows(settles)
        arguments = (claim, rows, pack(list(hand_back)), results)
        if self._unanswered is None:
            self._call += 1
        elif self._unanswered != arguments:
            raise ValueError("the last step has no answer yet: repeat it with the same arguments")
        self._unanswered = arguments
        spoiled, self._spoiled = self._spoiled, ()
        with suppress(LedgerUnavailable):  # then they stay claims of this worker until it ends
            self._run("discard", *spoiled) if spoiled else None
        asked = self._clock()
        answer = self._run("step", self.worker, self._call, int(self.lease * 1000), *arguments)
        self._unanswered = None
        tick = read_tick(answer, self._lease.renew(asked, anew=bool(answer[5])))
        self._spoiled = tick.spoiled
        return tick

    def meanwhile(self, work: Meanwhile) -> None:
        """What the thread that calls `step` does while Redis works."""
        self._line.meanwhile = work

    def beat(self) -> bool:
        """Renew the worker's lease. True when a drain should look: work is due now or within HORIZON."""
        asked = self._clock()
        answer = self._run("beat", self.worker, int(self.lease * 1000), int(HORIZON * 1000))
        self._lease.renew(asked, anew=bool(answer[2]))
        return bool(answer[1])

    def leave(self) -> None:
        """End the worker: hand back everything it still holds, drop its lease."""
        self._run("leave", self.worker)
        self._lease.end()

    def lease_age(self) -> float:
        """Seconds since the last renewal was asked for and granted."""
        return self._lease.age(self._clock())

    def holds(self, claim: Claim) -> bool:
        """Whether a claim of this worker surely is its own still: a socket opens only then.

        The last renewal must be younger than the lease, and must have found the lease the claim was made
        under: a worker that stood still learns from its first answer whether that one had ended meanwhile.
        """
        return self._lease.holds(claim.term, self._clock())

    def publish(
        self,
        revision: str,
        content: bytes,
        caps: Mapping[str, int],
        limits: Mapping[str, FailureLimit] = _NONE,
        policies: Mapping[str, Policy] = _NONE,
    ) -> None:
        """Make `revision` live for all workers.

        `caps` says how many calls an endpoint takes at once, `limits` what switches it off, `policies` what
        lets it rest. An endpoint without a cap is none of the revision's. An endpoint whose policy is another
        one than before does not rest any more.
        """
        capped = [(name, written_cap(cap, policies.get(name))) for name, cap in caps.items()]
        limited = [limit_row(name, limit) for name, limit in limits.items()]
        self._run("publish", revision, content, pack(capped), pack(limited))

    def switch(self, switches: Sequence[Switch]) -> int:
        """Switch subscribers or endpoints on or off; how many counted: the later one of a name does."""
        rows = [(each.name, each.state, each.reason, each.by, each.at) for each in switches]
        counted: int = self._run("switch", pack(rows))[1]
        return counted

    def switches(self, endpoints: Sequence[str] = ()) -> tuple[tuple[Switch, ...], tuple[int, ...]]:
        """The last switch of every name, and how many deliveries in a row failed at each of `endpoints`."""
        with translated():
            found, failures = _scripts["switches"](self._redis, (pack(list(endpoints)),))
        return tuple(map(read_switch, found)), tuple(failures)

    def rests(self) -> dict[str, Resting]:
        """The endpoints that make no calls for a time."""
        with translated():
            found: Any = self._redis.hgetall(f"{KEYS}rests")
        return {name.decode(): read_rests(written) for name, written in found.items()}

    def expire(self, node: str, expired: Sequence[Expired]) -> int:
        """End what waited too long behind an endpoint that is off; each comes back as a result. How many
        ended: what is in flight, has ended already, or whose endpoint is on again is left alone.
        """
        rows = [(each.result.delivery, each.endpoint, write(each.result).decode()) for each in expired]
        ended: int = self._run("expire", node, pack(rows))[1]
        return ended

    def live(self) -> str | None:
        """The live revision, or None: then nothing is claimed."""
        with translated():
            found = self._redis.get(f"{KEYS}live")
        return read_text(found)

    def content(self, revision: str) -> bytes | None:
        """What was published under `revision`; None once it was superseded or Redis lost it."""
        with translated():
            found = self._redis.get(f"{KEYS}revision:{revision}")
        assert found is None or isinstance(found, bytes)
        return found

    def results(
        self, node: str, *, block_ms: int = 1000, count: int = 1000
    ) -> list[tuple[str, Result | Switch]]:
        """The next results for this node, oldest first, waiting up to `block_ms` for the first; among them
        are the switches that failures caused.

        A new ledger starts at the oldest result not acknowledged; so does this one once Redis lost its data.
        """
        stream = f"{KEYS}results:{node}"
        block = min(block_ms, int(self._timeout * 500))
        with translated():
            seen = self._seen.get(node, "0")
            answer: Any = self._redis.xread({stream: seen}, count=count, block=block or None)
        entries = stream_entries(answer)
        if entries:
            self._seen[node] = entries[-1][0].decode()
        return [
            (identifier.decode(), result)
            for identifier, fields in entries
            for result in read_results(node, fields)
        ]

    def acknowledge(self, node: str, upto: str, deliveries: Sequence[str]) -> None:
        """All results up to and with stream id `upto` are booked: cut them, drop these tombstones."""
        milliseconds, _, sequence = upto.partition("-")
        keep = f"{milliseconds}-{int(sequence or 0) + 1}"
        self._run("acknowledge", node, keep, pack(list(deliveries)))

    def halt(self, node: str, on: bool = True) -> None:
        """Stop (or resume) claims of what this node accepted: its history cannot be written, say."""
        self._run("halt", node, int(on))

    def hold(self, node: str, by: str, seconds: float) -> tuple[str, int]:
        """Hold a node's name for so long, or let go (0): who holds it, for how many milliseconds yet."""
        holder, left = self._run("node", node, by, int(seconds * 1000))[1:]
        return holder.decode(), left

    def epoch(self) -> str:
        """The name of the present data: it changes when Redis lost everything, and only then."""
        self._run("epoch")
        return self._epoch

    def depth(self) -> Depth:
        """How much is open, and which workers live."""
        with translated():
            total, waiting, in_flight, *workers = _scripts["depth"](self._redis, ())
        ages = {name.decode(): age / 1000 for name, age in zip(workers[::2], workers[1::2], strict=True)}
        return Depth(total, waiting, in_flight, ages)

    def ping(self) -> None:
        """Raise `LedgerUnavailable` unless Redis answers."""
        with translated():
            self._redis.ping()

    def close(self) -> None:
        self._line.close()
        self._redis.close()

    def _run(self, name: str, *arguments: Argument) -> Any:
        """Call a script with a fresh epoch candidate first; note the epoch its answer begins with."""
        with translated():
            script, line = _scripts[name], name == "step"
            told = (secrets.token_hex(8), *arguments)
            answer = self._line(script, told) if line else script(self._redis, told)
        self._note(answer)
        return answer

    def _note(self, answer: Any) -> None:
        epoch = answer[0].decode()
        if epoch != self._epoch:
            self._epoch = epoch
            self._seen.clear()  # stream ids of lost data mean nothing
