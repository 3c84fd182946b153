"""`hookwright lapps`: which there are, and one called as a worker would, without a server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from hookwright.engine.delivery import Delivery
from hookwright.engine.identifiers import delivery_id, message_id
from hookwright.engine.lapp.order import Limits
from hookwright.engine.strictjson import BadJSON, decode
from hookwright.plugins.loader import load_plugins
from hookwright.rules.event import JSON, Event
from hookwright.rules.telling import LappCall
from hookwright.schemas.nearest import did_you_mean
from hookwright.schemas.schema import config_schema

from ..overrides import Override
from ..printable import printable_lines
from .commands import Command
from .event_body import parse_overrides
from .exits import Exit, Stop
from .given_event import given_event
from .options import option, shared
from .output import Output, note, print_columns, print_document, print_lines

if TYPE_CHECKING:
    from hookwright.engine.worker.lapp import Ran
    from hookwright.plugins.registry import Plugins

_HEADS = ("NAME", "PLUGIN", "DISTRIBUTION", "CONFIG")
_TRIED = "tried"  # the id of the webhook that a call here is made for


class _Group(click.Group):
    command_class = Command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def lapps() -> None:
    """See which Lapps the plugins publish, and try one out in its sandbox."""


@lapps.command("list")
@shared("plugins", "output")
def list_(plugins: tuple[str, ...], output: Output) -> None:
    """List the Lapps of all plugins that are loaded, and the keys of the configuration each takes."""
    found = list(_documents(load_plugins(allow=plugins or None)))
    if output == "json":
        print_document({"lapps": found})
    elif output == "ndjson":
        print_lines(found)
    else:
        rows = [(each["name"], each["plugin"], each["distribution"], _keys(each["schema"])) for each in found]
        print_columns(_HEADS, rows, {})


@lapps.command()
@click.argument("lapp", metavar="NAME")
@option("-e", "--event", "event_", metavar="FILE|-", help="File with the event, or stdin, as for `explain`.")
@option("-t", "--type", "type_", metavar="TYPE", help="Event type or its label, in place of --event.")
@option(
    "-d", "--data", metavar="JSON|@FILE|-", help="The data beside --type. Default: the catalogue's sample."
)
@option(
    "--set",
    "set_",
    metavar="data.FIELD=TEXT",
    multiple=True,
    callback=parse_overrides,
    help="Set one field of the data beside --type (repeatable): data.Score=71 as text, := as JSON.",
)
@option("--lapp-config", metavar="JSON|@FILE", default="{}", help="Its configuration, as `config` in YAML.")
@option("--stage", type=click.Choice(["test", "live"]), default="test", help="What the Lapp is told.")
@option("--timeout", type=click.FloatRange(0, min_open=True), default=15.0, help="Seconds it may take.")
@shared("secrets_dir", "plugins", "lapp_memory", "output")
def run(  # noqa: PLR0913, PLR0917  # one parameter a flag
    lapp: str,
    event_: str | None,
    type_: str | None,
    data: str | None,
    set_: tuple[Override, ...],
    lapp_config: str,
    stage: str,
    timeout: float,
    secrets_dir: Path | None,
    plugins: tuple[str, ...],
    lapp_memory: int,
    output: Output,
) -> Exit:
    """Call the Lapp NAME with an event, in the sandbox it has in a worker; print its value, and its logs on
    standard error.

    It is called for real: what it does to others is done. Exits with 0 for a value, with 1 for none.
    """
    loaded = load_plugins(allow=plugins or None, secrets_dir=secrets_dir)
    call = LappCall(lapp, _config(loaded, lapp, lapp_config), "test" if stage == "test" else "live")
    event = given_event(event_, type_, data, set_).event
    limits = Limits(memory=lapp_memory)
    ended = _called(loaded, plugins, call, event, limits, timeout)
    _print(ended, output)
    return Exit.FINE if ended.error is None else Exit.NO


def _called(
    loaded: Plugins, allowed: tuple[str, ...], call: LappCall, event: Event, limits: Limits, timeout: float
) -> Ran:
    from hookwright.engine.call.prepare import Refusal  # noqa: PLC0415  # slow to import, and `list` needs none
    from hookwright.engine.lapp.sandbox import Sandbox  # noqa: PLC0415
    from hookwright.engine.worker.lapp import LappPreparer, ran  # noqa: PLC0415

    message = message_id(event.source, event.id, "webhook", _TRIED, "")
    delivery = Delivery(
        id=delivery_id(message),
        message=message,
        entity_type="webhook",
        entity_id=_TRIED,
        action="",
        event_id=event.id,
        event_source=event.source,
        event_type=event.type,
        node="",
        due=0,
        body="",
        test=call.stage == "test",
    )
    preparer = LappPreparer(call, loaded.lapps[call.name], loaded.secret_store(), limits, int(timeout * 1000))
    prepared = preparer.prepare(delivery, event.raw or b"null", 1, time.time())
    if isinstance(prepared, Refusal):
        raise Stop(Exit.UNREACHABLE, prepared.reason)
    sandbox = Sandbox(allowed)
    try:
        return ran(prepared, sandbox.call(prepared.order))
    finally:
        sandbox.close()


def _config(loaded: Plugins, name: str, given: str) -> Mapping[str, JSON]:
    """The configuration, valid by the schema of the Lapp. Ends the command for an unknown Lapp, too."""
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415  # slow to import

    if name not in loaded.lapps:
        there = sorted(loaded.lapps)
        hint = did_you_mean(name, there) or f"there are: {', '.join(there) or 'none'}"
        raise Stop(Exit.NOTHING, f"there is no Lapp {name!r} ({hint})")
    raw, at = given.encode("utf-8", "surrogateescape"), "--lapp-config"
    if given.startswith("@"):
        at = given[1:]
        try:
            raw = Path(at).read_bytes()
        except OSError as error:
            raise Stop(Exit.USAGE, f"{at}: {error.strerror}") from None
    try:
        config: JSON = decode(raw)
    except BadJSON as problem:
        raise Stop(Exit.USAGE, f"{at}:{problem.line}:{problem.column}: {problem.message}") from None
    schema = config_schema(loaded.fragments())
    for fault in Draft202012Validator(
        {**schema["$defs"]["lapp"][name], "$defs": schema["$defs"]}
    ).iter_errors(config):
        where = "/".join(map(str, fault.instance_path))
        raise Stop(Exit.USAGE, f"{at}: {where + ': ' if where else ''}{fault.message}")
    return cast("Mapping[str, JSON]", config)


def _documents(loaded: Plugins) -> Iterator[dict[str, Any]]:
    schemas = loaded.fragments()["lapp"]
    for plugin in loaded.loaded:
        for provided in plugin.provides:
            family, _, name = provided.partition(" ")
            if family == "lapp":
                yield {
                    "name": name,
                    "plugin": plugin.name,
                    "distribution": plugin.distribution,
                    "schema": schemas[name],
                }


def _keys(schema: Mapping[str, Any]) -> str:
    """`key, least?`: those that may be left out have a question mark."""
    needed = schema.get("required", ())
    return ", ".join(f"{name}{'' if name in needed else '?'}" for name in schema.get("properties", {})) or "-"


def _print(ended: Ran, output: Output) -> None:
    value = None if ended.response is None else ended.response.body
    if output == "text":
        if ended.record.logs:
            click.echo(printable_lines(ended.record.logs.rstrip("\n")), err=True)
        if value is not None:
            click.echo(printable_lines(value))
        if ended.reason:
            note(f"error: {ended.reason}")
        return
    document = {
        "name": ended.record.name,
        "stage": ended.record.stage,
        "value": None if value is None else _parsed(value),
        "error": ended.error,
        "reason": ended.reason,
        "exit": ended.record.exit or None,
        "logs": ended.record.logs,
        "seconds": round(ended.seconds, 3),
    }
    if output == "json":
        print_document(document)
    else:
        print_lines([document])


def _parsed(value: str) -> Any:
    """The value, or its text where that was too long to be kept whole."""
    try:
        return json.loads(value)
    except ValueError:
        return value
