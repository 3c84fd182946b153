"""`hookwright serve`: the API, the bookkeeper, the workers and, unless one is named, a private Redis."""

from __future__ import annotations

from pathlib import Path

import click

from hookwright.engine.book.retention import DAY
from hookwright.engine.call.guard import Allowed
from hookwright.engine.call.transport import Kind
from hookwright.engine.errors import EngineError, LedgerUnavailable
from hookwright.engine.state import State, StateBusy, StateError
from hookwright.plugins.loader import load_plugins
from hookwright.schemas.grammar import duration

from .. import logs
from ..addresses import DEFAULT_HOST, DEFAULT_PORT, Listen
from ..bundle import Bundle
from ..live import Configuration, configure
from ..serving import AddressInUse, Serving, serve_until_stopped
from ..staff import NodeSettings
from .commands import command
from .exits import Exit, Stop
from .frames import frames
from .options import option, shared, size_in_bytes
from .worker import worker_arguments


def _duration(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else duration(value) / 1000
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _days(_ctx: click.Context, _parameter: click.Parameter, value: str) -> int:
    try:
        days = duration(value) // DAY
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if days < 1:
        raise click.BadParameter(f"{value!r} is less than a day; write 1d or more")
    return days


@command()
@option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("hooks"),
    help="Bundle to run: a folder or a file. Applied at start and whenever it changes; a bad one is not. "
    "The default may be absent: then there is only what is made over the API.",
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
@option(
    "--disk-reserve",
    default="8MiB",
    callback=size_in_bytes,
    metavar="SIZE",
    help="Room on the disk below which nothing is accepted or called.",
)
@option(
    "--keep-history",
    default="90d",
    callback=_days,
    metavar="DURATION",
    help="How long history is kept, in whole days. What is open is kept longer.",
)
@option(
    "--history-limit",
    callback=size_in_bytes,
    metavar="SIZE",
    help="Room that history may take on disk; over it the oldest days go sooner.",
)
@option("--allow-undeclared-events", is_flag=True, help="Take events of types nobody declared.")
@option("--stop-at-eof", is_flag=True, hidden=True, help="Stop when standard input ends: the parent is gone.")
@option("--exit-when-idle", callback=_duration, metavar="DURATION", help="Leave once all came and went.")
@shared("state", "redis_url", "secrets_dir", "allow_target", "transport", "plugins", "lapp_memory")
def serve(  # noqa: PLR0913, PLR0917  # one parameter a flag
    config: Path,
    host: str,
    port: int,
    public_host: tuple[str, ...],
    workers: int,
    spool_limit: int,
    disk_reserve: int,
    keep_history: int,
    history_limit: int | None,
    allow_undeclared_events: bool,
    stop_at_eof: bool,
    exit_when_idle: float | None,
    state: Path,
    redis_url: str | None,
    secrets_dir: Path | None,
    allow_target: tuple[str, ...],
    transport: Kind,
    plugins: tuple[str, ...],
    lapp_memory: int,
) -> Exit:
    """Run a node until it is told to stop (SIGTERM or Ctrl-C).

    Everything it keeps stands under --state. Requests to private and loopback addresses are refused unless
    --allow-target opens them.
    """
    logs.configure()
    loaded_plugins = load_plugins(allow=plugins or None, secrets_dir=secrets_dir)
    bundle = Bundle(config, loaded_plugins, allow_undeclared_events, _is_default("config"))
    configuration = _checked(bundle, State(state))
    calling = worker_arguments(secrets_dir, _checked_targets(allow_target), transport, plugins, lapp_memory)
    settings = NodeSettings(
        state=state,
        workers=workers,
        redis_url=redis_url,
        spool_limit=spool_limit,
        disk_reserve=disk_reserve,
        worker_arguments=calling,
        bookkeeper_arguments=_bookkeeper_arguments(disk_reserve, keep_history, history_limit, plugins),
        runner_arguments=_runner_arguments(disk_reserve, plugins),
    )
    listen, allowed = Listen(host, port, frozenset(public_host)), tuple(map(Allowed.parse, allow_target))
    serving = Serving(
        settings, listen, bundle, loaded_plugins, exit_when_idle, stop_at_eof, allowed, transport
    )
    return _run(serving, configuration)


def _bookkeeper_arguments(reserve: int, days: int, most: int | None, plugins: tuple[str, ...]) -> list[str]:
    return [
        *("--reserve-bytes", str(reserve), "--keep-days", str(days)),
        *(() if most is None else ("--history-bytes", str(most))),
        *(part for name in plugins for part in ("--plugins", name)),
    ]


def _runner_arguments(reserve: int, plugins: tuple[str, ...]) -> list[str]:
    return ["--reserve-bytes", str(reserve), *(part for name in plugins for part in ("--plugins", name))]


def _is_default(parameter: str) -> bool:
    """Whether nobody chose it: what was named must be there."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is click.core.ParameterSource.DEFAULT


def _checked(bundle: Bundle, state: State) -> Configuration:
    """Git's bundle and the API's, or the end with every problem on standard error."""
    configuration, problems = configure(bundle, state.api_webhooks)
    for text in frames(problems):
        click.echo(f"{text}\n", err=True)
    if configuration is None:
        files = sorted({each.place.file for each in problems if each.severity == "error"})
        raise Stop(Exit.NO, f"not valid: {', '.join(files)}; nothing was started")
    return configuration


def _checked_targets(allow_target: tuple[str, ...]) -> tuple[str, ...]:
    for text in allow_target:
        try:
            Allowed.parse(text)
        except ValueError as error:
            raise Stop(Exit.USAGE, f"--allow-target: {error}") from None
    return allow_target


def _run(serving: Serving, configuration: Configuration) -> Exit:
    try:
        serve_until_stopped(serving, configuration)
    except StateBusy as error:
        raise Stop(Exit.CONFLICT, str(error)) from None
    except AddressInUse as error:
        raise Stop(Exit.CONFLICT, str(error)) from None
    except LedgerUnavailable as error:
        raise Stop(Exit.UNREACHABLE, f"Redis: {error}") from None
    except (StateError, EngineError) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None
    return Exit.FINE
