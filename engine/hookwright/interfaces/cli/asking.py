"""Asking the server: a command's request, and what each kind of refusal makes of its exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..addresses import NoServer, find_server
from ..client import Answer, Client, Unreachable
from .exits import Exit, Stop

_ENDS = {404: Exit.NOTHING, 409: Exit.CONFLICT, 412: Exit.CONFLICT}


def ask(
    server: str | None, token_file: Path | None, state: Path, request: Callable[[Client], Answer]
) -> Answer:
    """The answer of the server that the options name, if it is a success.

    Raises `Stop`: not reachable or not allowed is 6, not found 5, a conflict 3, any other refusal 1.
    """
    return judged(send(server, token_file, state, request))


def send(
    server: str | None, token_file: Path | None, state: Path, request: Callable[[Client], Answer]
) -> Answer:
    """The answer of the server, whatever it is. Raises `Stop` (6) when it cannot be reached."""
    try:
        return request(Client(find_server(server, token_file, state)))
    except (NoServer, Unreachable) as error:
        raise Stop(Exit.UNREACHABLE, str(error)) from None


def judged(answer: Answer) -> Answer:
    """The answer, if it is a success. Raises `Stop`."""
    if answer.status < 300:
        return answer
    if answer.status in (401, 403) or answer.status >= 500:
        raise Stop(Exit.UNREACHABLE, answer.complaint)
    raise Stop(_ENDS.get(answer.status, Exit.NO), answer.complaint)
