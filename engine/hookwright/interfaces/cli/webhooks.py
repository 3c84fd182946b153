"""`hookwright webhooks`: all webhooks of a server, and those made over its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from hookwright.rules.telling import lapp_call
from hookwright.schemas.writer import to_yaml

from ..api_file import in_order, to_text
from ..client import Answer, Client
from ..webhooks import ADDED, COLUMNS, STATUSES
from .asking import ask, judged, send
from .commands import Command
from .exits import Exit, Stop
from .options import AnyFunction, option, shared
from .output import Output, note, print_columns, print_document, print_each, print_lines
from .webhook_file import read_webhook

_HEADS = ("ID", "STATUS", "BUNDLE", "EVENT", "URL", "DESCRIPTION")
_STATUS_COLORS = {"disabled": "red", "paused": "yellow"}
_PAGE = 500
_FILE = option("-f", "--file", required=True, metavar="FILE|-", help="One webhook, in YAML or JSON.")
_IF_MATCH = option(
    "--if-match", metavar="REVISION", help="Only if this is still the live revision: nobody changed anything."
)


class _Webhooks(click.Group):
    command_class = Command


@click.group(cls=_Webhooks, context_settings={"help_option_names": ["-h", "--help"]})
def webhooks() -> None:
    """List all webhooks of a server, and create, change and delete those made over its API.

    What stands in git is changed in git.
    """


def _addressed(function: AnyFunction) -> AnyFunction:
    return shared("state", "server", "token_file")(function)


@webhooks.command("list")
@option("--event", metavar="TYPE", help="Those that select this event: its type or its label.")
@option("--status", metavar="STATUS", help=f"{', '.join(STATUSES)}.")
@option("--search", metavar="TEXT", help="Text in the id, the description or the URL.")
@option("--bundle", metavar="NAME", help="Those of one bundle; `api` has those made over the API.")
@option("--sort", metavar="COLUMN", default="id", help=f"{', '.join(COLUMNS)}; -COLUMN for the last first.")
@option("--page", type=click.IntRange(1), default=1, help="Page, counted from 1.")
@option("--page-size", type=click.IntRange(1, _PAGE), default=50, help="Webhooks a page.")
@_addressed
@shared("output")
def list_(  # one parameter a flag
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
    sort: str,
    page: int,
    page_size: int,
    **filters: str | None,
) -> None:
    """List webhooks, git's and those made over the API."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    query = urlencode({**wanted, "sort": sort, "page": page, "page_size": page_size})
    said = _get(server, token_file, state, query)
    if output == "json":
        print_document(said)
    elif output == "ndjson":
        print_lines(said["webhooks"])
    else:
        print_columns(_HEADS, [_cells(each) for each in said["webhooks"]], _STATUS_COLORS)
        if said["count"] > len(said["webhooks"]):
            note(f"{len(said['webhooks'])} of {said['count']}; see --page")


@webhooks.command()
@click.argument("webhook", metavar="ID")
@_addressed
@shared("output")
def show(webhook: str, state: Path, server: str | None, token_file: Path | None, output: Output) -> None:
    """Show one webhook as it is written, and where it stands."""
    said = ask(server, token_file, state, lambda to: to.get(_path(webhook))).body
    if output != "text":
        print_each(said, output)
        return
    click.echo(to_yaml(_written(said)), nl=False)
    reason = f" ({said['status_reason']})" if said.get("status_reason") else ""
    note(f"{said['status']}{reason}; stands in {said['place']}")


@webhooks.command()
@_FILE
@_addressed
@shared("output")
def create(file: str, state: Path, server: str | None, token_file: Path | None, output: Output) -> None:
    """Create a webhook in the server's own bundle `api`; without an id it gets one."""
    given = read_webhook(file)

    def post(to: Client) -> Answer:
        return to.post("/v1/webhooks", given.body, "application/json")

    answer = send(server, token_file, state, post)
    _tell(given.judged(answer).body, output, "created")


@webhooks.command()
@click.argument("webhook", metavar="ID")
@_FILE
@_IF_MATCH
@_addressed
@shared("output")
def update(
    webhook: str,
    file: str,
    if_match: str | None,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
) -> None:
    """Replace a webhook as a whole: what the file leaves out is gone."""
    given = read_webhook(file)

    def put(to: Client) -> Answer:
        return to.put(_path(webhook), given.body, "application/json", _condition(if_match))

    answer = send(server, token_file, state, put)
    _tell(given.judged(answer).body, output, "replaced")


@webhooks.command()
@click.argument("webhook", metavar="ID")
@_IF_MATCH
@_addressed
def delete(
    webhook: str, if_match: str | None, state: Path, server: str | None, token_file: Path | None
) -> None:
    """Delete a webhook; its open deliveries are cancelled."""
    headers = _condition(if_match)
    answer = judged(send(server, token_file, state, lambda to: to.delete(_path(webhook), headers)))
    still_open = int(answer.headers.get("hookwright-open-deliveries", "0"))
    deliveries = "1 open delivery is" if still_open == 1 else f"{still_open} open deliveries are"
    cancelled = f"; {deliveries} cancelled" if still_open else ""
    note(f"{webhook} is deleted{cancelled}")


@webhooks.command()
@_addressed
def export(state: Path, server: str | None, token_file: Path | None) -> None:
    """Print the bundle `api` as YAML that can stand in git as it is."""
    found: list[dict[str, Any]] = []
    count = 1
    while len(found) < count:
        query = urlencode({"bundle": "api", "page": len(found) // _PAGE + 1, "page_size": _PAGE})
        said = _get(server, token_file, state, query)
        found += said["webhooks"]
        count = said["count"] if said["webhooks"] else 0
    click.echo(to_text([_written(each) for each in found]), nl=False)


def _get(server: str | None, token_file: Path | None, state: Path, query: str) -> dict[str, Any]:
    answer = send(server, token_file, state, lambda to: to.get(f"/v1/webhooks?{query}"))
    if answer.status == 400:  # a filter that cannot be read
        raise Stop(Exit.USAGE, answer.complaint)
    said: dict[str, Any] = judged(answer).body
    return said


def _path(webhook: str) -> str:
    return f"/v1/webhooks/{quote(webhook, safe='')}"


def _condition(revision: str | None) -> dict[str, str]:
    """The header that says so. What no header can hold is a usage error."""
    if revision is None:
        return {}
    if not re.fullmatch(r"[!-~]+", revision):
        raise click.BadParameter(
            f"{revision[:50]!r} is no revision, such as sha256:…", param_hint="--if-match"
        )
    return {"If-Match": f'"{revision}"'}


def _written(said: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in YAML of what the API answers."""
    return in_order({key: value for key, value in said.items() if key not in ADDED})


def _cells(said: Mapping[str, Any]) -> tuple[str, ...]:
    event = said["event"]
    events = ", ".join(event) if isinstance(event, list) else str(event)
    called = f"lapp {lapp_call(said['lapp']).name}" if said.get("type") == "lapp" else said.get("url", "")
    texts = (str(called), str(said.get("description", "")))
    return str(said["id"]), str(said["status"]), str(said["bundle"]), events, *texts


def _tell(said: Mapping[str, Any], output: Output, done: str) -> None:
    if output == "text":
        click.echo(said["id"])
    else:
        print_each(said, output)
    for each in said.get("warnings", ()):
        note(f"warning: {each['pointer']}: {each['message']}")
    note(f"{said['id']} is {done}")
