"""`hookwright replay`: sends deliveries that have ended once more, some by id or many by what they are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from hookwright.engine.delivery import Status

from ..addresses import NoServer, find_server
from ..client import Answer, Client, Unreachable
from ..printable import printable
from .asking import judged
from .colors import STATUS_COLORS
from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_document, print_lines
from .rates import PerSecond, rate_text
from .replay_many import Manner, Wish, cancel_job, follow_job, replay_many
from .selection import CANDIDATES, ambiguous, filtered, words
from .waiting import wait_for

RATE = PerSecond(1 / 3600, 1000)
_WHOLE = re.compile(r"dlv_[a-z2-7]{26}")


@dataclass(slots=True)
class _Done:
    """What became of the ids given: what the server answered, and what it refused."""

    replays: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    worst: Exit = Exit.FINE


@command()
@click.argument("deliveries", metavar="[ID...]", nargs=-1)
@filtered
@option("--why", metavar="TEXT", default="", show_default=False, help="The reason, kept in the history.")
@option(
    "--rate", type=PerSecond(1 / 3600, 1000), metavar="N/s", default=50.0, help="Of many, the most a second."
)
@option("--yes", is_flag=True, help="Replay many without being asked.")
@option("--detach", is_flag=True, help="Leave many to the server, and show no progress.")
@option("--progress", metavar="JOB", help="Show the progress of a replay of many.")
@option("--cancel", metavar="JOB", help="End a replay of many; what was replayed stays so.")
@option("--wait", is_flag=True, help="Wait until every replay has ended.")
@option("--timeout", type=click.FloatRange(0), default=300.0, help="Seconds to wait at most.")
@option("--fail", is_flag=True, help="Wait, and exit with 1 unless every replay ended in Success.")
@shared("state", "server", "token_file", "output")
def replay(
    deliveries: tuple[str, ...],
    why: str,
    wait: bool,
    timeout: float,
    fail: bool,
    state: Path,
    server: str | None,
    token_file: Path | None,
    output: Output,
    **others: Any,
) -> Exit:
    """Send deliveries once more: the same message id, the same bytes, to where the subscriber is now.

    Each ID may be the beginning of one. A replay is a delivery of its own. What was refused is told on
    standard error and the rest goes on; the exit code is then 3 (it has not ended, nobody would get it), or 5
    (there is no such delivery).

    Without an ID, all that fit the filters and have ended are replayed, at a rate, by the server: they are
    counted first, and this asks whether to go on. Progress is shown until all is done.
    """
    manner = Manner(**{each.name: others.pop(each.name) for each in fields(Manner)})
    chosen = words(others)
    _check(deliveries, chosen, manner, alone=wait or fail)
    try:
        client = Client(find_server(server, token_file, state))
        if manner.cancel is not None:
            return cancel_job(client, manner.cancel, output)
        if manner.progress is not None:
            return follow_job(client, manner.progress, output)
        if chosen:
            wish = Wish(chosen, why, rate_text(manner.rate))
            return replay_many(client, wish, output, yes=manner.yes, detach=manner.detach)
        return _replay_some(client, deliveries, why, output, timeout=timeout, wait=wait, fail=fail)
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None


def _check(deliveries: tuple[str, ...], chosen: dict[str, str], manner: Manner, *, alone: bool) -> None:
    """One thing at a time."""
    if [bool(deliveries), bool(chosen), manner.progress is not None, manner.cancel is not None].count(
        True
    ) != 1:
        raise click.UsageError(
            "name deliveries by ID, or say with filters which ones, or name a job with --progress or --cancel"
        )
    if alone and not deliveries:
        raise click.UsageError("--wait and --fail are for deliveries named by ID")


def _replay_some(
    client: Client,
    deliveries: tuple[str, ...],
    why: str,
    output: Output,
    *,
    timeout: float,
    wait: bool,
    fail: bool,
) -> Exit:
    done = _replay_all(client, deliveries, why)
    waiting = _wait(client, done, timeout) if done.replays and (wait or fail) else 0
    _print(done, output)
    failed = fail and any(each["status"] != Status.SUCCESS for each in done.replays)
    return Exit.NO if not done.worst and (waiting or failed) else done.worst


def _replay_all(client: Client, deliveries: tuple[str, ...], why: str) -> _Done:
    done = _Done()
    for text in dict.fromkeys(deliveries):
        try:
            path = f"/v1/deliveries/{_whole(client, text)}/replay"
            answer = judged(client.post(path, json.dumps({"why": why}).encode(), "application/json"))
            done.replays.append(answer.body)
        except Stop as stop:
            if stop.exit is Exit.UNREACHABLE:
                raise
            note(f"{text}: {stop.message}")
            done.refused.append({"id": text, "reason": stop.message})
            done.worst = max(done.worst, stop.exit)
    return done


def _whole(client: Client, text: str) -> str:
    """The id that `text` is or begins. Raises `Stop`."""
    if _WHOLE.fullmatch(text):
        return text
    answer = client.get(f"/v1/deliveries?{urlencode({'id': text, 'limit': CANDIDATES + 1})}")
    if answer.status == 400:
        raise Stop(Exit.NOTHING, f"no delivery {text}")
    found = [each["id"] for each in judged(answer).body["deliveries"]]
    if len(found) != 1:
        raise Stop(Exit.NOTHING, ambiguous(text, found) if found else f"no delivery {text}")
    return str(found[0])


def _wait(client: Client, done: _Done, timeout: float) -> int:
    asked = {each["id"]: each for each in done.replays}

    def look() -> list[dict[str, Any]]:
        """Each replay as it stands; one that the index does not have yet as it was answered."""
        return [_current(client.get(f"/v1/deliveries/{name}"), said) for name, said in asked.items()]

    found, waiting = wait_for(look, len(asked), timeout)
    done.replays = list(found)
    return waiting


def _current(answer: Answer, said: dict[str, Any]) -> dict[str, Any]:
    if answer.status == 404:
        return said
    row = judged(answer).body
    names = ("status", "attempts", "code", "error", "reason", "receiver")
    return said | {name: row[name] for name in names}


def _print(done: _Done, output: Output) -> None:
    if output == "json":
        print_document({"replays": done.replays, "refused": done.refused})
    elif output == "ndjson":
        print_lines(done.replays)
    else:
        for each in done.replays:
            status = click.style(each["status"], fg=STATUS_COLORS.get(each["status"]))
            to = printable(f"{each['entityType']}/{each['entityId']}")
            click.echo(f"{each['id']}  replay {each['round']} of {each['of']}  {to}  {status}")
