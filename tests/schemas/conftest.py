"""What the plugins would bring, in small."""

from __future__ import annotations

import pytest

FRAGMENTS = {
    "auth": {
        "basic": {
            "type": "object",
            "properties": {"user": {"$ref": "#/$defs/text"}, "password": {"$ref": "#/$defs/secret"}},
            "required": ["user", "password"],
        },
        "bearer": {
            "type": "object",
            "properties": {"token": {"$ref": "#/$defs/secret"}},
            "required": ["token"],
        },
    },
    "notifier": {
        "log": {"type": "object"},
        "slack": {
            "type": "object",
            "properties": {"url": {"$ref": "#/$defs/secret"}},
            "required": ["url"],
        },
    },
    "signing": {
        "github": {
            "type": "object",
            "properties": {"secret": {"$ref": "#/$defs/secret"}},
            "required": ["secret"],
        },
    },
    "secret": {"env": {"type": "string", "minLength": 1}, "file": {"type": "string", "minLength": 1}},
}


@pytest.fixture(scope="session")
def fragments():
    return FRAGMENTS
