"""Warnings for literals that look like secrets because of the name of their header or parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from .builder import JSON
from .document import Document
from .problem import Problem
from .secret_names import looks_secret
from .steps import steps_of

_At: TypeAlias = "tuple[str | int, ...]"


def suspects(document: Document) -> list[Problem]:
    """A warning for each header or parameter named like a key or token whose value is written out."""
    reference = "write a reference, such as {env: NAME} or {file: name}"
    return [
        *(_suspect(document, path, name, reference) for path, name in _literals(document.value)),
        *(
            _suspect(document, path, name, f"take it out of the URL: query: {{{name}: {{env: NAME}}}}")
            for path, name in _in_urls(document.value)
        ),
    ]


def _suspect(document: Document, path: _At, name: str, hint: str) -> Problem:
    return Problem(
        "HW021",
        f'"{name}" looks like a secret and is written out',
        document.place(path),
        hint,
        "warning",
        "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path),
    )


def _in_urls(value: JSON) -> Iterator[tuple[_At, str]]:
    """Parameters of literal URLs; what a template fills in is no literal."""
    for at, target in _targets(value):
        url = target.get("url")
        query = url.partition("?")[2].partition("#")[0] if isinstance(url, str) else ""
        for pair in query.split("&") if at[0] != "notifiers" else ():  # which have no `query` beside it
            name, _, written = pair.partition("=")
            if written and "{{" not in written and looks_secret(name):
                yield (*at, "url"), name


def _literals(value: JSON) -> Iterator[tuple[_At, str]]:
    for at, target in _targets(value):
        for slot in ("headers", "query"):
            pairs = target.get(slot)
            for name, written in pairs.items() if isinstance(pairs, dict) else ():
                if looks_secret(name):
                    yield from (((*at, slot, name, *place), name) for place in _texts(written))


def _texts(written: JSON) -> Iterator[_At]:
    """Where literals stand: the value itself, or some of a list's. A number is one, too: a PIN, say."""
    if isinstance(written, list):
        yield from ((index,) for index, each in enumerate(written) if _is_literal(each))
    elif _is_literal(written):
        yield ()


def _is_literal(written: JSON) -> bool:
    number = isinstance(written, int | float) and not isinstance(written, bool)
    return number or (isinstance(written, str) and bool(written))


def _targets(value: JSON) -> Iterator[tuple[_At, dict[str, JSON]]]:
    """Every place of a bundle file where headers or query parameters may stand."""
    if not isinstance(value, dict):
        return
    if isinstance(defaults := value.get("defaults"), dict):
        yield ("defaults",), defaults
    for index, webhook in _objects(value.get("webhooks")):
        yield ("webhooks", index), webhook
    for index, notifier in _objects(value.get("notifiers")):
        yield ("notifiers", index), notifier
    for at, action in _actions(value):
        if isinstance(target := action.get("post"), dict):
            yield (*at, "post"), target


def _actions(value: dict[str, JSON]) -> Iterator[tuple[_At, dict[str, JSON]]]:
    """What rules and automations do: each a mapping whose `post` is a target."""
    for index, rule in _objects(value.get("rules")):
        for number, action in _objects(rule.get("actions")):
            yield ("rules", index, "actions", number), action
    for index, automation in _objects(value.get("automations")):
        for at, step in steps_of(automation):
            yield ("automations", index, *at), step
        for number, action in _objects(automation.get("on_failure")):
            yield ("automations", index, "on_failure", number), action


def _objects(items: JSON) -> Iterator[tuple[int, dict[str, JSON]]]:
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item
