"""An event the server has accepted: its deliveries waited for, and printed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import click

from ..client import Client, Unreachable
from ..printable import printable
from .colors import STATUS_COLORS
from .output import Output, print_each
from .waiting import wait_for

_PAGE = 500


def wait_accepted(client: Client, said: dict[str, Any], timeout: float) -> int:
    """Waits until every delivery has ended, and puts into `said` how; how many have not when time is up."""
    named = {each["id"]: each for each in said.get("deliveries", ())}  # more than a thousand are not named

    def look() -> list[dict[str, Any]]:
        return [each for each in _deliveries(client, said["id"]) if not named or each["id"] in named]

    found, waiting = wait_for(look, said.get("count", len(named)), timeout)
    said["deliveries"] = list({**named, **{each["id"]: each for each in found}}.values())
    return waiting


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


def print_accepted(said: dict[str, Any], output: Output) -> None:
    if output != "text":
        print_each(said, output)
        return
    deliveries = said.get("deliveries", ())
    number = said.get("count", len(deliveries))
    seen = ", expunged" if said.get("expunged") else ", seen before" if said["duplicate"] else ""
    noun = "delivery" if number == 1 else "deliveries"
    click.echo(printable(f"{said['id']}  {number} {noun}{seen}"))
    for each in deliveries:
        status = click.style(each["status"], fg=STATUS_COLORS.get(each["status"]))
        click.echo(f"  {each['id']}  {printable(each['entityType'])}/{printable(each['entityId'])}  {status}")
