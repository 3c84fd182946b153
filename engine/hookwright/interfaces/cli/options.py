"""Options: each is a flag, an environment variable and a key of hookwright.toml; shared ones stand here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from hookwright.schemas.grammar import size

from ..settings import SettingsError, SettingsFile

AnyFunction = TypeVar("AnyFunction", bound="Callable[..., Any] | click.Command")
DEBUG = "hookwright.debug"


class Option(click.Option):
    """A flag that is also the environment variable `HOOKWRIGHT_<FLAG>` (shown in the help)."""

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        longest = max(declarations, key=len).split("/")[0].lstrip("-")
        attributes.setdefault("envvar", "HOOKWRIGHT_" + longest.replace("-", "_").upper())
        attributes.setdefault("show_envvar", True)
        attributes.setdefault("show_default", not attributes.get("is_flag", False))
        super().__init__(declarations, **attributes)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        try:
            return super().process_value(ctx, value)
        except click.BadParameter as error:
            raise _with_place(error, ctx, self) from None


def option(*declarations: str, **attributes: Any) -> Callable[[AnyFunction], AnyFunction]:
    """`click.option`, with the environment variable and the key in hookwright.toml that every flag has."""
    return click.option(*declarations, cls=Option, **attributes)


def shared(*names: str) -> Callable[[AnyFunction], AnyFunction]:
    """Adds options that several commands have in common, by their key in `SHARED`."""

    def decorate(function: AnyFunction) -> AnyFunction:
        for name in reversed(names):
            function = SHARED[name](function)
        return function

    return decorate


def size_in_bytes(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """A callback: `8MiB` is 8388608. A plain number is bytes."""
    if value is None:
        return None
    try:
        return int(value) if value.isascii() and value.isdigit() else size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _with_place(
    error: click.BadParameter, ctx: click.Context, parameter: click.Parameter
) -> click.BadParameter:
    """Says where in hookwright.toml a wrong value stands, when that is where it came from."""
    source = ctx.get_parameter_source(parameter.name or "")
    settings = ctx.find_object(SettingsFile)
    if source is not click.core.ParameterSource.DEFAULT_MAP or settings is None:
        return error
    path = command_path(ctx)
    places = [(*path[:depth], parameter.name or "") for depth in range(len(path), -1, -1)]
    found = [place for keys in places if (place := settings.place(*keys)) != str(settings.path)]
    return click.BadParameter(f"{found[0] if found else settings.path}: {error.message}", ctx, parameter)


def command_path(ctx: click.Context | None) -> tuple[str, ...]:
    """The names of the commands on the way to `ctx`, without the program's own: `("history", "list")`."""
    names: list[str] = []
    while ctx is not None and ctx.parent is not None:
        names.insert(0, (ctx.info_name or "").replace("-", "_"))
        ctx = ctx.parent
    return tuple(names)


def defaults_for(settings: SettingsFile, path: Sequence[str], options: frozenset[str]) -> dict[str, Any]:
    """What hookwright.toml says for the command at `path`: its own table over its group's over the top level.

    Raises `SettingsError` for a key that is no option there, so that a misspelled key is never ignored.
    """
    merged: dict[str, Any] = {}
    table: Any = settings.values
    for depth in range(len(path) + 1):
        keys = tuple(path[:depth])
        known = frozenset(SHARED) if depth == 0 else options
        for name, value in table.items():
            if isinstance(value, dict):
                continue
            if name not in known and depth in (0, len(path)):
                raise SettingsError(f"{settings.place(*keys, name)}: unknown key {name!r}")
            if name in options:
                merged[name] = value
        table = table.get(path[depth], {}) if depth < len(path) else {}
        if not isinstance(table, dict):
            raise SettingsError(f"{settings.place(*path[: depth + 1])}: expected a table [{path[depth]}]")
    return merged


def _choose_color(ctx: click.Context, _parameter: click.Parameter, value: str) -> None:
    automatic = False if os.environ.get("NO_COLOR") else None
    chosen = {"always": True, "never": False}.get(value, automatic)
    ctx.color = ctx.find_root().color = chosen


def _remember_debug(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    ctx.meta[DEBUG] = value


SHARED: dict[str, Callable[[Any], Any]] = {
    "state": option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(".hookwright"),
        help="Folder with the history, the token and everything else a server keeps.",
    ),
    "output": option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", "ndjson"]),
        default="text",
        help="Form of the answer on standard output.",
    ),
    "server": option("--server", metavar="URL", help="Address of the server. Default: what --state names."),
    "token_file": option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with the token for --server.",
    ),
    "redis_url": option(
        "--redis-url",
        metavar="URL",
        help="Redis or Valkey to use. Default: a private server is started beside the state folder.",
    ),
    "secrets_dir": option(
        "--secrets-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the files that `{file: NAME}` references read.",
    ),
    "transport": option(
        "--transport",
        type=click.Choice(["auto", "curl", "requests"]),
        default="auto",
        help="What makes the calls. Auto: libcurl where it is installed, else requests.",
    ),
    "allow_target": option(
        "--allow-target",
        metavar="CIDR[:PORT]",
        multiple=True,
        help="Private or loopback addresses that webhooks may call (repeatable); others are refused.",
    ),
    "plugins": option(
        "--plugins",
        metavar="NAME",
        multiple=True,
        help="Installed plugins to load beside the built-in ones (repeatable). Default: all of them.",
    ),
    "lapp_memory": option(
        "--lapp-memory",
        default="256MiB",
        callback=size_in_bytes,
        metavar="SIZE",
        help="What a call of a Lapp may take of memory, with all the processes it starts.",
    ),
    "color": option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        expose_value=False,
        callback=_choose_color,
        help="Colour in text output. Auto: on a terminal, unless NO_COLOR is set.",
    ),
    "debug": option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_remember_debug,
        help="Show a traceback when something goes wrong inside Hookwright.",
    ),
}
