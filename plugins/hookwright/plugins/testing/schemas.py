"""Checks what every contribution has: a name, and a schema its configuration matches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jsonschema

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

# What stands in for `#/$defs/secret` and `#/$defs/text`, so that a schema can be checked by itself.
_DEFINITIONS = {
    "secret": {"type": "object", "minProperties": 1, "maxProperties": 1},
    "text": {"type": ["string", "object"]},
}


def check_named(name: str, schema: Mapping[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name), (
        f"{name!r} is not lower case letters, digits, - and _"
    )
    json.dumps(schema)
    jsonschema.Draft202012Validator.check_schema(schema)


def check_valid(value: JSON | Mapping[str, JSON], schema: Mapping[str, Any]) -> None:
    whole = {**schema, "$defs": {**_DEFINITIONS, **schema.get("$defs", {})}}
    errors = [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]
    assert not errors, f"the configuration does not match the schema: {errors}"
