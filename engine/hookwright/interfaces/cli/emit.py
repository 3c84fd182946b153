"""`hookwright emit`: sends an event, and with `--wait` tells what became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hookwright.engine.delivery import Status

from ..addresses import NoServer, find_server
from ..client import Answer, Client, Unreachable
from ..overrides import Override
from ..printable import printable
from .accepted import print_accepted, wait_accepted
from .commands import command
from .event_body import draft, parse_overrides
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_each


@command()
@option(
    "-t",
    "--type",
    "type_",
    required=True,
    metavar="TYPE",
    help="Event type, or its label: Lead_Post_Create, Lead Creation.",
)
@option(
    "-d",
    "--data",
    metavar="JSON|@FILE|-",
    help="The data: JSON text, a file, or stdin. Default: the catalogue's sample of that type.",
)
@option(
    "--set",
    "set_",
    metavar="data.FIELD=TEXT",
    multiple=True,
    callback=parse_overrides,
    help="Set one field of the data (repeatable): data.Score=71 as text, data.Score:=71 as JSON.",
)
@option("--id", "id_", metavar="ID", help="Event id; sending the same id and data again changes nothing.")
@option("--source", metavar="SOURCE", help="Where the event comes from. Default: the server's name.")
@option("--subject", metavar="SUBJECT", help="What the event is about.")
@option("--dry-run", is_flag=True, help="Print the event and send nothing; no server is needed.")
@option("--wait", is_flag=True, help="Wait until every delivery and every run has ended.")
@option("--timeout", type=click.FloatRange(0), default=300.0, help="Seconds to wait at most.")
@option("--fail", is_flag=True, help="Wait, and exit with 1 unless all of them ended in Success.")
@shared("state", "server", "token_file", "output")
def emit(  # noqa: PLR0913, PLR0917  # one parameter a flag
    type_: str,
    data: str | None,
    set_: tuple[Override, ...],
    dry_run: bool,
    wait: bool,
    timeout: float,
    fail: bool,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
    **fields: str | None,
) -> Exit:
    """Send an event to the server; the answer names every delivery and every run it leads to.

    The data goes out byte for byte as given, unless --set changes it. Without --data a type of the catalogue
    is sent with its sample, any other with no data.
    """
    attributes = {
        name: fields[key] for name, key in (("id", "id_"), ("source", "source"), ("subject", "subject"))
    }
    body = draft(type_, data, set_).body(attributes)
    if dry_run:
        _print_event(body, output)
        return Exit.FINE
    try:
        client = Client(find_server(server, token_file, state))
        said = _accepted(client.post("/v1/events", body, "application/json"))
        waiting = wait_accepted(client, said, timeout) if wait or fail else 0
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None
    print_accepted(said, output)
    led_to = (*said.get("deliveries", ()), *said.get("runs", ()))
    failed = fail and any(each["status"] != Status.SUCCESS for each in led_to)
    return Exit.NO if waiting or failed else Exit.FINE


def _print_event(body: bytes, output: Output) -> None:
    event = json.loads(body)
    if output == "text":
        click.echo(json.dumps(event, indent=2, ensure_ascii=False))
    else:
        print_each({"event": event}, output)


def _accepted(answer: Answer) -> dict[str, Any]:
    if answer.status == 202:
        said: dict[str, Any] = answer.body
        return said
    if answer.status in (401, 403) or answer.status >= 500:
        raise Unreachable(answer.complaint)
    problems = answer.body.get("problems", ()) if isinstance(answer.body, dict) else ()
    for problem in problems if len(problems) > 1 else ():
        note(printable(f"{problem['pointer'] or '/'}: {problem['message']}"))
    raise Stop(Exit.NO, f"not accepted: {answer.complaint}")
