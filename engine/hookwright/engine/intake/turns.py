"""Turns: the place of a delivery among others of its key, in the order in which events were accepted."""

from __future__ import annotations

import msgspec

from ..delivery import Delivery


class Turns:
    """Gives each ordered delivery a later turn than the one before, also within a millisecond.

    A turn is the time of acceptance in microseconds or, where the clock did not move on, one more than the
    last. Not for several threads.
    """

    def __init__(self) -> None:
        self._last = 0

    def take(self, delivery: Delivery) -> Delivery:
        """The delivery with its turn; others stay as they are."""
        order = delivery.order
        if order is None:
            return delivery
        self._last = max(order.turn, self._last + 1)
        return msgspec.structs.replace(delivery, order=msgspec.structs.replace(order, turn=self._last))
