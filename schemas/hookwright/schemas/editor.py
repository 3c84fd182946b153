"""The configuration's schema as editors use it best: it takes the very same files and offers more.

`deprecationMessage`, `doNotSuggest`, `defaultSnippets`, `enumDescriptions` and `markdownDescription` are
keywords of the YAML and JSON language servers; validators pass them by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import yaml

from .catalogue import load_catalogue
from .schema import FORM, NOT_YET, JSONSchema, as_built, referred

_LATER = "Not supported yet: this version of Hookwright refuses it."
_DATA = frozenset({"const", "default", "defaultSnippets", "enum", "examples", NOT_YET})  # hold no schemas
_ABOUT = frozenset(
    {"defaultSnippets", "deprecationMessage", "description", "doNotSuggest", "examples", FORM, NOT_YET}
)
_OF_LISTS = frozenset({"items", "minItems", "maxItems", "uniqueItems"})
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\$}"})  # in the text of a snippet


def editor_schema(schema: JSONSchema, encoders: Mapping[str, Iterable[str]]) -> JSONSchema:
    """`schema` (the configuration's, see `config_schema`) for editors; nothing of it is changed.

    `encoders` are the names of encoders and the content types each makes, which are offered.
    """
    built = as_built(schema, _later)
    built.pop("title", None)  # else it stands over the description of every key
    target = built["$defs"]["target"]["properties"]
    target["encoder"]["examples"] = sorted(encoders)
    target["content_type"]["examples"] = sorted({one for types in encoders.values() for one in types})
    marked: JSONSchema = _part(built, built)
    event = marked["$defs"]["subscriber"]["properties"]["event"]["anyOf"]
    _offer_events(event, dict(marked["$defs"]["event_type"]))
    return marked


def _later(what: Any) -> JSONSchema:
    """Such a key is not offered, and struck through where it stands."""
    return {NOT_YET: what, **({"deprecationMessage": _LATER, "doNotSuggest": True} if what is True else {})}


def _offer_events(choice: list[JSONSchema], event_type: JSONSchema) -> None:
    """Those of the catalogue in place of the examples, which still show what else may be written."""
    one, several = choice
    one["markdownDescription"] = _illustrated("", [*one.pop("examples"), *several.pop("examples")])
    several["items"] = event_type
    event_type.pop("examples")
    one["defaultSnippets"] = event_type["defaultSnippets"] = [
        {"label": row.type, "description": f"{row.label} (LeadSquared)", "body": row.type}
        for row in load_catalogue().types
    ]


def _part(part: Any, root: JSONSchema) -> Any:
    if isinstance(part, list):
        return [_part(each, root) for each in part]
    if not isinstance(part, dict):
        return part
    part = _whole(part, root)
    inner = {key: value if key in _DATA else _part(value, root) for key, value in part.items()}
    return _apart(_with_snippets(_with_values(inner)))


def _whole(part: JSONSchema, root: JSONSchema) -> JSONSchema:
    """What a `$ref` leads to in its place, where more stands beside it: editors look at one of both only."""
    while "$ref" in part and len(part) > 1:
        beside = {key: value for key, value in part.items() if key != "$ref"}
        behind = referred(root, part["$ref"])
        if beside.keys() & behind.keys() - _ABOUT:
            break
        shown = [*beside.get("examples", ()), *_other_mappings(behind, beside)]
        part = {**behind, **beside, **({"examples": shown} if shown else {})}
    return part


def _other_mappings(behind: JSONSchema, beside: JSONSchema) -> list[Any]:
    """Of the farther examples the mappings with keys that no nearer one has: each source of secrets."""
    near = [each.keys() for each in beside.get("examples", ()) if isinstance(each, dict)]
    far = behind.get("examples", ())
    return [each for each in far if isinstance(each, dict) and each.keys() not in near] if near else list(far)


def _with_values(part: JSONSchema) -> JSONSchema:
    """The only value there is needs no example; what is not supported yet of several is said beside them."""
    if "const" in part:
        return {key: value for key, value in part.items() if key != "examples"}
    later = part.get(NOT_YET)
    if not isinstance(part.get("enum"), list) or not isinstance(later, dict):
        return part
    values = later.get("enum", [later.get("const")])
    return {**part, "enumDescriptions": [_LATER if each in values else "" for each in part["enum"]]}


def _with_snippets(part: JSONSchema) -> JSONSchema:
    """An example that is a mapping is offered as a snippet: editors show one as `[object Object]` else."""
    examples = part.get("examples")
    if not isinstance(examples, list) or not any(_has_mapping(each) for each in examples):
        return part
    rest = {key: value for key, value in part.items() if key != "examples"}
    shown = [each for each in examples if _has_mapping(each)]
    rest["markdownDescription"] = _illustrated(part.get("description", ""), shown)
    kept = [each for each in examples if not _has_mapping(each)]
    if kept:
        rest["examples"] = kept
    snippets = [
        {"label": _flow(body), "body": _with_stops(body, count(1))}
        for body in map(_entry, shown)
        if isinstance(body, dict) and "allOf" not in part  # one type's settings are wrong among another's
    ]
    return {"defaultSnippets": snippets, **rest} if snippets else rest


def _entry(example: Any) -> Any:
    """Of a list its entry: a snippet adds an entry where a list stands."""
    return example[0] if isinstance(example, list) and len(example) == 1 else example


def _apart(part: JSONSchema) -> JSONSchema:
    """One value or a list of them, as a choice: editors would write a list for every key that takes one."""
    types = part.get("type")
    if not isinstance(types, list) or "array" not in types or "items" not in part:
        return part
    about = {key: part[key] for key in ("description", "markdownDescription", "not", NOT_YET) if key in part}
    several = {key: value for key, value in part.items() if key in _OF_LISTS}
    one = {key: value for key, value in part.items() if key not in about and key not in several}
    examples = one.pop("examples", [])
    one |= {
        "type": [each for each in types if each != "array"],
        "examples": [each for each in examples if not isinstance(each, list)],
    }
    several |= {"type": "array", "examples": [each for each in examples if isinstance(each, list)]}
    return {**about, "anyOf": [one, several]}


def _illustrated(description: str, examples: Sequence[Any]) -> str:
    """A description with examples that are not offered as they stand: editors show only those that are."""
    return "\n\n".join([description, *(f"```yaml\n{_block(each)}```" for each in examples)])


def _with_stops(value: Any, numbers: Iterator[int]) -> Any:
    """The same with each text as a place of the snippet that the tab key leads to."""
    if isinstance(value, dict):
        return {key: _with_stops(each, numbers) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_stops(each, numbers) for each in value]
    return f"${{{next(numbers)}:{value.translate(_SPECIAL)}}}" if isinstance(value, str) else value


def _has_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_has_mapping, value)))


def _flow(value: Any) -> str:
    """On one line, cut where it gets long."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()
    return text if len(text) <= 60 else f"{text[:59]}…"


def _block(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False).removesuffix("...\n")
