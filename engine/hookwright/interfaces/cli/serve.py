"""`hookwright serve`: the API, the bookkeeper, the workers and, unless one is named, a private Redis."""

from __future__ import annotations

from pathlib import Path

import click

from hookwright.engine.errors import EngineError, LedgerUnavailable
from hookwright.engine.guard import Allowed
from hookwright.engine.state import StateBusy, StateError
from hookwright.engine.transport import Kind
from hookwright.plugins.loader import load_plugins
from hookwright.rules.source import Source
from hookwright.schemas.grammar import duration

from .. import logs
from ..addresses import DEFAULT_HOST, DEFAULT_PORT, Listen
from ..bundle import Bundle
from ..node import NodeSettings
from ..serving import AddressInUse, Serving, serve_until_stopped
from .commands import command
from .exits import Exit, Stop
from .frames import frame
from .options import option, shared
from .worker import worker_arguments


def _duration(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else duration(value) / 1000
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@command()
@option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("hooks"),
    help="Bundle to run: a folder or a file. Applied at start and whenever it changes; a bad one is not.",
)
@option(
    "--host", default=DEFAULT_HOST, help="Address to listen on. Beyond loopback every request needs a token."
)
@option("--port", default=DEFAULT_PORT, type=click.IntRange(0, 65535), help="Port to listen on; 0 picks one.")
@option("--public-host", multiple=True, metavar="NAME", help="Further host name the server answers to.")
@option("--workers", default=1, type=click.IntRange(0, 64), help="Worker processes to run here.")
@option(
    "--spool-limit", default=100_000, type=click.IntRange(1), help="Deliveries taken in while Redis is away."
)
@option("--allow-undeclared-events", is_flag=True, help="Take events of types nobody declared.")
@option("--stop-at-eof", is_flag=True, hidden=True, help="Stop when standard input ends: the parent is gone.")
@option("--exit-when-idle", callback=_duration, metavar="DURATION", help="Leave once all came and went.")
@shared("state", "redis_url", "secrets_dir", "allow_target", "transport", "plugins")
def serve(  # noqa: PLR0913, PLR0917  # one parameter a flag
    config: Path,
    host: str,
    port: int,
    public_host: tuple[str, ...],
    workers: int,
    spool_limit: int,
    allow_undeclared_events: bool,
    stop_at_eof: bool,
    exit_when_idle: float | None,
    state: Path,
    redis_url: str | None,
    secrets_dir: Path | None,
    allow_target: tuple[str, ...],
    transport: Kind,
    plugins: tuple[str, ...],
) -> Exit:
    """Run a node until it is told to stop (SIGTERM or Ctrl-C).

    Everything it keeps stands under --state. Requests to private and loopback addresses are refused unless
    --allow-target opens them.
    """
    logs.configure()
    loaded_plugins = load_plugins(allow=plugins or None)
    bundle = Bundle(config, loaded_plugins, allow_undeclared_events=allow_undeclared_events)
    source = _checked(bundle)
    settings = NodeSettings(
        state=state,
        workers=workers,
        redis_url=redis_url,
        spool_limit=spool_limit,
        worker_arguments=worker_arguments(secrets_dir, _checked_targets(allow_target), transport, plugins),
        bookkeeper_arguments=[part for name in plugins for part in ("--plugins", name)],
    )
    listen = Listen(host, port, frozenset(public_host))
    return _run(
        Serving(settings, listen, bundle, loaded_plugins, exit_when_idle, stop_at_eof=stop_at_eof), source
    )


def _checked(bundle: Bundle) -> Source:
    """The bundle's source, or the end with every problem on standard error."""
    loaded = bundle.load()
    for problem in loaded.problems:
        click.echo(f"{frame(problem)}\n", err=True)
    if loaded.source is None:
        raise Stop(Exit.NO, f"{bundle.path} is not valid; nothing was started")
    return loaded.source


def _checked_targets(allow_target: tuple[str, ...]) -> tuple[str, ...]:
    for text in allow_target:
        try:
            Allowed.parse(text)
        except ValueError as error:
            raise Stop(Exit.USAGE, f"--allow-target: {error}") from None
    return allow_target


def _run(serving: Serving, source: Source) -> Exit:
    try:
        serve_until_stopped(serving, source)
    except StateBusy as error:
        raise Stop(Exit.CONFLICT, str(error)) from None
    except AddressInUse as error:
        raise Stop(Exit.CONFLICT, str(error)) from None
    except LedgerUnavailable as error:
        raise Stop(Exit.UNREACHABLE, f"Redis: {error}") from None
    except (StateError, EngineError) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None
    return Exit.FINE
