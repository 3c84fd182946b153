"""`hookwright audit`: hold the journal against itself, and against what receivers got."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from hookwright.engine.history.audit import Account, Audit, Request, read_account
from hookwright.engine.history.audit import audit as judge
from hookwright.engine.state import State

from .commands import command
from .exits import Exit, Stop
from .options import option, shared
from .output import Output, note, print_columns, print_document, print_lines

_Read = TypeVar("_Read")
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@command()
@option(
    "--received",
    type=_FILE,
    metavar="FILE",
    help="What a receiver got, a JSON object a line, as `hookwright listen -o ndjson` prints it.",
)
@option(
    "--acknowledged",
    type=_FILE,
    metavar="FILE",
    help="Answers to events that were accepted, a JSON object with `id` a line, as `emit -o ndjson` prints.",
)
@option("--most-repeated", type=click.IntRange(0), help="Fail when more requests than that were repeated.")
@option("--ended", is_flag=True, help="Fail when something has not ended yet.")
@shared("state", "output")
def audit(
    received: Path | None,
    acknowledged: Path | None,
    most_repeated: int | None,
    ended: bool,
    state: Path,
    output: Output,
) -> None:
    """Read the whole journal and tell what is lost, doubled, unexplained or damaged; exit 1 if anything is.

    The journal is only read: the server may run. With --received every receiver that was called must be in
    that file, else what went to the others counts as lost.
    """
    account = _account(state)
    found = judge(
        account,
        requests=None if received is None else _lines(received, _request),
        acknowledged=() if acknowledged is None else _lines(acknowledged, _event_id),
    )
    _print(found, output)
    complaint = _complaint(found, most_repeated, ended=ended)
    if complaint:
        raise Stop(Exit.NO, complaint)


def _account(state: Path) -> Account:
    folder = State(state).history
    if not folder.is_dir():
        raise Stop(Exit.NOTHING, f"there is no history under {state}")
    try:
        return read_account(folder)
    except OSError as error:
        raise Stop(Exit.NO, f"the history under {state} cannot be read: {error.strerror}") from None


def _complaint(found: Audit, most_repeated: int | None, *, ended: bool) -> str:
    """Why the answer is no; empty when it is yes."""
    wrong = [f"{finding.count} {finding.kind}" for finding in found.findings]
    if most_repeated is not None and found.repeated > most_repeated:
        wrong.append(f"{found.repeated} repeated requests, more than {most_repeated}")
    waiting = sum(count for status, count in found.statuses.items() if not _is_end(status))
    if ended and waiting:
        wrong.append(f"{waiting} deliveries that have not ended")
    return ", ".join(wrong)


def _is_end(status: str) -> bool:
    return status != "In Queue"


def _lines(path: Path, read: Callable[[Any], _Read]) -> Iterator[_Read]:
    """Each line of a file, read; one that cannot be ends the command, naming it."""
    with click.open_file(str(path), "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield read(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                what = f"line {number} of {path} is not what was expected"
                raise Stop(Exit.USAGE, f"{what}: {type(error).__name__}: {error}") from None


def _request(line: Any) -> Request:
    headers = {str(name).lower(): str(value) for name, value in line["headers"]}
    body = str(line["body"]).encode()
    if line.get("encoding") == "base64":
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise ValueError(f"body: {error}") from None
    return Request(headers.get("webhook-id"), body)


def _event_id(line: Any) -> str:
    return str(line["id"])


def _print(found: Audit, output: Output) -> None:
    said = msgspec.to_builtins(found)
    if output == "json":
        print_document(said)
    elif output == "ndjson":
        print_lines([said])
    else:
        rows = [("events", str(found.events)), ("deliveries", str(found.deliveries))]
        rows += [(str(status), str(count)) for status, count in sorted(found.statuses.items())]
        rows += [("attempts on record", str(found.attempts))]
        if found.requests is not None:
            rows += [("requests received", str(found.requests)), ("repeated", str(found.repeated))]
        rows += [(finding.kind, str(finding.count)) for finding in found.findings]
        print_columns(("WHAT", "COUNT"), rows, {})
        for finding in found.findings:
            for name in finding.named:
                note(f"{finding.kind}: {name}")
