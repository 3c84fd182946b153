"""`hookwright doctor`: looks at everything a server needs and says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hookwright.engine.state import State
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Plugins
from hookwright.rules.build import build
from hookwright.rules.model import Model
from hookwright.schemas.problem import Problem

from ..bundle import Bundle
from ..diagnosis import (
    Finding,
    Level,
    look_at_clock,
    look_at_disk,
    look_at_history,
    look_at_names,
    look_at_plugins,
    look_at_python,
    look_at_runs,
    look_at_seal,
    look_at_secrets,
)
from ..live import configure
from ..printable import printable
from ..redis_diagnosis import look_at_redis
from .commands import command
from .exits import Exit
from .options import option, shared
from .output import Output, note, print_document, print_lines

_COLORS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@command()
@option(
    "--config",
    type=click.Path(path_type=Path),
    help="A bundle: its secrets are looked for and its hosts looked up, with those of the API's webhooks.",
)
@shared("state", "redis_url", "secrets_dir", "plugins", "output")
def doctor(
    config: Path | None,
    state: Path,
    redis_url: str | None,
    secrets_dir: Path | None,
    plugins: tuple[str, ...],
    output: Output,
) -> Exit:
    """Check Python, disk, history, Redis, clock, plugins, secrets and DNS; nothing is changed.

    Exits with 1 when something would keep a server from working. Secrets are looked for, never shown.
    """
    loaded = load_plugins(allow=plugins or None, secrets_dir=secrets_dir)
    findings = list(_look(config, state, redis_url, secrets_dir, loaded))
    _print(findings, output)
    failed = sum(finding.level is Level.FAIL for finding in findings)
    warned = sum(finding.level is Level.WARN for finding in findings)
    note(f"{len(findings)} looked at, {failed} failed, {warned} to mind")
    return Exit.NO if failed else Exit.FINE


def _look(
    config: Path | None, state: Path, redis_url: str | None, secrets_dir: Path | None, plugins: Plugins
) -> Iterator[Finding]:
    yield from look_at_python()
    yield from look_at_disk(state)
    yield from look_at_history(state)
    yield from look_at_seal(state)
    yield from look_at_runs(state)
    redis, server_time = look_at_redis(redis_url, state)
    yield from redis
    yield from look_at_clock(server=server_time)
    yield from look_at_plugins(plugins)
    model: Model | None = None
    if config is not None:
        kept = State(state).api_webhooks
        configuration, problems = configure(Bundle(config, plugins), kept)
        model = build(configuration.source) if configuration else None
        yield _of_bundle(config, kept, [each for each in problems if each.severity == "error"])
    yield from look_at_secrets(model, plugins, secrets_dir)
    yield from look_at_names(model)


def _of_bundle(config: Path, kept: Path, errors: Sequence[Problem]) -> Finding:
    if not errors:
        return Finding("bundle", Level.OK, f"{config} is valid")
    advice = f"see `hookwright validate {config}`"
    if all(each.place.file == str(kept) for each in errors):
        advice = str(errors[0])  # `validate` does not look there
    return Finding("bundle", Level.FAIL, f"{config}: {len(errors)} errors", advice)


def _print(findings: list[Finding], output: Output) -> None:
    documents = [
        {"name": each.name, "level": each.level, "detail": each.detail, "advice": each.advice}
        for each in findings
    ]
    if output == "json":
        print_document({"checks": documents})
    elif output == "ndjson":
        print_lines(documents)
    else:
        for each in findings:
            level = click.style(f"{each.level:<4}", fg=_COLORS[each.level])
            click.echo(f"{level}  {each.name:<8} {printable(each.detail)}")
            if each.advice:
                click.echo(f"                -> {printable(each.advice)}")
