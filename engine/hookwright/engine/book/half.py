"""Half of a batch that was refused: a batch of its own, with an id that follows from that of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from ..batch import Reason
from ..delivery import BatchPlan, Splitting
from ..identifiers import delivery_id, half_message_id
from ..journal.opened import Batched


@dataclass(frozen=True, slots=True)
class Half:
    """Half `index` (0 or 1) of `batch`, whose members wait under `plan`. It is due since that was."""

    batch: Batched
    index: int
    plan: BatchPlan

    @property
    def message(self) -> str:
        return half_message_id(self.batch.message, self.index)

    @property
    def opened(self) -> str:
        return self.batch.opened

    @property
    def due(self) -> str:
        return self.batch.due

    @property
    def reason(self) -> Reason:
        return "split"

    def split(self, members: int) -> Splitting:
        """What the refusal of so many leads to."""
        return "now" if members > 1 else "alone"


def halves(batch: Batched) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The members of both, in the order of the list; the first has the odd one."""
    middle = (len(batch.members) + 1) // 2
    return batch.members[:middle], batch.members[middle:]


def half_id(batch: Batched, index: int) -> str:
    """The id of a half's delivery."""
    return delivery_id(half_message_id(batch.message, index))
