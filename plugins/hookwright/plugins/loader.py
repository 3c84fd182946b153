"""Finds and loads plugins: the built-ins, then the entry points of group `hookwright`.

A broken plugin is left out whole and reported; it never stops the others or the program. Loading runs the
plugins' code, which is trusted like any other installed package.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from .contributions import Refused, contributions_of, hooks_of
from .hookspecs import GROUP
from .registry import Contribution, Loaded, LoadProblem, Plugins

OURS = "hookwright"
NOT_INSTALLED = "-"  # in place of a distribution


@dataclass(frozen=True, slots=True)
class _Found:
    """A plugin that is installed. `find` imports it, so it may raise anything."""

    name: str
    distribution: str
    version: str
    find: Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A plugin that was imported and asked: its listing, its object and what it would add."""

    loaded: Loaded
    plugin: object = None
    added: tuple[Contribution, ...] = ()

    def refused(self, reason: str) -> _Asked:
        return _Asked(replace(self.loaded, error=reason, provides=()))


def load_plugins(
    *,
    allow: Collection[str] | None = None,
    secrets_dir: Path | None = None,
    besides: Mapping[str, Callable[[], object]] = MappingProxyType({}),
) -> Plugins:
    """Loads everything once. Never raises for a plugin's sake: see `Plugins.problems`.

    `allow` names the entry points or distributions to load beside the built-ins (None: all of them; empty, or
    only an empty name: none). `secrets_dir` is the folder of `{file: name}`. Built-in names cannot be taken
    over; a name that two other plugins claim is given to neither. `besides` are plugins that are not
    installed: by name, what imports each.
    """
    problems: list[LoadProblem] = []
    installed = sorted(_installed(problems), key=lambda found: (found.distribution, found.name))
    chosen = [found for found in installed if _is_allowed(found, allow)]
    problems += _not_installed(allow, installed)
    chosen += [_Found(name, NOT_INSTALLED, "", find) for name, find in besides.items()]
    asked = _refuse_doubles([*map(_ask, _builtin(secrets_dir)), *map(_ask, chosen)])
    problems += [
        LoadProblem(one.loaded.name, one.loaded.distribution, one.loaded.error)
        for one in asked
        if one.loaded.error is not None
    ]
    added = tuple(item for one in asked for item in one.added)
    return Plugins(added, tuple(one.loaded for one in asked), tuple(problems))


def _builtin(secrets_dir: Path | None) -> list[_Found]:
    from .builtin import builtin_plugins  # noqa: PLC0415  # a plugin imports us; only loading imports it

    version = importlib.metadata.version(OURS)
    plugins = builtin_plugins(secrets_dir).items()
    return [_Found(name, OURS, version, lambda plugin=plugin: plugin) for name, plugin in plugins]  # type: ignore[misc]


def _installed(problems: list[LoadProblem]) -> Iterator[_Found]:
    """Every entry point of our group. Metadata that cannot be read is a problem of that distribution only."""
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        name = str(distribution)
        try:
            name = _normal(distribution.metadata["Name"])
            points = [point for point in distribution.entry_points if point.group == GROUP]
            version = distribution.version if points else ""
        except Exception as error:  # noqa: BLE001  # a damaged dist-info folder raises all sorts of things
            problems.append(LoadProblem("?", name, f"its metadata cannot be read: {_say(error)}"))
            continue
        if name in seen or name == OURS:  # the first on the path is the one that imports would find
            continue
        seen.add(name)
        yield from (_Found(point.name, name, version, point.load) for point in points)


def _ask(found: _Found) -> _Asked:
    loaded = Loaded(found.name, found.distribution, found.version)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a command's stdout is data
            plugin = found.find()
            loaded = replace(loaded, hooks=hooks_of(plugin))
            added = tuple(contributions_of(plugin, loaded.hooks))
            if found.distribution != OURS:
                _check_schemas(added)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # SystemExit and worse: a plugin may raise anything
        return _Asked(loaded).refused(_say(error))
    provides = tuple(f"{item.family} {item.name}" for item in added)
    return _Asked(replace(loaded, provides=provides), plugin, added)


def _check_schemas(added: tuple[Contribution, ...]) -> None:
    """Each by itself in the configuration's schema: one that does not fit would break every bundle."""
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415  # only where plugins are installed

    from hookwright.schemas.schema import config_schema  # noqa: PLC0415

    for item in added:
        whole = (
            item.schema
            if item.family == "encoder"
            else config_schema({item.family: {item.name: item.schema}})
        )
        try:
            Draft202012Validator(whole, offline=True)
        except ValueError as error:
            said = str(error).partition("\n")[0]
            raise Refused(f"the schema of {item.family} {item.name!r} is not valid: {said}") from None


def _refuse_doubles(asked: list[_Asked]) -> list[_Asked]:
    """Leaves out a plugin loaded twice, and every plugin that claims a name somebody else claims too."""
    objects: set[int] = set()
    once = []
    for one in asked:
        double = one.plugin is not None and id(one.plugin) in objects
        objects.add(id(one.plugin))
        once.append(one.refused("the same plugin is named by another entry point") if double else one)
    claims = Counter(key for one in once for key in one.loaded.provides)
    return [_refuse_claimed(one, claims) for one in once]


def _refuse_claimed(one: _Asked, claims: Counter[str]) -> _Asked:
    doubles = [key for key in one.loaded.provides if claims[key] > 1]
    if not doubles or one.loaded.distribution == OURS:
        return one
    return one.refused(f"another plugin adds {', '.join(doubles)} too; choose with HOOKWRIGHT_PLUGINS")


def _is_allowed(found: _Found, allow: Collection[str] | None) -> bool:
    return allow is None or bool({_normal(name) for name in allow} & _names(found))


def _not_installed(allow: Collection[str] | None, installed: list[_Found]) -> list[LoadProblem]:
    there = {name for found in installed for name in _names(found)}
    missing = sorted(name for name in allow or () if name and _normal(name) not in there)
    return [LoadProblem(name, "?", "it is allowed but not installed") for name in missing]


def _names(found: _Found) -> set[str]:
    return {_normal(found.name), found.distribution}


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _say(error: BaseException) -> str:
    """One short line, even for an exception whose own text cannot be had."""
    if isinstance(error, Refused):
        return str(error)
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:  # noqa: BLE001  # the plugin's exception class is the plugin's code
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
