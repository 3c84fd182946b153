"""What can go wrong between Hookwright and its plugins.

PluginError
├── BadReference      a secret reference that is no reference, or names an unknown source
├── MissingSecret     there is no such secret now; later there may be
├── BadSecret         a secret that is there and cannot be used
├── InvalidHeader     a header that may not go on the wire
├── EncodeError       a value that cannot be said in an encoding
├── NotifyError       a notice that could not be told
└── RefusedInjector   an injector that does what an injector may not do
"""

from __future__ import annotations

from collections.abc import Mapping


class PluginError(Exception):
    """Base of all errors of this floor. No message ever holds a secret's value."""


class BadReference(PluginError, ValueError):
    """A secret reference must be a one-key map whose key is a known source."""


class MissingSecret(PluginError, LookupError):
    """There is no secret under `name` in `source` now (or it is empty). `reason` is for people."""

    def __init__(self, source: str, name: str, reason: str) -> None:
        super().__init__(f"secret {{{source}: {name}}}: {reason}")
        self.source = source
        self.name = name
        self.reason = reason


class BadSecret(PluginError, ValueError):
    """The secret behind `reference` is there and cannot be used: the call is held until it is mended.

    `reason` goes on from the reference, and never quotes the secret.
    """

    def __init__(self, reference: object, reason: str) -> None:
        said = reference if isinstance(reference, Mapping) else {}
        where = ", ".join(f"{source}: {name}" for source, name in said.items())
        super().__init__(f"secret {{{where}}}: {reason}")
        self.reason = reason


class InvalidHeader(PluginError, ValueError):
    """A header name that is no token, or a value with CR, LF, NUL or a character outside latin-1."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"header {name!r}: {reason}")
        self.name = name
        self.reason = reason


class EncodeError(PluginError, ValueError):
    """The value cannot be said in this encoding (NaN in JSON, say)."""


class NotifyError(PluginError):
    """A notifier could not tell a notice now. The text is for people: recorded as it is, without a secret."""


class RefusedInjector(PluginError, TypeError):
    """An injector left a response hook, or changed the method, the body or the host of a request."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"injector {name!r}: {reason}")
        self.name = name
        self.reason = reason
