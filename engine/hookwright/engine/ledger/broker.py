"""The broker: Dramatiq over Redis with a doorbell, so that a message is taken the moment it is put.

A message says only "look": what is to be done stands in the ledger. Losing, doubling or delaying any message
therefore costs latency and nothing else, and Dramatiq's retries, delays and time limits are left out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import uuid4

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

from ..connection import SOCKET_TIMEOUT, connect
from .line import Call
from .lua import KEYS, Script, translated

BELL_WAIT = 1.0  # seconds (BLPOP waits shorter than 0.1 s take 0.1 s)
DELIVER = "deliver"  # the queue and the actor that drains what is due

_ALLOWED = b"#!lua flags=allow-oom\n"
_ring = Script("ring", prelude=False)
_logger = logging.getLogger(__name__)


class Pump(Protocol):
    """Work that runs once a process and looks for more by itself while it has any."""

    def wants_bell(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until a bell would help; False while the pump is busy anyway."""
        ...

    def wake(self) -> bool:
        """Make the running pump look again. False when none runs: then the message must start it."""
        ...


class Broker(RedisBroker):
    """A `RedisBroker` under our keys. `pumps` maps a queue to the pump its messages start or wake."""

    def __init__(
        self,
        url: str,
        *,
        pumps: Mapping[str, Pump] | None = None,
        timeout: float = SOCKET_TIMEOUT,
        bell_wait: float = BELL_WAIT,
    ) -> None:
        """Seconds: `timeout` bounds every answer of Redis; `bell_wait`, shorter, is the time until a consumer
        sees that it should stop."""
        dramatiq.set_encoder(dramatiq.JSONEncoder())
        super().__init__(  # type: ignore[no-untyped-call]
            client=connect(url, timeout=timeout), middleware=[], namespace=f"{KEYS}dramatiq"
        )
        stock: Any = self.scripts["dispatch"].script  # writes little, and a full Redis must be emptied
        self.scripts["dispatch"] = self.client.register_script(_ALLOWED + stock)
        self.pumps = dict(pumps or {})
        self.bell_wait = bell_wait

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue, without the queue for delayed messages Dramatiq adds: the ledger keeps time."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        with translated():
            _ring(self.client, (queue_name, message_id, data, 0))

    def ring(self, name: str = DELIVER) -> bool:
        """Put a message for the actor `name` unless one waits already. Raises `LedgerUnavailable`."""
        script, arguments = self.bell(name)
        with translated():
            return bool(script(self.client, arguments))

    def bell(self, name: str = DELIVER) -> Call:
        """What `ring` does, for others to send."""
        identifier = str(uuid4())
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=name, actor_name=name, args=(), kwargs={}, options={"redis_message_id": identifier}
        )
        return _ring, (name, identifier, message.encode(), 1)

    @property
    def consumer_class(self) -> type[Consumer]:
        return _DoorbellConsumer

    def close(self) -> None:
        self.client.close()


class _DoorbellConsumer(_RedisConsumer):
    """Waits on a bell where the stock consumer sleeps, and survives any outage of Redis.

    The stock one counts a timeout as a bug and restarts after three seconds; an acknowledgement that failed
    is retried by it every five. Here both are shrugged off: the ledger's clock rings again.
    """

    _away = False  # whether Redis did not answer last time

    def __next__(self) -> MessageProxy | None:
        try:
            message = self._next()
            self._away = False
            return message
        except redis.RedisError as error:
            if not self._away:
                _logger.warning("queue %s waits for Redis: %s", self.queue_name, error)
            self._away = True
            threading.Event().wait(self.broker.bell_wait)
        except dramatiq.DecodeError:
            _logger.exception("a message on queue %s cannot be read and is dropped", self.queue_name)
        return None

    def ack(self, message: MessageProxy) -> None:
        self.queued_message_ids.discard(message.message_id)
        try:
            self.broker.do_ack(self.queue_name, message.options["redis_message_id"])
        except redis.RedisError as error:
            _logger.warning("a message stays behind: %s", error)

    nack = ack

    def _next(self) -> MessageProxy | None:
        pump: Pump | None = self.broker.pumps.get(self.queue_name)
        if not self._may_take(pump, self.broker.bell_wait):
            return None
        bell = f"{self.broker.namespace}:bell:{self.queue_name}"
        rung = self.broker.client.blpop([bell], self.broker.bell_wait)
        if not self._may_take(pump, 0):  # the pump got busy while we waited: let somebody else hear it
            if rung:
                self.broker.client.rpush(bell, 1)
            return None
        found = self.broker.do_fetch(self.queue_name, 1)
        if not found or found[0] is None:  # deleted by somebody, say
            return None
        message = MessageProxy(dramatiq.Message.decode(found[0]))
        if pump is not None and pump.wake():
            self.ack(message)
            return None
        self.queued_message_ids.add(message.message_id)
        return message

    def _may_take(self, pump: Pump | None, timeout: float) -> bool:
        if pump is not None:
            return pump.wants_bell(timeout)
        if len(self.queued_message_ids) < self.prefetch:
            return True
        threading.Event().wait(0.01)
        return False
