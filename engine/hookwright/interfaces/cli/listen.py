"""`hookwright listen`: a receiver that prints what arrives."""

from __future__ import annotations

import base64
import queue
from datetime import UTC, datetime
from typing import Any

import click

from ..printable import printable
from ..receiver import Arrival, Receiver, Script
from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_each


def _statuses(_ctx: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    statuses = tuple(int(part) if part.strip().isdecimal() else 0 for part in value.split(","))
    if not all(200 <= status <= 599 for status in statuses):
        raise click.BadParameter(f"{value!r} is not a list of HTTP statuses such as 500,500,200")
    return statuses


@command()
@option("--host", default="127.0.0.1", help="Address to listen on.")
@option("--port", type=click.IntRange(0, 65535), default=8421, help="Port to listen on; 0 takes a free one.")
@option(
    "--answer",
    "answers",
    metavar="STATUS[,STATUS…]",
    default="200",
    callback=_statuses,
    help="Statuses to answer, in order, the last one for ever; each webhook-id starts at the first.",
)
@option("--delay", type=click.FloatRange(0, 3600), default=0.0, help="Seconds to wait before answering.")
@option("--count", type=click.IntRange(1), help="Leave after that many requests.")
@shared("output")
def listen(
    host: str, port: int, answers: tuple[int, ...], delay: float, count: int | None, output: Output
) -> None:
    """Run a receiver that prints what arrives: a line a request, or all of it with -o ndjson.

    Point a webhook at it (the server needs `--allow-target 127.0.0.0/8` for that) and watch.
    """
    arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
    try:
        receiver = Receiver(host, port, script=Script(answers), delay=delay, on_arrival=arrivals.put)
    except OSError as error:
        raise Stop(Exit.CONFLICT, f"cannot listen on {host} port {port}: {error.strerror}") from None
    with receiver:
        note(f"listening on {receiver.url} (Ctrl-C ends)")
        seen = 0
        while count is None or seen < count:
            _print(arrivals.get(), output)
            seen += 1


def _print(arrival: Arrival, output: Output) -> None:
    if output != "text":
        print_each(_as_json(arrival), output)
        return
    when = datetime.fromtimestamp(arrival.at).strftime("%H:%M:%S")
    message = arrival.header("webhook-id") or "-"
    color = "green" if arrival.status < 300 else "red"
    status = click.style(str(arrival.status), fg=color)
    line = f"{arrival.method} {arrival.target}  {message}  {len(arrival.body)} bytes"
    click.echo(f"{when}  {status}  {printable(line, 2000)}")


def _as_json(arrival: Arrival) -> dict[str, Any]:
    """Everything about one request; a body that is not UTF-8 is base64 and says so."""
    try:
        body = {"body": arrival.body.decode()}
    except UnicodeDecodeError:
        body = {"body": base64.b64encode(arrival.body).decode(), "encoding": "base64"}
    at = datetime.fromtimestamp(arrival.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "at": at,
        "method": arrival.method,
        "target": arrival.target,
        "headers": [list(header) for header in arrival.headers],
        **body,
        "status": arrival.status,
    }
