"""Patterns: what may stand under `match`, parsed into a frozen tree with every fault told."""

from .parse import parse_pattern, pattern_errors, read_pattern
from .suspicions import PatternWarning, pattern_warnings
from .syntax import All, AnyOf, Field, Node, Not, Pattern

__all__ = [
    "All",
    "AnyOf",
    "Field",
    "Node",
    "Not",
    "Pattern",
    "PatternWarning",
    "parse_pattern",
    "pattern_errors",
    "pattern_warnings",
    "read_pattern",
]
