"""`hookwright worker`: processes that make the calls; they need Redis and the network, and keep nothing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from hookwright.engine.call.guard import Allowed, Policy
from hookwright.engine.call.transport import Kind
from hookwright.engine.lapp.order import Limits
from hookwright.engine.valkey.serverfolder import ServerFolder
from hookwright.engine.worker.worker import WorkerSettings, run_worker
from hookwright.plugins.loader import load_plugins

from .. import logs
from ..fleet import run_fleet
from ..policy import policy_of
from .commands import command
from .exits import Exit, Stop
from .options import option, shared


@command()
@option("-p", "--processes", type=click.IntRange(1, 256), default=1, help="Worker processes to run.")
@option("--stop-at-eof", is_flag=True, hidden=True, help="End when standard input does: our parent is gone.")
@option("--own", multiple=True, hidden=True, metavar="ADDRESS:PORT", help="Where we listen; never called.")
@shared("state", "redis_url", "secrets_dir", "allow_target", "transport", "plugins", "lapp_memory")
def worker(  # noqa: PLR0913, PLR0917  # one parameter a flag
    processes: int,
    stop_at_eof: bool,
    own: tuple[str, ...],
    state: Path,
    redis_url: str | None,
    secrets_dir: Path | None,
    allow_target: tuple[str, ...],
    transport: Kind,
    plugins: tuple[str, ...],
    lapp_memory: int,
) -> None:
    """Run workers until they are told to stop (SIGTERM or Ctrl-C); calls in flight are finished first.

    They work for every server that shares the Redis at --redis-url; without one they join the private server
    that `serve` runs on --state. More machines may run more of them.
    """
    logs.configure()
    url = redis_url or _private_server(state)
    policy = _policy(url, allow_target, own)
    if processes > 1:
        arguments = worker_arguments(secrets_dir, allow_target, transport, plugins, lapp_memory, own)
        run_fleet(processes, url, arguments)
        return
    loaded = load_plugins(allow=plugins or None, secrets_dir=secrets_dir)
    run_worker(
        WorkerSettings(
            url=url,
            plugins=loaded,
            policy=policy,
            transport=transport,
            stop_at_eof=stop_at_eof,
            limits=Limits(memory=lapp_memory),
            allowed=plugins,
        )
    )


def _private_server(state: Path) -> str:
    resident = ServerFolder(state / "redis").resident()
    if resident is None:
        message = f"no Redis: `serve` runs none on {state}, and --redis-url names none"
        raise Stop(Exit.UNREACHABLE, message)
    return f"unix://{quote(str(resident.socket))}"


def _policy(url: str, allow_target: tuple[str, ...], own: tuple[str, ...]) -> Policy:
    """Where calls may go. The ports of Redis and our own address stay closed whatever else is open."""
    try:
        allowed = tuple(Allowed.parse(text) for text in allow_target)
    except ValueError as error:
        raise Stop(Exit.USAGE, f"--allow-target: {error}") from None
    try:
        return policy_of(url, allowed, own)
    except ValueError as error:
        raise Stop(Exit.USAGE, str(error)) from None


def worker_arguments(
    secrets_dir: Path | None,
    allow_target: tuple[str, ...],
    transport: Kind,
    plugins: tuple[str, ...],
    lapp_memory: int,
    own: tuple[str, ...] = (),
) -> list[str]:
    """The command line of a worker beside others; the URL, which may hold a password, goes by environment."""
    named = {
        "--allow-target": allow_target,
        "--own": own,
        "--plugins": plugins,
        "--transport": (transport,),
        "--lapp-memory": (str(lapp_memory),),
    }
    arguments = [part for flag, values in named.items() for value in values for part in (flag, value)]
    return arguments if secrets_dir is None else [*arguments, "--secrets-dir", str(secrets_dir)]
