"""The keywords of JSON Schema that are read, and what each of them takes: a table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class Takes(Enum):
    """What stands behind a keyword; the value is what people are told when something else does."""

    SCHEMA = "a schema (a mapping, true or false)"
    SCHEMAS = "a list of one schema or more"
    NAMED_SCHEMAS = "a mapping of names to schemas"
    PATTERNED_SCHEMAS = "a mapping of patterns to schemas"
    TYPES = "a type or a list of types"
    NUMBER = "a number"
    POSITIVE = "a number above zero"
    COUNT = "a whole number from zero on"
    TEXT = "text"
    FLAG = "true or false"
    LIST = "a list"
    NAMES = "a list of names, each of them once"
    NAMED_NAMES = "a mapping of names to lists of names"
    PATTERN = "a regular expression"
    FORMAT = "the name of a format"
    REFERENCE = "a reference"
    ANCHOR = "a name (letters, digits and - _ .)"
    DRAFT = "draft 2020-12"
    ANYTHING = "anything"


_T = Takes
KEYWORDS: Final[Mapping[str, Takes]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
             "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
            _T.SCHEMA,
        ),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _T.SCHEMAS),
        **dict.fromkeys(("$defs", "definitions", "dependentSchemas", "properties"), _T.NAMED_SCHEMAS),
        "patternProperties": _T.PATTERNED_SCHEMAS,
        "type": _T.TYPES,
        **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"), _T.NUMBER),
        "multipleOf": _T.POSITIVE,
        **dict.fromkeys(
            ("maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems", "minLength",
             "minProperties"),
            _T.COUNT,
        ),
        **dict.fromkeys(
            ("$comment", "$id", "contentEncoding", "contentMediaType", "description", "title"), _T.TEXT
        ),
        **dict.fromkeys(("deprecated", "readOnly", "uniqueItems", "writeOnly"), _T.FLAG),
        **dict.fromkeys(("enum", "examples"), _T.LIST),
        "required": _T.NAMES,
        "dependentRequired": _T.NAMED_NAMES,
        "pattern": _T.PATTERN,
        "format": _T.FORMAT,
        "$ref": _T.REFERENCE,
        "$anchor": _T.ANCHOR,
        "$schema": _T.DRAFT,
        **dict.fromkeys(("const", "default"), _T.ANYTHING),
    }
)  # fmt: skip

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
FORMATS: Final = (
    "date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri",
    "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference",
    "uri-template", "uuid",
)  # fmt: skip

# What other drafts or OpenAPI have in place of a keyword that is read here.
INSTEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "$dynamicAnchor": "write $anchor and $ref",
        "$dynamicRef": "write $ref",
        "$recursiveAnchor": "write $anchor and $ref",
        "$recursiveRef": "write $ref",
        "$vocabulary": "it is for schemas of schemas",
        "additionalItems": "draft 2020-12 has prefixItems and items",
        "dependencies": "draft 2020-12 has dependentRequired and dependentSchemas",
        "discriminator": "it is OpenAPI's; write if and then",
        "id": "draft 2020-12 has $id",
        "nullable": 'it is OpenAPI\'s; write type: [string, "null"]',
    }
)
REFUSED: Final = frozenset({"$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"})
