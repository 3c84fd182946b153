"""What is wrong with a JSON Schema that data is to be held against: every fault, with its place in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final

from ..builder import JSON
from ..nearest import did_you_mean
from ..problem import Severity
from ..wording import kind, show
from .compiled import BACKTRACKING, LARGE, DataSchema, Uncompilable, is_regex
from .growth import LONGEST_CHAIN, endless, multiplies
from .keywords import DRAFT, FORMATS, INSTEAD, KEYWORDS, REFUSED, TYPES, Takes
from .parts import Path, Targets, subschemas

MOST_PARTS: Final = 5_000  # schemas in a schema
_ANCHOR = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")
_NULL = 'the type of null stands in quotes: "null"'


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """What is wrong at `path` in a schema; with `key` it is the key there that is meant.

    `code` is that of a problem (`HW140`), `hint` says what would be right.
    """

    path: Path
    message: str
    hint: str | None = None
    code: str = "HW140"
    severity: Severity = "error"
    key: bool = False


def schema_faults(schema: JSON) -> list[SchemaFault]:
    """All faults of a schema; one that has none but warnings can be compiled. Fetches nothing."""
    parts = list(islice(subschemas(schema), MOST_PARTS + 1))
    if len(parts) > MOST_PARTS:
        return [SchemaFault((), f"more than {MOST_PARTS:,} schemas in one", code="HW142")]
    faults = [fault for path, part in parts for fault in _part(part, path)]
    if any(fault.severity == "error" for fault in faults):
        return faults
    targets = Targets(schema)
    faults += _references(parts, targets)
    if any(fault.severity == "error" for fault in faults):
        return faults
    return [*faults, *_whole(schema, targets)]


def _part(part: JSON, path: Path) -> Iterator[SchemaFault]:
    """The faults of one schema, but for those of the schemas in it."""
    if isinstance(part, bool):
        return
    if not isinstance(part, dict):
        hint = "write true for a value of any kind" if part is None else None
        yield SchemaFault(path, f"a schema is a mapping, true or false, not {kind(part)}", hint)
        return
    for keyword, value in part.items():
        takes = KEYWORDS.get(keyword)
        if takes is None and not keyword.startswith("x-"):
            yield _unknown(keyword, (*path, keyword))
        elif takes is None:
            continue
        elif keyword == "$id" and path:
            yield SchemaFault((*path, keyword), "$id may stand at the top of a schema only", key=True)
        else:
            yield from _value(keyword, takes, value, (*path, keyword))


def _unknown(keyword: str, path: Path) -> SchemaFault:
    """Keywords nobody knows are passed over, as the standard says; most of them are slips of the pen."""
    hint = INSTEAD.get(keyword) or did_you_mean(keyword, KEYWORDS)
    if keyword in REFUSED:
        return SchemaFault(path, f'the keyword "{keyword}" is not read', hint, key=True)
    message = f'unknown keyword "{keyword}" checks nothing'
    hint = hint or "a note of your own has a name such as x-note"
    return SchemaFault(path, message, hint, "HW143", "warning", key=True)


def _value(keyword: str, takes: Takes, value: JSON, path: Path) -> Iterator[SchemaFault]:
    check = _CHECKS.get(takes)
    if check is not None:
        yield from check(value, path)
    elif not _FITS[takes](value):
        yield SchemaFault(path, f'"{keyword}" must be {takes.value}, not {kind(value)}', _hint(takes, value))


def _hint(takes: Takes, value: JSON) -> str | None:
    if takes in {Takes.NUMBER, Takes.POSITIVE, Takes.COUNT} and isinstance(value, str):
        return "remove the quotes"
    if takes is Takes.NAMES and isinstance(value, bool):
        return "write it beside `properties`, as a list of the fields that must be there"
    if takes is Takes.NAMED_NAMES:
        return "each name with a list in brackets: {Phone: [Name]}"
    listed = takes in {Takes.LIST, Takes.NAMES, Takes.SCHEMAS}
    return "put it in brackets" if listed and not isinstance(value, list) else None


def _types(value: JSON, path: Path) -> Iterator[SchemaFault]:
    if value == [] or not isinstance(value, list | str):
        yield SchemaFault(
            path, f'"type" must be {Takes.TYPES.value}, not {kind(value)}', _NULL if value is None else None
        )
        return
    listed = isinstance(value, list)
    for index, name in enumerate(value if listed else [value]):
        if not isinstance(name, str) or name not in TYPES:
            at = (*path, index) if listed else path
            guess = did_you_mean(name, TYPES) if isinstance(name, str) else None
            hint = _NULL if name is None else guess or f"one of: {', '.join(TYPES)}"
            yield SchemaFault(at, f"{show(name)} is not a type", hint)
    if listed and len(set(map(str, value))) < len(value):
        yield SchemaFault(path, '"type" names a type twice')


def _format(value: JSON, path: Path) -> Iterator[SchemaFault]:
    if value not in FORMATS:
        guess = did_you_mean(value, FORMATS) if isinstance(value, str) else None
        hint = guess or f"there are: {', '.join(FORMATS)}"
        yield SchemaFault(path, f"unknown format {show(value)}", hint)


def _pattern(value: JSON, path: Path, *, key: bool = False) -> Iterator[SchemaFault]:
    if not isinstance(value, str):
        yield SchemaFault(path, f'"pattern" must be {Takes.PATTERN.value}, not {kind(value)}')
    elif not is_regex(value):
        said, hint = _of_no_regex(value)
        yield SchemaFault(path, f"the pattern {show(value)} {said}", hint, key=key)


def _of_no_regex(pattern: str) -> tuple[str, str | None]:
    if is_regex(pattern, LARGE):
        return (
            "is too large",
            "each repetition is a copy: x{1,9000} is nine thousand; maxLength limits a text",
        )
    if is_regex(pattern, BACKTRACKING):
        hint = "that can take time without end, so it is left out; write it without, or as several patterns"
        return "looks around or refers back", hint
    return "is not a regular expression, or is too large", None


def _patterned(value: JSON, path: Path) -> Iterator[SchemaFault]:
    if not isinstance(value, dict):
        yield SchemaFault(path, f"{_quoted(path)} must be {Takes.PATTERNED_SCHEMAS.value}, not {kind(value)}")
        return
    for pattern in value:
        yield from _pattern(pattern, (*path, pattern), key=True)


def _draft(value: JSON, path: Path) -> Iterator[SchemaFault]:
    if value not in {DRAFT, f"{DRAFT}#"} if isinstance(value, str) else True:
        yield SchemaFault(path, f"{show(value)} is not read", f"write it for draft 2020-12: {DRAFT}")


def _reference(value: JSON, path: Path) -> Iterator[SchemaFault]:
    if not isinstance(value, str):
        yield SchemaFault(path, f'"$ref" must be {Takes.REFERENCE.value}, not {kind(value)}')
    elif not value.startswith("#"):
        hint = "nothing is ever fetched: copy it under `$defs` and write #/$defs/NAME"
        yield SchemaFault(path, f"{show(value)} leads out of the schema", hint, "HW141")


def _references(parts: Iterable[tuple[Path, JSON]], targets: Targets) -> Iterator[SchemaFault]:
    for path, part in parts:
        reference = part.get("$ref") if isinstance(part, dict) else None
        if isinstance(reference, str) and targets.find(reference) is None:
            named = targets.named()
            hint = did_you_mean(reference, named) or f"there are: {', '.join(sorted(named)[:10]) or 'none'}"
            yield SchemaFault((*path, "$ref"), f"{show(reference)} leads to no schema", hint, "HW141")


def _whole(schema: JSON, targets: Targets) -> Iterator[SchemaFault]:
    """What only shows when the parts are known to be sound."""
    circle = endless(schema, targets)
    if circle is not None:
        message = f"more than {LONGEST_CHAIN} schemas apply to one value, each by the one before"
        yield SchemaFault(circle, message, "perhaps a `$ref` that leads back to itself", "HW142")
    elif multiplies(schema, targets):
        message = "it applies itself several times to one field: the work doubles with each level of the data"
        yield SchemaFault((), message, "apply it once, beside what is particular", "HW142")
    else:
        try:
            yield from _samples(schema, DataSchema(schema))
        except Uncompilable as error:
            yield SchemaFault(error.path, error.message)


def _samples(schema: JSON, compiled: DataSchema) -> Iterator[SchemaFault]:
    """Examples that the schema itself would refuse."""
    examples = schema.get("examples") if isinstance(schema, dict) else None
    for index, example in enumerate(examples if isinstance(examples, list) else ()):
        misfit = next(iter(compiled.misfits(example, thorough=False)), None)
        if misfit is not None:
            message = f"this example does not fit its own schema: {misfit.message}"
            yield SchemaFault(("examples", index), message, code="HW144", severity="warning")


def _quoted(path: Path) -> str:
    return f'"{path[-1]}"'


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: JSON) -> bool:
    return _is_number(value) and float(value) >= 0 and float(value).is_integer()  # type: ignore[arg-type]


def _are_names(value: JSON) -> bool:
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return texts and len(set(value)) == len(value)  # type: ignore[arg-type]


_FITS: Mapping[Takes, Callable[[JSON], bool]] = MappingProxyType(
    {
        Takes.SCHEMA: lambda _: True,  # which is looked at by itself
        Takes.SCHEMAS: lambda value: isinstance(value, list) and bool(value),
        Takes.NAMED_SCHEMAS: lambda value: isinstance(value, dict),
        Takes.NUMBER: _is_number,
        Takes.POSITIVE: lambda value: _is_number(value) and value > 0,  # type: ignore[operator]
        Takes.COUNT: _is_count,
        Takes.TEXT: lambda value: isinstance(value, str),
        Takes.FLAG: lambda value: isinstance(value, bool),
        Takes.LIST: lambda value: isinstance(value, list),
        Takes.NAMES: _are_names,
        Takes.NAMED_NAMES: lambda value: isinstance(value, dict) and all(map(_are_names, value.values())),
        Takes.ANCHOR: lambda value: isinstance(value, str) and bool(_ANCHOR.fullmatch(value)),
        Takes.ANYTHING: lambda _: True,
    }
)
_CHECKS: Mapping[Takes, Callable[[JSON, Path], Iterator[SchemaFault]]] = MappingProxyType(
    {
        Takes.TYPES: _types,
        Takes.FORMAT: _format,
        Takes.PATTERN: _pattern,
        Takes.PATTERNED_SCHEMAS: _patterned,
        Takes.DRAFT: _draft,
        Takes.REFERENCE: _reference,
    }
)
