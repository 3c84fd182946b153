"""The built-in plugins, one a file, each registered by the same hooks as any other."""

from __future__ import annotations

from pathlib import Path

from .auth import api_key, basic, bearer, header, oauth2
from .encoders import form, json, text
from .notifiers import email, log, slack, webhook
from .secrets import env
from .secrets.file import FileSecretsPlugin
from .signing import github, hmac, standard_webhooks, timestamped


def builtin_plugins(secrets_dir: Path | None) -> dict[str, object]:
    """Name to plugin (a module or an object). `secrets_dir` is the folder of `{file: name}`."""
    return {
        "json": json,
        "form": form,
        "text": text,
        "bearer": bearer,
        "basic": basic,
        "header": header,
        "api-key": api_key,
        "oauth2": oauth2,
        "standard-webhooks": standard_webhooks,
        "github": github,
        "timestamped": timestamped,
        "hmac": hmac,
        "log": log,
        "email": email,
        "slack": slack,
        "webhook": webhook,
        "env": env,
        "file": FileSecretsPlugin(secrets_dir),
    }
