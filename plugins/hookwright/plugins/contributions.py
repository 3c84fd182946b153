"""Asks one plugin what it adds, and takes only what keeps the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pluggy

from . import hookspecs
from .hookspecs import GROUP
from .registry import Contribution, Family

FAMILIES: dict[str, Family] = {
    "hookwright_encoders": "encoder",
    "hookwright_injectors": "auth",
    "hookwright_notifiers": "notifier",
    "hookwright_secrets": "secret",
    "hookwright_lapps": "lapp",
}
_METHOD: dict[Family, str] = {
    "encoder": "encode",
    "auth": "build",
    "signing": "build",
    "notifier": "build",
    "secret": "resolve",
    "lapp": "call",
}

_BASE = {"$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$schema"}

_is_name = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}").fullmatch
_is_content_type = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+").fullmatch


class Refused(Exception):
    """Why a plugin is left out, in one line."""


def hooks_of(plugin: object) -> tuple[str, ...]:
    """The names of the hooks `plugin` implements.

    Raises `Refused` for a plugin without hooks, an unknown hook, or a hook that lacks its mark.
    """
    if isinstance(plugin, type):
        raise Refused("the entry point names a class; it must name a module or an object")
    marker = pluggy.PluginManager(GROUP)
    found = [name for name in dir(plugin) if name.startswith("hookwright_")]
    for name in found:
        options = marker.parse_hookimpl_opts(plugin, name)
        if options is None:
            raise Refused(f"{name} is not marked with @hookimpl")
        if name not in FAMILIES or options.get("specname") not in {None, name}:
            raise Refused(f"this version of Hookwright has no hook {name}; it has {', '.join(FAMILIES)}")
        if options["wrapper"] or options["hookwrapper"]:
            raise Refused(f"{name} is a wrapper; a plugin may only add")
    if not found:
        raise Refused(f"it has none of the hooks {', '.join(FAMILIES)}")
    return tuple(found)


def contributions_of(plugin: object, hooks: Sequence[str]) -> list[Contribution]:
    """Everything `plugin` adds. Raises `Refused`, and whatever the plugin raises."""
    # A manager a plugin: nothing one plugin does to the others' hooks can reach them.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    return [item for hook in hooks for item in _called(manager, hook)]


def _called(manager: pluggy.PluginManager, hook: str) -> list[Contribution]:
    for answer in getattr(manager.hook, hook)():
        if not isinstance(answer, (list, tuple)):
            raise Refused(f"{hook} returned {type(answer).__name__}, not a list")
        return [_checked(FAMILIES[hook], value, hook) for value in answer]
    return []


def _checked(family: Family, value: Any, hook: str) -> Contribution:
    what = f"{hook}: {type(value).__name__}"
    name = getattr(value, "name", None)
    if not isinstance(name, str) or not _is_name(name):
        raise Refused(f"{what} has no usable name (lower case letters, digits, - and _)")
    if isinstance(value, type) or not callable(getattr(value, _METHOD[family], None)):
        raise Refused(f"{what} {name!r} has no method {_METHOD[family]}")
    if family == "encoder":
        _check_content_types(value, what)
    if family == "auth" and _signs(value, what):
        family = "signing"
    return Contribution(family, name, _plain(getattr(value, "schema", None), f"{what} {name!r}"), value)


def _signs(value: Any, what: str) -> bool:
    """Whether an injector is a kind of signing and not of authentication: its mark `signs` says so."""
    signs = getattr(value, "signs", False)
    if not isinstance(signs, bool):
        raise Refused(f"{what} has a mark `signs` that is {type(signs).__name__}, not true or false")
    return signs


def _check_content_types(value: Any, what: str) -> None:
    claimed = getattr(value, "content_types", None)
    if not isinstance(claimed, (list, tuple)) or not claimed:
        raise Refused(f"{what} claims no content types")
    for one in claimed:
        if not isinstance(one, str) or not _is_content_type(one):
            raise Refused(f"{what} claims {one!r}, which is no lower case type/subtype")


def _plain(schema: object, what: str) -> dict[str, Any]:
    """A copy as plain data, so that nothing the plugin does later changes it."""
    try:
        plain = json.loads(json.dumps(dict(schema)))  # type: ignore[call-overload]
    except (TypeError, ValueError, RecursionError):
        raise Refused(f"{what} has no usable schema") from None
    _check_schema(plain, what)
    assert isinstance(plain, dict)
    return plain


def _check_schema(node: object, what: str) -> None:
    """A fragment stands inside our schema: it may not move the base its references start from, and its
    patterns must mean something to both validators."""
    if isinstance(node, dict):
        moved = _BASE & node.keys()
        if moved:
            raise Refused(f"{what} has a schema with {min(moved)}")
        pattern = node.get("pattern")
        if isinstance(pattern, str) and not _compiles(pattern):
            raise Refused(f"{what} has a schema with a pattern that is no regular expression: {pattern!r}")
    if isinstance(node, (dict, list)):
        for value in node.values() if isinstance(node, dict) else node:
            _check_schema(value, what)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
