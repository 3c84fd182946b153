"""The lines about an expunged event: that its content has to go, by whom and why; that it is gone."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

EXPUNGED = "expunged"  # the reason of the deliveries it ends


class Expunge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of an `expunge` line: from here on the content of this event has to go."""

    id: str
    source: str
    by: str
    why: str = ""


class Expunged(Struct, frozen=True, kw_only=True):
    """The fields of an `expunged` line: nothing of the content is left. `lines` is how many were blanked
    in the last pass.
    """

    id: str
    source: str
    lines: int


EXPUNGES: Mapping[str, type[Expunge] | type[Expunged]] = {"expunge": Expunge, "expunged": Expunged}
