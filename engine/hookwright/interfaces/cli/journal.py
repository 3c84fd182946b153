"""`hookwright journal`: the journals of nodes, as files that have an owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from hookwright.engine.errors import EngineError, LedgerUnavailable
from hookwright.engine.state import State, StateBusy, StateError
from hookwright.engine.valkey.embedded import EmbeddedServer

from .. import logs
from ..adoption import Adoption, Taken
from ..adoption import adopt as take_over
from .commands import Command
from .exits import Exit, Stop
from .options import shared
from .output import Output, note, print_each


class _Journal(click.Group):
    command_class = Command


@click.group(cls=_Journal, context_settings={"help_option_names": ["-h", "--help"]})
def journal() -> None:
    """Take over the history and the deliveries of a node that is gone."""


@journal.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@shared("state", "redis_url", "output")
def adopt(folder: Path, state: Path, redis_url: str | None, output: Output) -> None:
    """Take over the node whose state folder is DIR: its history, and what it had not delivered yet.

    For a node whose machine is gone. DIR, mounted or copied, is written to as well. Neither that node nor the
    one of --state may run meanwhile. It can be ended at any point and run again. --redis-url names the Redis
    that node used; without it, its private server is started once more.
    """
    logs.configure()
    dead, said = State(folder), _Said()
    with _ends():
        taken = take_over(Adoption(dead, State(state), partial(_server, dead, redis_url), said))
    if output == "text":
        note(_told(taken))
    else:
        print_each(asdict(taken), output)


class _Said:
    """Says a thing once, until there is something else to say."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, text: str) -> None:
        if text != self._last:
            note(text)
        self._last = text


def _told(taken: Taken) -> str:
    if taken.already:
        return f"{taken.node} belongs to {taken.by} already: nothing is left to do"
    return (
        f"{taken.node} now belongs to {taken.by}: {taken.segments} segments of history,"
        f" {taken.booked} results booked, {taken.open} open deliveries; they go on when its server starts"
    )


@contextmanager
def _server(dead: State, redis_url: str | None) -> Iterator[str]:
    """The Redis that the dead node used."""
    if redis_url is not None:
        yield redis_url
        return
    if not (dead.path / "redis").is_dir():
        raise Stop(Exit.USAGE, "that node had no private Redis: name the one it used with --redis-url")
    server = EmbeddedServer(dead.path)
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def _ends() -> Iterator[None]:
    """What ends an adoption, as an exit code."""
    try:
        yield
    except StateBusy as error:
        raise Stop(Exit.CONFLICT, str(error)) from None
    except StateError as error:
        raise Stop(Exit.NOTHING, str(error)) from None
    except LedgerUnavailable as error:
        raise Stop(Exit.UNREACHABLE, f"Redis: {error}; run it again") from None
    except EngineError as error:
        raise Stop(Exit.NO, f"{error}; run it again") from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise Stop(
            Exit.NO, f"cannot use{where}: {error.strerror or error}; mend that and run it again"
        ) from None
