"""What the secret references in the settings of an endpoint stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from hookwright.plugins.errors import BadReference
from hookwright.rules.event import JSON
from hookwright.rules.model import SecretReference, Text, Tls

from .transport import Identity

Resolve: TypeAlias = Callable[[SecretReference], str]  # raises LookupError when there is no such secret now


def resolved(pairs: Iterable[tuple[str, Text]], resolve: Resolve) -> tuple[tuple[str, str, bool], ...]:
    """(name, value, whether it is secret) of each pair."""
    return tuple(
        (name, resolve(value), True) if isinstance(value, SecretReference) else (name, value, False)
        for name, value in pairs
    )


def identity_of(tls: Tls | None, resolve: Resolve) -> Identity | None:
    """What calls trust and show, with the key itself."""
    if tls is None:
        return None
    return Identity(tls.ca, tls.certificate, resolve(tls.key) if tls.key else "")


def read_reference(written: JSON) -> SecretReference:
    """A reference as a plugin finds it in its settings. Raises `BadReference`."""
    if not isinstance(written, Mapping) or len(written) != 1:
        raise BadReference("a secret reference is a map with one key, such as {env: NAME}")
    ((source, name),) = written.items()
    if not isinstance(name, str):
        raise BadReference(f"a secret reference {{{source}: ...}} takes text")
    return SecretReference(source, name)
