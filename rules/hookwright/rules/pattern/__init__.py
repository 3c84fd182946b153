"""Patterns: what may stand under `match`, parsed into a frozen tree with every fault told."""

from .parse import parse_pattern, pattern_errors, read_pattern
from .syntax import All, AnyOf, Field, Node, Not, Pattern

__all__ = [
    "All",
    "AnyOf",
    "Field",
    "Node",
    "Not",
    "Pattern",
    "parse_pattern",
    "pattern_errors",
    "read_pattern",
]
