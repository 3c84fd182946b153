"""`hookwright subscriber ping`: a test event to one subscriber, or the checks LeadSquared makes of a URL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from hookwright.engine.delivery import Status

from ..addresses import NoServer, find_server
from ..client import Client, Unreachable
from ..printable import printable
from .accepted import print_accepted, wait_accepted
from .asking import ask
from .commands import Command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_each


@click.command(cls=Command)
@click.argument("identifier", metavar="ID")
@option("--wait", is_flag=True, help="Wait for the outcome; exit with 1 unless it is Success.")
@option("--timeout", type=click.FloatRange(0), default=60.0, help="Seconds to wait at most.")
@option("--handshake", is_flag=True, help="Send no event: check the URL with HEAD and an empty request.")
@shared("state", "server", "token_file", "output")
def ping(
    identifier: str,
    wait: bool,
    timeout: float,
    handshake: bool,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
) -> Exit:
    """Send a sample of its first event type to one subscriber, marked as a test.

    It takes the way of every delivery, once and at once, also when the subscriber is off; it counts towards
    nothing and notifies nobody.
    """
    path = f"/v1/subscribers/{quote(identifier, safe='')}"
    if handshake:
        found = ask(
            server, token_file, state, lambda to: to.post(f"{path}/handshake", b"{}", "application/json")
        )
        return _tell(found.body, output)
    said = ask(server, token_file, state, lambda to: to.post(f"{path}/ping", b"{}", "application/json")).body
    waiting = _wait(server, token_file, state, said, timeout) if wait else 0
    print_accepted(said, output)
    failed = [each for each in said["deliveries"] if wait and each["status"] != Status.SUCCESS]
    for each in failed:
        note(f"{each['id']}: {_why(each)}; see `hookwright history show {each['id']}`")
    return Exit.NO if waiting or failed else Exit.FINE


def _wait(
    server: str | None, token_file: Path | None, state: Path, said: dict[str, Any], timeout: float
) -> int:
    try:
        client = Client(find_server(server, token_file, state))
        return wait_accepted(client, said, timeout)
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None


def _why(delivery: dict[str, Any]) -> str:
    parts = (
        delivery.get("code") and f"status {delivery['code']}",
        delivery.get("error"),
        delivery.get("reason"),
    )
    return ", ".join(str(part) for part in parts if part and part != "status") or str(delivery["status"])


def _tell(found: dict[str, Any], output: Output) -> Exit:
    if output == "text":
        click.echo("\n".join(_lines(found)))
    else:
        print_each(found, output)
    return Exit.FINE if found["ok"] else Exit.NO


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for endpoint in found["endpoints"]:
        name = click.style(printable(endpoint["endpoint"]), bold=True)
        yield f"{name}  {printable(endpoint['url'])}".rstrip()
        for check in endpoint["checks"]:
            yield _check(check)
            if check["verdict"]:
                verdict = check["verdict"]
                yield f"              it says {verdict['status']}: {printable(verdict['reason'])}".rstrip(
                    ": "
                )
            if check["advice"]:
                yield f"              {check['advice']}"


def _check(check: dict[str, Any]) -> str:
    word = click.style("ok    ", fg="green") if check["ok"] else click.style("failed", fg="red")
    answer = "no answer" if check["code"] is None else str(check["code"])
    why = ": ".join(part for part in (check["error"], check["reason"]) if part)
    return f"  {check['request']:<10}  {word}  {answer}  {check['seconds']:.3f} s  {printable(why)}".rstrip()
