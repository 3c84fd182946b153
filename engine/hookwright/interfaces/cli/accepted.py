"""An event the server has accepted: its deliveries waited for, and printed."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import click

from hookwright.engine.delivery import Status

from ..client import Client, Unreachable
from ..printable import printable
from .colors import STATUS_COLORS
from .output import Output, print_each
from .waiting import wait_for

_PAGE = 500


def wait_accepted(client: Client, said: dict[str, Any], timeout: float) -> int:
    """Waits until every delivery and every run has ended, and puts into `said` how; how many have not when
    time is up.
    """
    began = time.monotonic()
    named = {each["id"]: each for each in said.get("deliveries", ())}  # more than a thousand are not named
    expected = said.get("count", len(named))

    def look() -> list[dict[str, Any]]:
        return [each for each in _deliveries(client, said["id"]) if not named or each["id"] in named]

    found, waiting = wait_for(look, expected, timeout) if expected else ((), 0)
    said["deliveries"] = list({**named, **{each["id"]: each for each in found}}.values())
    left = max(timeout - (time.monotonic() - began), 0.0)
    return waiting + _wait_for_runs(client, said, left)


def _wait_for_runs(client: Client, said: dict[str, Any], timeout: float) -> int:
    runs = {each["id"]: each for each in said.get("runs", ())}
    if not runs:
        return 0

    def look() -> list[dict[str, Any]]:
        return [_run(client, each) for each in runs]

    found, waiting = wait_for(look, len(runs), timeout, again="runs list")
    said["runs"] = [{**runs[each["id"]], "status": each["status"]} for each in found]
    return waiting


def _run(client: Client, run: str) -> dict[str, Any]:
    answer = client.get(f"/v1/runs/{run}")
    if answer.status == 404:  # its event is not in the index yet
        return {"id": run, "status": Status.IN_QUEUE.value}
    if answer.status != 200:
        raise Unreachable(answer.complaint)
    row: dict[str, Any] = answer.body["run"]
    return row


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
    runs = said.get("runs", ())
    noun = "delivery" if number == 1 else "deliveries"
    begun = f", {len(runs)} run{'' if len(runs) == 1 else 's'}" if runs else ""
    click.echo(printable(f"{said['id']}  {number} {noun}{begun}{seen}"))
    for each in (*deliveries, *runs):
        status = click.style(each["status"], fg=STATUS_COLORS.get(each["status"]))
        click.echo(f"  {each['id']}  {printable(each['entityType'])}/{printable(each['entityId'])}  {status}")
