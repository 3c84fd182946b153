"""Expressions: what may stand under `if` and `batch.key`, as values that compute one JSON value."""

from .always import always
from .expression import Expression, key_text

__all__ = ["Expression", "always", "key_text"]
