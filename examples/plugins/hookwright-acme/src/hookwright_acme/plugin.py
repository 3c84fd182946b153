"""The hooks: each returns what this package adds."""

from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import Encoder, Injector, Notifier, SecretSource

from .encoder import CSVEncoder
from .injector import StampInjector
from .notifier import JournalNotifier
from .secrets import INISecrets


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [CSVEncoder()]


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [StampInjector()]


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [JournalNotifier()]


@hookimpl
def hookwright_secrets() -> list[SecretSource]:
    return [INISecrets()]
