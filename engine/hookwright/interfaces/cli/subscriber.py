"""`hookwright subscriber`: how each stands, and switching it off and on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from ..printable import printable
from .asking import ask
from .colors import SWITCH_COLORS
from .commands import Command
from .options import AnyFunction, option, shared
from .output import Output, note, print_columns, print_document, print_each, print_lines
from .ping import ping

_HEADS = ("SUBSCRIBER", "STATE", "FAILED", "EVENT", "URL", "REASON")
_DONE = {"enable": "enabled", "disable": "disabled", "pause": "paused", "resume": "enabled"}


class _Subscriber(click.Group):
    command_class = Command


@click.group(cls=_Subscriber, context_settings={"help_option_names": ["-h", "--help"]})
def subscriber() -> None:
    """See how webhooks and rules stand, and switch them off and on.

    ID is an id (leads-to-erp), a name (webhook/leads-to-erp), or that of a single endpoint
    (rule/big-deal/actions/0/post). What is switched off keeps its deliveries In Queue for seven days.
    """


subscriber.add_command(ping)


@subscriber.command("list")
@shared("state", "server", "token_file", "output")
def list_(state: Path, server: str | None, token_file: Path | None, output: Output) -> None:
    """List every subscriber: its state, how many deliveries failed in a row, and why it is off."""
    found: list[dict[str, Any]]
    found = ask(server, token_file, state, lambda to: to.get("/v1/subscribers")).body["subscribers"]
    if output == "json":
        print_document({"subscribers": found})
    elif output == "ndjson":
        print_lines(found)
    else:
        print_columns(_HEADS, [row for each in found for row in _rows(each)], SWITCH_COLORS)


@subscriber.command()
@click.argument("identifier", metavar="ID")
@shared("state", "server", "token_file", "output")
def show(identifier: str, state: Path, server: str | None, token_file: Path | None, output: Output) -> None:
    """Show one subscriber and each of its endpoints."""
    found: dict[str, Any]
    found = ask(server, token_file, state, lambda to: to.get(_path(identifier))).body
    if output == "text":
        click.echo("\n".join(_described(found)))
    else:
        print_each(found, output)


def _path(identifier: str, action: str = "") -> str:
    return f"/v1/subscribers/{quote(identifier, safe='')}{action and '/'}{action}"


def _switching(name: str, text: str) -> None:
    """Adds the command `name`, which asks for that change."""

    @subscriber.command(name, help=text)
    @click.argument("identifier", metavar="ID")
    @_reason
    @shared("state", "server", "token_file", "output")
    def switch(
        identifier: str,
        reason: str | None,
        state: Path,
        server: str | None,
        token_file: Path | None,
        output: Output,
    ) -> None:
        body = json.dumps({} if reason is None else {"reason": reason}).encode()
        path = _path(identifier, name)
        said = ask(server, token_file, state, lambda to: to.post(path, body, "application/json")).body
        found = said["subscriber"]
        if output != "text":
            print_each(said, output)
        already = "" if said["changed"] else " already"
        note(f"{_named(identifier, found)} is {_DONE[name]}{already}")
        if not said["applied"]:
            note("the queue cannot be reached: it is written down, and counts once the queue answers")


def _reason(function: AnyFunction) -> AnyFunction:
    return option("--reason", metavar="TEXT", help="Why, for the history and for others.")(function)


_switching("enable", "Switch on what was disabled; failures are counted from nothing again.")
_switching("disable", "Switch off, until somebody enables it.")
_switching("pause", "Switch off for a while: until somebody resumes it.")
_switching("resume", "Switch on what was paused.")


def _named(identifier: str, found: dict[str, Any]) -> str:
    """The whole name of what was asked for."""
    return identifier if "/" in identifier else str(found["name"])


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """One row, and one more for each endpoint that does not stand as its subscriber does."""
    events = ", ".join(found["events"][:2]) + (", …" if len(found["events"]) > 2 else "")
    yield found["name"], found["state"], _count(found), events, found["url"], _why(found)
    for each in found["endpoints"]:
        if each["name"] != found["name"] and each["state"] != found["state"]:
            yield f"  {each['name']}", each["state"], _count(each), "", each["url"], _why(each)


def _count(found: dict[str, Any]) -> str:
    return "?" if found["failures"] is None else str(found["failures"])


def _why(found: dict[str, Any]) -> str:
    """Why it is off and who did that, or why it makes no calls; nothing for what is on and makes some."""
    if found["state"] == "enabled":
        resting = next((each for each in found.get("endpoints", [found]) if each["resting"]), None)
        return f"no calls until {_second(resting['restingUntil'])}: {resting['resting']}" if resting else ""
    return f"{found['reason'] or '-'} ({found['by']}, {_second(found['since'])})"


def _second(instant: str) -> str:
    return instant[:19].replace("T", " ")


def _described(found: dict[str, Any]) -> Iterator[str]:
    name = click.style(found["name"], bold=True)
    yield f"{name}  {_colored(found['state'])}  {printable(_why(found))}".rstrip()
    facts = {
        "description": found["description"],
        "owner": found["owner"],
        "stands in": f"{found['place']}  (bundle {found['bundle']})",
        "events": ", ".join(found["events"]),
        "off after": _off_after(found),
    }
    yield from (f"  {name:<11}  {printable(text)}" for name, text in facts.items() if text)
    for each in found["endpoints"]:
        yield ""
        if each["name"] != found["name"]:  # a webhook is its one endpoint
            yield f"  {printable(each['name'])}  {_colored(each['state'])}  {printable(_why(each))}".rstrip()
        yield f"  {each['method']} {printable(each['url'])}"
        yield f"  failed deliveries in a row: {_count(each)}"


def _off_after(found: dict[str, Any]) -> str:
    limit = found["disableAfter"]
    said = ["" if limit is None else f"{limit} failed deliveries in a row", found["disableWhen"]]
    return "; ".join(filter(None, said)) or "never"


def _colored(state: str) -> str:
    return click.style(state, fg=SWITCH_COLORS.get(state))
