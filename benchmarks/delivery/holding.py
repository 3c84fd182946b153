"""A receiver that answers nobody until it is told to, and notes the name of each body that comes."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter

from hookwright.interfaces.receiver import Arrival, Receiver


class Holding:
    """Listens on loopback. `requests` counts by name; `last` is when the latest came (monotonic)."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.last = 0.0
        self._open = threading.Event()
        self._receiver = Receiver(on_arrival=self._take)
        self._receiver.start()
        self.url = self._receiver.url

    def release(self) -> None:
        """Answer everybody from now on."""
        self._open.set()

    def stop(self) -> None:
        self._open.set()
        self._receiver.stop()

    def _take(self, arrival: Arrival) -> None:
        self.requests[json.loads(arrival.body)["name"]] += 1
        self.last = time.monotonic()
        self._open.wait(60)
