"""First answers: what the sender of an event was told when it was accepted, rebuilt from the history."""

from __future__ import annotations

import msgspec

from ..history.history import FirstAnswer, History
from .answer import Answer, Begun, Placed, counted
from .known import Known


class FirstAnswers:
    """Looks an event up by source and id, for `KnownEvents`."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __call__(self, source: str, event_id: str) -> Known[Answer] | None:
        """Raises `HistoryUnavailable`."""
        found = self._history.find_event(source, event_id)
        if found is None:
            return None
        answer = _answer(event_id, found)
        if found.expunged:
            return Known(None, msgspec.structs.replace(answer, expunged=True))
        return Known(found.fingerprint, answer)


def _answer(event_id: str, found: FirstAnswer) -> Answer:
    runs = tuple(Begun(run, automation) for run, automation in found.runs)
    if found.count > len(found.deliveries):
        return counted(event_id, found.revision, found.count, runs)
    placed = tuple(
        Placed(identifier, kind, name, batched=batched)
        for identifier, kind, name, batched in found.deliveries
    )
    return Answer(id=event_id, duplicate=False, revision=found.revision, deliveries=placed, runs=runs)
