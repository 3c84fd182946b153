"""Looks secrets up over all sources, and remembers their values so that records can mask them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .errors import BadReference, MissingSecret, PluginError
from .hookspecs import SecretSource

if TYPE_CHECKING:
    from hookwright.rules.event import JSON


class SecretStore:
    """The `Secrets` injectors are built with. Asks the source each time, so a changed secret is seen.

    Safe to use from several threads. Never shows a value, whatever prints it.
    """

    def __init__(self, sources: Mapping[str, SecretSource]) -> None:
        self._sources = sources
        self._seen: set[str] = set()

    def __call__(self, reference: JSON) -> str:
        """The secret behind a reference as written in YAML, `{"env": "ERP_KEY"}`.

        Raises `BadReference` or `MissingSecret`.
        """
        if not isinstance(reference, Mapping) or len(reference) != 1:
            raise BadReference("a secret reference is a map with one key, such as {env: NAME}")
        ((source, name),) = reference.items()
        if not isinstance(name, str):
            raise BadReference(f"a secret reference {{{source}: ...}} takes text")
        return self.get(source, name)

    def get(self, source: str, name: str) -> str:
        """The secret `name` of `source`. Raises `BadReference` or `MissingSecret`."""
        if source not in self._sources:
            known = ", ".join(sorted(self._sources))
            raise BadReference(f"there is no secret source {source!r} (there are: {known})")
        value = _ask(self._sources[source], source, name)
        self._seen.add(value)
        return value

    @property
    def seen(self) -> frozenset[str]:
        """Every value handed out so far, old ones after a change included: what records must mask."""
        return frozenset(self._seen)

    def __repr__(self) -> str:
        return f"SecretStore({', '.join(sorted(self._sources))})"


def _ask(source: SecretSource, source_name: str, name: str) -> str:
    """A plugin's own error becomes its bare type: its text may hold the secret."""
    try:
        value: object = source.resolve(name)
    except PluginError:
        raise
    except Exception as error:  # noqa: BLE001  # a plugin may raise anything; the call is held, not lost
        raise MissingSecret(source_name, name, f"the source failed ({type(error).__name__})") from None
    if not isinstance(value, str) or not value:
        raise MissingSecret(source_name, name, "the source gave no text")
    return value
