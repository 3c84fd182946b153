"""Why a subscriber gets an event, or does not, with the line that decided it and the value it met there.

It judges on its own, slowly and obviously, and shares with the matcher only the parsed pattern; tests hold
that the two never disagree.
"""

from .clause import Clause, Conflict, Element, Expected, Explanation, Found
from .pattern import explain_pattern
from .subscriber import Explainer

__all__ = [
    "Clause",
    "Conflict",
    "Element",
    "Expected",
    "Explainer",
    "Explanation",
    "Found",
    "explain_pattern",
]
