"""`hookwright token`: the tokens of people and programs that talk to a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from ..roles import Role
from .asking import ask
from .commands import Command
from .options import option, shared
from .output import Output, note, print_columns, print_document, print_each, print_lines

_HEADS = ("NAME", "ROLE", "CREATED", "BY")


class _Token(click.Group):
    command_class = Command


@click.group(cls=_Token, context_settings={"help_option_names": ["-h", "--help"]})
def token() -> None:
    """Make, list and revoke tokens, each with a role.

    An emitter sends events, a viewer reads, an operator does both, replays deliveries and switches
    subscribers off and on, an admin does everything.
    """


@token.command()
@click.argument("holder", metavar="NAME")
@option("--role", required=True, type=click.Choice([each.value for each in Role]), help="What it may do.")
@shared("state", "server", "token_file", "output")
def create(
    holder: str, role: str, state: Path, server: str | None, token_file: Path | None, output: Output
) -> None:
    """Make a token and print it, and nothing else, on standard output.

    It is shown this once: the server keeps a digest of it only.
    """
    body = json.dumps({"name": holder, "role": role}).encode()
    answer = ask(server, token_file, state, lambda to: to.post("/v1/tokens", body, "application/json"))
    if output == "text":
        click.echo(answer.body["token"])
    else:
        print_each(answer.body, output)
    note(f"{answer.body['name']} may act as {answer.body['role']}; the token is not shown again")


@token.command("list")
@shared("state", "server", "token_file", "output")
def list_(state: Path, server: str | None, token_file: Path | None, output: Output) -> None:
    """List the tokens there are: name, role, and who made it when.

    The state folder's own is not among them.
    """
    tokens: list[dict[str, Any]]
    tokens = ask(server, token_file, state, lambda to: to.get("/v1/tokens")).body["tokens"]
    if output == "json":
        print_document({"tokens": tokens})
    elif output == "ndjson":
        print_lines(tokens)
    else:
        print_columns(_HEADS, [[each[head.lower()] for head in _HEADS] for each in tokens], {})


@token.command()
@click.argument("holder", metavar="NAME")
@shared("state", "server", "token_file")
def revoke(holder: str, state: Path, server: str | None, token_file: Path | None) -> None:
    """Take a token back: the next request with it is refused."""
    ask(server, token_file, state, lambda to: to.delete(f"/v1/tokens/{quote(holder, safe='')}"))
    note(f"{holder} is revoked")
