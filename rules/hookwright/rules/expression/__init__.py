"""Expressions, which compute one JSON value from an event, and templates, filled in with such values."""

from .always import always
from .expression import Expression, key_text
from .filling import fill, fill_json, fill_text

__all__ = ["Expression", "always", "fill", "fill_json", "fill_text", "key_text"]
