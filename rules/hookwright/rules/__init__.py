"""Rules: what a bundle says, checked and compiled into a table that tells who gets an event."""

from .errors import PatternError
from .index import PatternIndex

__all__ = ["PatternError", "PatternIndex"]
