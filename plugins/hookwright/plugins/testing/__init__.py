"""Contract checks for plugin authors: subclass one in a test file, and pytest runs them all.

    class TestMyEncoder(EncoderContract):
        def make(self) -> Encoder:
            return MyEncoder()

Hookwright's own built-ins are held to the same checks.
"""

from __future__ import annotations

from ..contributions import Refused, contributions_of, hooks_of
from .encoder import EncoderContract
from .injector import InjectorContract
from .lapp import LappContract
from .notifier import NotifierContract
from .samples import (
    ATTEMPT,
    EVENT,
    NOTICES,
    VALUES,
    bare_request,
    body_context,
    failed_delivery,
    notice,
)
from .secret import SecretContract
from .signer import SignerContract

__all__ = [
    "ATTEMPT",
    "EVENT",
    "NOTICES",
    "VALUES",
    "EncoderContract",
    "InjectorContract",
    "LappContract",
    "NotifierContract",
    "SecretContract",
    "SignerContract",
    "bare_request",
    "body_context",
    "check_plugin",
    "failed_delivery",
    "notice",
]


def check_plugin(plugin: object) -> None:
    """Raises AssertionError unless `plugin` (a module or an object) would be loaded."""
    try:
        contributions_of(plugin, hooks_of(plugin))
    except Refused as error:
        raise AssertionError(f"the plugin would be left out: {error}") from None
