"""Receivers that answer as a timeline says."""

from __future__ import annotations

from collections.abc import Sequence

from ..call.transport import Reply
from .timeline import Answer

_FINE = Answer("*", Reply(200, True))


class Receivers:
    """Gives each call the first answer that fits and is not used up."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._left = [(each, each.times) for each in answers]

    def answer(self, endpoint: str) -> Answer:
        """What a call of this endpoint comes to."""
        for index, (answer, left) in enumerate(self._left):
            if left != 0 and answer.fits(endpoint):
                self._left[index] = (answer, None if left is None else left - 1)
                return answer
        return _FINE
