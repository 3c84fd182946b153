"""`hookwright emit`: sends an event, and with `--wait` tells what became of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from hookwright.engine.delivery import Status
from hookwright.engine.strictjson import BadJSON, decode

from ..addresses import NoServer, find_server
from ..client import Answer, Client, Unreachable
from ..printable import printable
from .colors import STATUS_COLORS
from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_document, print_lines

_POLL_SECONDS = 0.1
_PAGE = 500


@command()
@option("-t", "--type", "type_", required=True, metavar="TYPE", help="Event type, Lead_Post_Create for one.")
@option("-d", "--data", default="{}", metavar="JSON|@FILE|-", help="The data: JSON text, a file, or stdin.")
@option("--id", "id_", metavar="ID", help="Event id; sending the same id and data again changes nothing.")
@option("--source", metavar="SOURCE", help="Where the event comes from. Default: the server's name.")
@option("--subject", metavar="SUBJECT", help="What the event is about.")
@option("--wait", is_flag=True, help="Wait until every delivery has ended.")
@option("--timeout", type=click.FloatRange(0), default=300.0, help="Seconds to wait at most.")
@option("--fail", is_flag=True, help="Wait, and exit with 1 unless every delivery ended in Success.")
@shared("state", "server", "token_file", "output")
def emit(
    type_: str,
    data: str,
    wait: bool,
    timeout: float,
    fail: bool,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
    **fields: str | None,
) -> Exit:
    """Send an event to the server; the answer names every delivery it leads to.

    The data goes out byte for byte as given.
    """
    body = _body(type_, _data(data), {"id": fields["id_"], **{n: fields[n] for n in ("source", "subject")}})
    try:
        client = Client(find_server(server, token_file, state))
        said = _accepted(client.post("/v1/events", body, "application/json"))
        waiting = _wait(client, said, time.monotonic() + timeout) if wait or fail else 0
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None
    _print(said, output)
    failed = fail and any(each["status"] != Status.SUCCESS for each in said.get("deliveries", ()))
    return Exit.NO if waiting or failed else Exit.FINE


def _data(given: str) -> bytes:
    """The bytes of `--data`, checked to be JSON so that they cannot be anything else inside the request."""
    raw, name = _read(given)
    try:
        decode(raw)
    except BadJSON as problem:
        raise Stop(Exit.NO, f"{name}:{problem.line}:{problem.column}: {problem.message}") from None
    return raw


def _read(given: str) -> tuple[bytes, str]:
    if given == "-":
        return sys.stdin.buffer.read(), "standard input"
    if not given.startswith("@"):
        return given.encode("utf-8", "surrogateescape"), "--data"
    try:
        return Path(given[1:]).read_bytes(), given[1:]
    except OSError as error:
        raise Stop(Exit.USAGE, f"{given[1:]}: {error.strerror}") from None


def _body(type_: str, data: bytes, optional: dict[str, str | None]) -> bytes:
    attributes = {"type": type_, **{name: value for name, value in optional.items() if value is not None}}
    return json.dumps(attributes).encode()[:-1] + b',"data":' + data + b"}"


def _accepted(answer: Answer) -> dict[str, Any]:
    if answer.status == 202:
        said: dict[str, Any] = answer.body
        return said
    if answer.status in (401, 403) or answer.status >= 500:
        raise Unreachable(answer.complaint)
    raise Stop(Exit.NO, f"not accepted: {answer.complaint}")


def _wait(client: Client, said: dict[str, Any], deadline: float) -> int:
    """Waits until every delivery has ended, and puts into `said` how; how many have not when time is up."""
    named = {each["id"]: each for each in said.get("deliveries", ())}  # more than a thousand are not named
    expected = said.get("count", len(named))
    while True:
        found = [each for each in _deliveries(client, said["id"]) if not named or each["id"] in named]
        said["deliveries"] = list({**named, **{each["id"]: each for each in found}}.values())
        waiting: int = expected - sum(each["status"] != Status.IN_QUEUE for each in found)
        if waiting <= 0:
            return 0
        if time.monotonic() >= deadline:
            note(f"{waiting} still {Status.IN_QUEUE}; look again with `hookwright history list`")
            return waiting
        time.sleep(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _deliveries(client: Client, event: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = {"event": event, "limit": str(_PAGE)}
    while True:
        answer = client.get(f"/v1/deliveries?{urlencode(query)}")
        if answer.status != 200:
            raise Unreachable(answer.complaint)
        found += answer.body["deliveries"]
        if not answer.body.get("next"):
            return found
        query["cursor"] = answer.body["next"]


def _print(said: dict[str, Any], output: Output) -> None:
    if output != "text":
        (print_document if output == "json" else lambda value: print_lines([value]))(said)
        return
    deliveries = said.get("deliveries", ())
    number = said.get("count", len(deliveries))
    seen = ", seen before" if said["duplicate"] else ""
    noun = "delivery" if number == 1 else "deliveries"
    click.echo(printable(f"{said['id']}  {number} {noun}{seen}"))
    for each in deliveries:
        status = click.style(each["status"], fg=STATUS_COLORS.get(each["status"]))
        click.echo(f"  {each['id']}  {printable(each['entityType'])}/{printable(each['entityId'])}  {status}")
