"""A worker: one process that makes calls. It needs Redis and the network, and keeps nothing."""

from __future__ import annotations

import gc
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from dataclasses import dataclass, field
from types import FrameType

import dramatiq

from hookwright.plugins.registry import Plugins

from ..call.guard import Policy, judge
from ..call.resolve import Resolver
from ..call.tokens import Tokens
from ..call.transport import Kind, select
from ..errors import LedgerUnavailable
from ..lapp.order import Limits
from ..lapp.sandbox import Sandbox
from ..ledger.broker import DELIVER, Broker
from ..ledger.ledger import LEASE, Ledger
from ..stopping import stop_signals
from .actors import declare_deliver
from .drain import GRACE, LAST_WORDS, Drain
from .lapping import Lapping
from .network import GuardedNetwork, mail_policy
from .notifying import Notifying
from .pilot import Crew
from .published import loader
from .slots import IN_FLIGHT, Slots

GARBAGE = 10_000  # objects until circles among them are looked for; what a delivery makes has none
PATIENCE = 30.0  # seconds that preparing one call may take
STUCK = 70  # what it ends with
BEATS = 5  # signs of life a lease; the ledger takes half a lease without any for an outage

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a worker needs to know. Times in seconds.

    `policy` says where calls may go, `ca` is a file of trusted roots (certifi's when None), `in_flight` the
    calls at once, `grace` what they get to finish after a stop. A worker ends itself when preparing one call
    takes longer than `patience`: a plugin that never returns cannot be stopped otherwise. With
    `limits` are those of Lapps, for whom the plugins `allowed` are loaded (all if that is empty). With
    `stop_at_eof` the end of standard input is a stop: the process that started us is gone.
    """

    url: str
    plugins: Plugins
    policy: Policy = field(default_factory=Policy)
    transport: Kind = "auto"
    ca: str | None = None
    in_flight: int = IN_FLIGHT
    grace: float = GRACE
    lease: float = LEASE
    stop_at_eof: bool = False
    patience: float = PATIENCE
    limits: Limits = field(default_factory=Limits)
    allowed: tuple[str, ...] = ()


class Worker:
    """The parts of a worker, started and ended in order. Nothing here waits for Redis to be there."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._ledger = Ledger(settings.url, worker=self.name, lease=settings.lease)
        self._resolver = Resolver(settings.policy)
        mail = mail_policy(settings.policy)
        self._mail_resolver = Resolver(mail)
        self._crew = Crew(Notifying(), Lapping(Sandbox(settings.allowed)))
        self._transport = select(settings.transport, self._judge, ca=settings.ca)
        tokens = Tokens(self._resolver, self._transport)
        self._drain = Drain(
            self._ledger,
            loader(settings.plugins, GuardedNetwork(self._mail_resolver, mail), tokens, settings.limits),
            self._resolver,
            self._transport,
            crew=self._crew,
            slots=Slots(settings.in_flight),
            grace=settings.grace,
        )
        self._broker = Broker(settings.url, pumps={DELIVER: self._drain})
        declare_deliver(self._broker, self._drain)
        self._host = dramatiq.Worker(self._broker, worker_threads=1, worker_timeout=200)
        self._stopped = threading.Event()
        self._clock = threading.Thread(target=self._beat, name="beat", daemon=True)

    def start(self) -> None:
        self._clock.start()
        self._host.start()

    def stop(self) -> None:
        """Claim nothing more, let calls finish within the grace, settle, hand back the rest."""
        self._drain.stop()
        self._host.stop(timeout=int((self._settings.grace + LAST_WORDS + 1) * 1000))
        self._stopped.set()
        self._clock.join()
        try:
            self._ledger.leave()
        except LedgerUnavailable as error:
            _logger.warning("the lease ends by itself: %s", error)
        self._transport.close()
        self._crew.close()
        self._resolver.close()
        self._mail_resolver.close()
        self._broker.close()
        self._ledger.close()

    def _judge(self, address: str, port: int) -> str | None:
        return judge(address, port, self._settings.policy)

    def _beat(self) -> None:
        """Keep the lease, and be the clock that rings when work is due: bells may get lost."""
        lost = False
        while not self._stopped.is_set():
            self._end_if_stuck()
            try:
                if self._ledger.beat():
                    self._broker.ring()
            except LedgerUnavailable as error:
                if not lost:
                    _logger.warning("the ledger cannot be reached: %s", error)
                lost = True
            else:
                lost = False
            self._stopped.wait(self._settings.lease / BEATS)

    def _end_if_stuck(self) -> None:
        delivery, seconds = self._drain.stuck()
        if seconds > self._settings.patience:
            _logger.critical(
                "preparing delivery %s takes over %g s: this worker ends itself", delivery, seconds
            )
            os._exit(STUCK)  # the lease ends by itself, and tells which delivery it was


def run_worker(settings: WorkerSettings) -> None:
    """Be a worker until a stop signal or the end of standard input; a second signal ends it at once.

    Call it in the main thread.
    """
    stopping = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(128 + number)  # the lease ends by itself
        stopping.set()

    for number in stop_signals():
        signal.signal(number, on_signal)
    if settings.stop_at_eof:
        threading.Thread(target=_watch_stdin, args=(stopping,), name="stdin", daemon=True).start()
    gc.set_threshold(GARBAGE)
    worker = Worker(settings)
    worker.start()
    _logger.info("worker %s started", worker.name)
    while not stopping.wait(0.5):  # a wait without end has been seen to miss a signal
        pass
    worker.stop()
    _logger.info("worker %s stopped", worker.name)


def _watch_stdin(stopping: threading.Event) -> None:
    """The other end of the pipe closes when the process that started us ends, however it ends."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stopping.set()
