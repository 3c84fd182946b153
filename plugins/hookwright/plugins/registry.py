"""`Plugins`: everything the loaded plugins add, by name. A value; made once, never edited."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from .hookspecs import Encoder, Injector, Lapp, Notifier, SecretSource
from .secrets import SecretStore

Family: TypeAlias = Literal["encoder", "auth", "signing", "notifier", "secret", "lapp"]

_ATTRIBUTES: dict[str, Family] = {
    "encoders": "encoder",
    "injectors": "auth",
    "signers": "signing",
    "notifiers": "notifier",
    "secrets": "secret",
    "lapps": "lapp",
}


@dataclass(frozen=True, slots=True)
class LoadProblem:
    """A plugin that was left out, or an allowed one that is not there. `reason` is one line for people."""

    plugin: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.plugin} of {self.distribution}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One plugin as `doctor` and `plugins list` show it. `provides` holds names such as `auth bearer`."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One thing a plugin adds: which family of the language it belongs to, its name, schema and object."""

    family: Family
    name: str
    schema: dict[str, Any]
    value: Encoder | Injector | Notifier | SecretSource | Lapp


@dataclass(frozen=True, slots=True)
class Plugins:
    """What the plugins add, by name, and what became of each plugin."""

    contributions: tuple[Contribution, ...]
    loaded: tuple[Loaded, ...]
    problems: tuple[LoadProblem, ...]
    encoders: Mapping[str, Encoder] = field(init=False)
    injectors: Mapping[str, Injector] = field(init=False)
    signers: Mapping[str, Injector] = field(init=False)
    notifiers: Mapping[str, Notifier] = field(init=False)
    secrets: Mapping[str, SecretSource] = field(init=False)
    lapps: Mapping[str, Lapp] = field(init=False)

    def __post_init__(self) -> None:
        for attribute, family in _ATTRIBUTES.items():
            of_family = {item.name: item.value for item in self.contributions if item.family == family}
            object.__setattr__(self, attribute, MappingProxyType(of_family))

    def fragments(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The JSON Schemas to slot into the configuration's: `{"auth": {"bearer": {...}}, ...}`.

        Families are `auth`, `signing` and `notifier` (the keys beside `type`), `lapp` (its `config`) and
        `secret` (the reference).
        Encoders have none: a target names an encoder and cannot give it options.
        """
        families: dict[str, dict[str, dict[str, Any]]] = {
            "auth": {},
            "signing": {},
            "notifier": {},
            "secret": {},
            "lapp": {},
        }
        for item in self.contributions:
            if item.family in families:
                families[item.family][item.name] = copy.deepcopy(item.schema)
        return families

    def secret_store(self) -> SecretStore:
        """A fresh `SecretStore` over all secret sources."""
        return SecretStore(self.secrets)
