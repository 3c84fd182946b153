"""`{env: NAME}`: a secret from an environment variable. Empty is the same as missing."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ...errors import BadReference, MissingSecret
from ...hookspecs import SecretSource, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


class EnvSecrets:
    """Reads the environment each time it is asked."""

    name = "env"
    schema: dict[str, Any] = {  # noqa: RUF012  # read-only
        "type": "string",
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "description": "The name of an environment variable of the worker.",
        "examples": ["ERP_KEY"],
    }

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def resolve(self, reference: str) -> str:
        """Raises `BadReference` for what cannot be a variable's name, else `MissingSecret`."""
        if not _is_name(reference):
            raise BadReference(f"secret {{env: {reference!r}}}: is not the name of an environment variable")
        value = self._environ.get(reference)
        if value is None:
            raise MissingSecret(self.name, reference, "the environment variable is not set")
        if not value:
            raise MissingSecret(self.name, reference, "the environment variable is empty")
        return value


@hookimpl
def hookwright_secrets() -> list[SecretSource]:
    return [EnvSecrets()]
