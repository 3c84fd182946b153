"""The program: loads each command when it is asked for, and turns every end into an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ..printable import printable
from ..settings import SETTINGS_FILE, SettingsError, SettingsFile, read_settings
from .exits import Exit, Stop
from .options import DEBUG, command_path, defaults_for, shared

# Name, what it does (empty: hidden). The module of the same name holds a command of the same name.
COMMANDS = {
    "validate": "Check a bundle of YAML and report every problem with its position.",
    "problem": "Explain what a problem's code means, with a wrong and a right example.",
    "explain": "Say for every subscriber why it gets an event, or does not, with the line that decides.",
    "simulate": "Play a timeline of events and answers without a server, and tell what happens when.",
    "schema": "Print the JSON Schema of a document, plugin parts included.",
    "events": "Look up event types: their names, their fields, and a sample of each.",
    "emit": "Send an event to the server.",
    "history": "Look at deliveries: what was sent, what came back, what is still open.",
    "audit": "Hold the journal against itself, and against what receivers say they got.",
    "journal": "Take over the history and the deliveries of a node that is gone.",
    "runs": "Look at runs of automations: how each goes, step by step.",
    "replay": "Send deliveries that have ended once more.",
    "expunge": "Remove the content of an event; what was done with it stays in the history.",
    "serve": "Run the API, the bookkeeper, the workers and, unless one is named, a private Redis.",
    "worker": "Run worker processes that make the calls; they need Redis and the network only.",
    "subscriber": "See how webhooks and rules stand, switch them off and on.",
    "webhooks": "List all webhooks; create, change and delete those made over the API.",
    "token": "Make, list and revoke tokens, each with a role.",
    "plugins": "See which plugins are loaded, and hold them to their contract.",
    "lapps": "See which Lapps the plugins publish, and try one out in its sandbox.",
    "listen": "Run a receiver that prints what arrives.",
    "demo": "Show everything in one process: events flow, retries happen.",
    "doctor": "Check Redis, disk, clock, plugins, secrets and DNS, and say what to do.",
    "bookkeeper": "",  # started by `serve`, not by people
    "runner": "",
}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # the disk of who runs it, not a fault of ours


class Command(click.Command):
    """A command with `--color` and `--debug`, whose defaults may stand in hookwright.toml."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        shared("color", "debug")(self)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if parent is not None and (settings := parent.find_object(SettingsFile)) is not None:
            names = frozenset(parameter.name or "" for parameter in self.params)
            path = (*command_path(parent), (info_name or "").replace("-", "_"))
            try:
                extra["default_map"] = defaults_for(settings, path, names)
            except SettingsError as error:
                raise click.UsageError(str(error)) from None
        return super().make_context(info_name, args, parent, **extra)


class Root(click.Group):
    """`hookwright` itself. Its help is printed without importing any command."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, text in COMMANDS.items() if text]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__package__}.{cmd_name}")
        found: click.Command = getattr(module, cmd_name)
        found.short_help = COMMANDS[cmd_name]
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            ctx.obj = _settings()
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except SettingsError as error:
            raise click.UsageError(str(error)) from None
        except BrokenPipeError:
            _close_quietly()
            return Exit.FINE
        except (click.ClickException, click.exceptions.Exit, click.Abort, Stop):
            raise
        except Exception as error:
            if ctx.meta.get(DEBUG):
                click.echo(traceback.format_exc(), err=True, nl=False)
            if isinstance(error, OSError) and error.errno in _FULL:
                raise Stop(Exit.NO, f"cannot write all of it: {error.strerror}") from error
            raise Stop(Exit.BUG, _bug(error)) from error
        return answer


def _settings() -> SettingsFile:
    settings = read_settings(Path(SETTINGS_FILE))
    for name, value in settings.values.items():
        if isinstance(value, dict) and name not in COMMANDS:
            raise SettingsError(f"{settings.place(name)}: unknown table {name!r}")
        if name in COMMANDS and not isinstance(value, dict):
            raise SettingsError(f"{settings.place(name)}: expected a table [{name}]")
    return settings


def run(root: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit code; every error is one line on standard error."""
    try:
        answer = root.main(arguments, prog_name="hookwright", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except click.UsageError as error:
        where = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        return _say(f"{error.format_message()}{where}", Exit.USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), Exit.USAGE)
    except click.Abort:
        return Exit.INTERRUPTED
    except Stop as stop:
        return _say(stop.message, stop.exit)
    return int(answer or Exit.FINE)


def command(**attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Makes a function a `Command`; what it returns is the exit code (None is 0)."""
    return click.command(cls=Command, **attributes)


def _say(message: str, exit_: Exit) -> int:
    click.echo(f"error: {printable(message)}", err=True)
    return exit_


def _bug(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"unexpected {text} (a fault of Hookwright's own; run again with --debug and report it)"


def _close_quietly() -> None:
    """The reader went away (`| head`): what is left in the buffers goes nowhere, without a complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
