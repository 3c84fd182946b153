"""A ledger that lets workers know: without a bell they look for work once a second."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence

from .ledger import Ledger
from .line import Call
from .lua import Script, translated
from .wire import chunks, offer_arguments, offered
from .work import Offer, Offered

_offer = Script("offer")


class RingingLedger(Ledger):
    """Rings the `bell` with each offer of something that is due, in one go."""

    def __init__(self, url: str, bell: Callable[[], Call]) -> None:
        super().__init__(url)
        self._bell = bell
        self._offering = threading.Lock()

    def offer(self, offers: Sequence[Offer]) -> Offered:
        """Take deliveries in, and ring; see `Ledger.offer`. What is due later workers' own clocks see."""
        asked: list[Call] = [
            (_offer, (secrets.token_hex(8), *offer_arguments(chunk))) for chunk in chunks(offers)
        ]
        rung = [self._bell()] if any(each.wait == 0 for each in offers) else []
        with self._offering, translated():
            answers = self._line.together([*asked, *rung])[: len(asked)]
        self._note(answers[0])
        return offered(answers)
