"""Turns a schema's errors into problems: code, place, sentence, and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from .document import Document
from .nearest import did_you_mean, nearest
from .problem import Problem
from .schema import FORM, NOT_YET
from .secret_names import looks_secret
from .wording import (
    BOUNDS,
    FORMS,
    REFERENCE,
    TEXT,
    TYPES,
    cut,
    example,
    inside,
    kind,
    later,
    show,
    strange_space,
    subject,
    type_hint,
)

Path: TypeAlias = "list[str | int]"
_Handler: TypeAlias = "Callable[[Explainer, Fault, Path], Iterator[Problem]]"

_REFERENCES = frozenset({"env", "file"})  # where a name is wanted the secret itself may have been written


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a validator: the `keyword` of `schema` (its value: `expected`) that `instance` breaks.

    `within` is the way to it through the schema.
    """

    keyword: str
    expected: Any
    instance: Any
    schema: Mapping[str, Any]
    message: str
    within: Sequence[str | int] = ()


class Explainer:
    """Turns the errors of one document into problems."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def problems(self, error: Fault, path: Path) -> Iterator[Problem]:
        """`path` leads to the value; most errors make one problem, unknown and missing keys one each."""
        if "propertyNames" in error.within[:-1] and isinstance(error.instance, str):
            yield self._name(error, path)
            return
        explain = self._handlers.get(error.keyword, Explainer._other)
        yield from explain(self, error, path)

    def bare(self, message: str, path: Sequence[str | int]) -> Problem:
        """For what only the fast validator finds."""
        return self._problem("HW015", cut(message, 200), list(path))

    def _problem(
        self, code: str, message: str, path: Path, hint: str | None = None, *, key: bool = False
    ) -> Problem:
        return Problem(code, message, self._document.place(path, key=key), hint, path=_pointer(path))

    def _unknown_keys(self, error: Fault, path: Path) -> Iterator[Problem]:
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                hint = (
                    strange_space(name)
                    or did_you_mean(name, known)
                    or f"known here: {', '.join(_offered(error.schema))}"
                )
                yield self._problem("HW012", f'unknown key "{cut(name)}"', [*path, name], hint, key=True)

    def _missing(self, error: Fault, path: Path) -> Iterator[Problem]:
        for name in error.expected:
            # A misspelt key is one mistake: the unknown key is reported, not the missing one as well.
            if name not in error.instance and not any(nearest(key, [name]) for key in error.instance):
                fixed = error.schema.get("properties", {}).get(name, {})
                hint = (
                    f"write {name}: {fixed['const']}"
                    if isinstance(fixed, dict) and "const" in fixed
                    else None
                )
                yield self._problem("HW014", f'missing key "{name}"{inside(path)}', path, hint)

    def _needs(self, error: Fault, path: Path) -> Iterator[Problem]:
        for name, needed in error.expected.items():
            missing = [key for key in needed if name in error.instance and key not in error.instance]
            for key in missing:
                yield self._problem("HW014", f'"{name}" needs "{key}" beside it', [*path, name], key=True)

    def _type(self, error: Fault, path: Path) -> Iterator[Problem]:
        form = error.schema.get(FORM)
        if form == "secret":
            yield self._problem(
                "HW020", f"{subject(path)} is a secret and may not be written out", path, REFERENCE
            )
            return
        wanted = error.expected if isinstance(error.expected, list) else [error.expected]
        if form in FORMS and wanted == ["string"]:
            yield self._form(form, error.instance, path, error.schema.get("pattern", ""))
            return
        expected = _expected(form, wanted, error.schema)
        message = f"{subject(path)} must be {expected}, not {_found(error.instance, path)}"
        written = self._document.written(self._document.place(path))
        hint = type_hint(error.instance, wanted, written) or example(error.schema, wanted)
        yield self._problem("HW013", message, path, hint)

    def _pattern(self, error: Fault, path: Path) -> Iterator[Problem]:
        form = error.schema.get(FORM)
        if form in FORMS:
            yield self._form(form, error.instance, path, error.schema.get("pattern", ""))
        else:
            shown = "" if path and path[-1] in _REFERENCES else f": {show(error.instance)}"
            message = f"{subject(path)}{shown} does not have the right form"
            yield self._problem("HW016", message, path, error.schema.get("description"))

    def _form(self, form: str, value: Any, path: Path, pattern: str) -> Problem:
        code, expected, hint = FORMS[form]
        if value is None:
            message = f"{subject(path)} must be {expected}, not nothing"
            return self._problem("HW013", message, path, type_hint(value, ["string"]))
        if isinstance(value, int | float) and not isinstance(value, bool):
            hint = _in_quotes(value, pattern) or (
                f"a bare number has no unit: write {value}s" if form.endswith("duration") else hint
            )
        return self._problem(code, f"{subject(path)}: {show(value)} is not {expected}", path, hint)

    def _choice(self, error: Fault, path: Path) -> Iterator[Problem]:
        known = error.expected if error.keyword == "enum" else [error.expected]
        texts = [name if isinstance(name, str) else json.dumps(name) for name in known]
        hint = did_you_mean(error.instance, texts) if isinstance(error.instance, str) else None
        if error.instance in texts:
            hint = "remove the quotes"
        marked = error.schema.get(NOT_YET)
        unbuilt = marked if isinstance(marked, dict) else {}
        offered = [text for text in texts if text not in unbuilt.get("enum", [unbuilt.get("const")])]
        hint = hint or (f"one of: {', '.join(offered)}" if offered else "no plugin offers any")
        form = str(error.schema.get(FORM, ""))
        if form.endswith(" type"):
            yield self._problem("HW019", f"unknown {form} {show(error.instance)}", path, hint)
        else:
            yield self._problem("HW015", f"{subject(path)} cannot be {show(error.instance)}", path, hint)

    def _bound(self, error: Fault, path: Path) -> Iterator[Problem]:
        if error.schema.get("maxProperties") == 1 and error.schema.get("minProperties") == 1:
            known = error.schema.get("properties", {})
            if not error.instance or sum(name in known for name in error.instance) > 1:
                hint = f"one of: {', '.join(_offered(error.schema))}"
                yield self._problem("HW023", f"{subject(path)} must have exactly one key", path, hint)
            return  # else the unknown keys are what is wrong
        empty = error.expected == 1 and error.instance in ("", [], {})
        sentence = "must not be empty" if empty else BOUNDS[error.keyword].format(error.expected)
        yield self._problem("HW018", f"{subject(path)} {sentence}", path)

    def _twice(self, error: Fault, path: Path) -> Iterator[Problem]:
        """Points at the first entry that an earlier one equals."""
        seen: list[str] = []
        for index, entry in enumerate(error.instance):
            text = json.dumps(entry, sort_keys=True)
            if text in seen:
                message = f"{show(entry)} stands twice{inside(path)}"
                yield self._problem("HW015", message, [*path, index], "remove one of the two")
                return
            seen.append(text)
        yield from self._other(error, path)  # 1 and 1.0 are written differently

    def _name(self, error: Fault, path: Path) -> Problem:
        """A key of a free mapping (headers, labels) that is not a name."""
        code, expected, hint = FORMS.get(str(error.schema.get(FORM)), ("HW016", "a name", None))
        if error.keyword == "not":
            expected, hint = "a name that may stand here", error.schema.get("description")
        return self._problem(
            code, f"{show(error.instance)} is not {expected}", [*path, error.instance], hint, key=True
        )

    def _not_yet(self, error: Fault, path: Path) -> Iterator[Problem]:
        what = error.expected
        if what is True:
            yield self._problem("HW022", f"{subject(path)} is not supported yet", path, key=True)
        elif "title" in what:
            yield self._problem("HW022", f"{what['title']} in {subject(path)} is not supported yet", path)
        else:
            message = f"{subject(path)}: {show(error.instance)} is not supported yet"
            yield self._problem("HW022", message, path, what.get("description"))

    def _never(self, error: Fault, path: Path) -> Iterator[Problem]:
        beside = list(error.within)
        if "dependentSchemas" in beside:
            other = beside[beside.index("dependentSchemas") + 1]
            what = f"{subject(path)}: {show(error.instance)}" if "const" in error.expected else subject(path)
            yield self._problem("HW023", f'{what} and "{other}" exclude each other', path, key=True)
        else:
            message = f"{subject(path)} cannot be {show(error.instance)}"
            yield self._problem("HW015", message, path, error.schema.get("description"))

    def _other(self, error: Fault, path: Path) -> Iterator[Problem]:
        yield self._problem("HW015", f"{subject(path)}: {cut(error.message, 200)}", path)

    _handlers: ClassVar[dict[str, _Handler]] = {
        "additionalProperties": _unknown_keys,
        "required": _missing,
        "dependentRequired": _needs,
        "type": _type,
        "pattern": _pattern,
        "enum": _choice,
        "const": _choice,
        **dict.fromkeys(BOUNDS, _bound),
        "uniqueItems": _twice,
        NOT_YET: _not_yet,
        "not": _never,
    }


def _expected(form: object, wanted: Sequence[str], schema: Mapping[str, Any]) -> str:
    if form not in {"text", "header"}:
        names = {**TYPES, "boolean": "false"} if schema.get("not") == {"const": True} else TYPES
        return " or ".join(names[name] for name in wanted)
    return f"{TEXT}, or a list of them" if "array" in wanted else TEXT


def _found(value: Any, path: Path) -> str:
    """What stands there instead; a text is not shown again where it may be a secret: `auth: Bearer 3f9a`."""
    secret = isinstance(value, str) and any(looks_secret(step) for step in path if isinstance(step, str))
    return TYPES["string"] if secret else kind(value)


def _in_quotes(number: float, pattern: str) -> str | None:
    """What to write where a number is the right text but for its quotes."""
    text = json.dumps(number)
    return f'put it in quotes: "{text}"' if pattern and re.search(pattern, text) else None


def _offered(schema: Mapping[str, Any]) -> list[str]:
    return sorted(name for name, part in schema.get("properties", {}).items() if not later(part))


def _pointer(path: Path) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
