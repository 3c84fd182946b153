"""What happens in the process of a call: it is shut in, calls the Lapp, and says how that ended."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import os
import resource
import sys
import traceback
from collections.abc import Mapping
from typing import NoReturn

from hookwright.plugins.hookspecs import Lapp, LappEvent

from .order import Order
from .processes import data_size, give_up_privileges

VALUE, ERROR, TOO_LARGE = b"v", b"e", b"l"  # what the first byte of an answer says of the rest
_ANSWER = 3  # the file descriptor of the answer
_NICENESS = 10
_DESCRIPTORS = 65536
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LINE = 1000  # characters of what is said of an error


def run(order: Order, lapps: Mapping[str, Lapp], folder: str, answer: int, logs: int) -> NoReturn:
    """Be the process of a call that works in `folder`, writes its answer to the descriptor `answer`, and what
    it prints to `logs`.
    """
    try:
        _shut_in(order, folder, answer, logs)
        said = _called(order, lapps)
        sys.stdout.flush()
        sys.stderr.flush()
        with open(_ANSWER, "wb") as pipe:
            pipe.write(said)
    finally:
        os._exit(0)  # whatever threads still run, and whatever wants to be done at the end


def _shut_in(order: Order, folder: str, answer: int, logs: int) -> None:
    os.setsid()
    os.nice(_NICENESS)
    give_up_privileges()
    nothing = os.open(os.devnull, os.O_RDONLY)
    moved = os.dup(answer), os.dup(logs)  # away from the numbers that are taken next
    for old, new in ((nothing, 0), (moved[1], 1), (moved[1], 2), (moved[0], _ANSWER)):
        os.dup2(old, new, inheritable=new != _ANSWER)
    os.closerange(_ANSWER + 1, _DESCRIPTORS)
    _limit(order)
    os.chdir(folder)
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept, HOME=folder, TMPDIR=folder)
    _say_in_lines()


def _limit(order: Order) -> None:
    limits = order.limits
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > limits.processor:  # the first ends it by a signal of its own
        resource.setrlimit(resource.RLIMIT_CPU, (limits.processor, limits.processor + 1))
    for what, most in (
        (resource.RLIMIT_DATA, data_size() + limits.memory),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def _say_in_lines() -> None:
    sys.stdin = io.TextIOWrapper(io.FileIO(0))
    sys.stdout = _lines(1)
    sys.stderr = _lines(2)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", force=True
    )


def _lines(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.FileIO(descriptor, "w", closefd=False),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
        write_through=True,
    )


def _called(order: Order, lapps: Mapping[str, Lapp]) -> bytes:
    """The answer: the value as JSON, or what went wrong."""
    try:
        event = LappEvent(**order.event, data=json.loads(order.data))
        gc.enable()
        value = lapps[order.lapp].call(event, order.config)
    except BaseException as error:  # noqa: BLE001  # SystemExit and worse: a Lapp may raise anything
        return ERROR + _told(error)
    try:
        said = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except BaseException as error:  # noqa: BLE001  # as above: what it returned is its own code
        return ERROR + f"its value cannot be said in JSON: {_line(error)}".encode(errors="replace")
    return VALUE + said if len(said) <= order.limits.value else TOO_LARGE


def _told(error: BaseException) -> bytes:
    """The last line of the traceback, all of which goes to the logs."""
    with contextlib.suppress(BaseException):  # its own text may raise, or memory may be short
        traceback.print_exception(error)
    return _line(error).encode(errors="replace")


def _line(error: BaseException) -> str:
    try:
        said = " ".join(str(error).split())[:_LINE]
    except BaseException:  # noqa: BLE001  # the class of the exception is the plugin's code
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
