"""`hookwright expunge`: removes the content of an event from the node."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from ..addresses import NoServer, find_server
from ..client import Client, Unreachable
from ..printable import printable
from .asking import judged
from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_document

_LOOK = 0.2  # seconds between looks


@command()
@click.argument("event", metavar="EVENT")
@option("--source", metavar="SOURCE", help="The source of the event, when several sent one of this id.")
@option("--why", metavar="TEXT", default="", show_default=False, help="The reason, kept in the history.")
@option("--yes", is_flag=True, help="Do it: what is removed cannot be had back.")
@option("--timeout", type=click.FloatRange(0), default=300.0, help="Seconds to wait at most.")
@shared("state", "server", "token_file", "output")
def expunge(
    event: str,
    source: str | None,
    why: str,
    yes: bool,
    timeout: float,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
) -> Exit:
    """Remove the content of an event: its data, what was sent of it and what receivers answered.

    EVENT is its whole id. Deliveries of it that are open are cancelled, batches it is in with them. That
    there was an event, and what became of its deliveries, stays in the history. It waits until nothing is
    left; given again it goes on waiting. The exit code is 1 when that takes longer than --timeout.
    """
    if not yes:
        raise Stop(Exit.USAGE, f"this removes the content of {event} for good; say --yes to do it")
    try:
        client = Client(find_server(server, token_file, state))
        said = _expunge(client, event, source, why, timeout)
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None
    done = said["state"] == "Done"
    if output == "text":
        click.echo(printable(f"{said['id']}  {'expunged' if done else 'being expunged'}"))
    else:
        print_document(said)
    if not done:
        note("it goes on by itself; give the command again to wait longer")
    return Exit.FINE if done else Exit.NO


def _expunge(client: Client, event: str, source: str | None, why: str, timeout: float) -> dict[str, Any]:
    """Order it and wait; how far it is then."""
    query = f"?{urlencode({'source': source})}" if source is not None else ""
    path = f"/v1/events/{quote(event, safe='')}/expunge{query}"
    end = time.monotonic() + timeout
    said: dict[str, Any] = judged(
        client.post(path, json.dumps({"why": why}).encode(), "application/json")
    ).body
    while said["state"] != "Done" and time.monotonic() < end:
        time.sleep(_LOOK)
        said = judged(client.get(path)).body
    return said
