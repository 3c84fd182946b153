"""Expressions: what may stand under `batch.key`, as values that compute one JSON value from one event."""

from .expression import Expression, key_text

__all__ = ["Expression", "key_text"]
