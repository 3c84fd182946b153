"""A recorded request as a `curl` command that a POSIX shell runs and a terminal shows safely."""

from __future__ import annotations

import base64
import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence

from hookwright.engine.call.mask import REDACTED
from hookwright.engine.history.detail import Request

from .printable import printable

_ARGUMENT_LIMIT = 64 * 1024  # bytes of a body that stands in the command; the system allows 128 KiB
_BASE64_LINE = 76
_PLAIN = re.compile(r"[\x20-\x7e]*")
_LITERAL = re.compile(r"[A-Za-z0-9_.,:;/?&=+ ]")  # what means the same to every shell and to printf


def curl_command(request: Request) -> str:
    """Several lines: comments that name what was redacted, then one command.

    The body's bytes are exact: what an argument or a terminal cannot carry goes in through a pipe.
    """
    body = _content(request)
    bodiless = not body and request.method in {"GET", "HEAD", "DELETE"}
    piped, data = ("", "") if bodiless else _data(body)
    words = [
        "curl -sS -g --path-as-is " + _method(request.method, bodiless=bodiless),
        *(f"-H {_header(name, value)}" for name, value in request.headers),
        *_unsent(request.headers, bodiless=bodiless),
        *([f"--data-binary {data}"] if data else []),
        f"--url {_quoted(request.url.encode('utf-8', 'surrogatepass'))}",
    ]
    return "\n".join([*_comments(request), piped + " \\\n  ".join(words)])


def _content(request: Request) -> bytes:
    if request.encoding == "base64":
        return base64.b64decode(request.body)
    return request.body.encode("utf-8", "surrogatepass")


def _method(method: str, *, bodiless: bool) -> str:
    return "--head" if method == "HEAD" and bodiless else f"-X {shlex.quote(method)}"


def _comments(request: Request) -> Iterator[str]:
    hidden = [name for name, value in request.headers if REDACTED in value]
    if hidden:
        yield f"# {printable(', '.join(hidden))}: put the secret in place of {REDACTED}"
    if REDACTED in request.url:
        yield f"# the URL: put the secret in place of {REDACTED}"


def _header(name: str, value: str) -> str:
    """curl reads `Name:` as "send no such header" and `Name;` as an empty one."""
    text = f"{name}: {value}" if value else f"{name};"
    return _quoted(text.encode("latin-1", "backslashreplace"))


def _unsent(headers: Sequence[tuple[str, str]], *, bodiless: bool) -> Iterator[str]:
    """What curl would add of its own to a body."""
    if not bodiless and not any(name.lower() == "content-type" for name, _ in headers):
        yield "-H 'Content-Type:'"


def _data(body: bytes) -> tuple[str, str]:
    """What stands before `curl`, and the value of `--data-binary`."""
    text = _text(body)
    if text is None:
        lines = "\n".join(textwrap.wrap(base64.b64encode(body).decode(), _BASE64_LINE))
        return f"printf %s '\n{lines}' | base64 -d | ", "@-"
    if text.startswith("@") or len(body) > _ARGUMENT_LIMIT:  # @ would name a file
        return f"printf %s {shlex.quote(text)} | ", "@-"
    return "", shlex.quote(text)


def _text(body: bytes) -> str | None:
    """The body as text that can be shown and copied; None when copying would change it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    shown = text.replace("\n", "")
    return text if printable(shown) == shown else None


def _quoted(argument: bytes) -> str:
    """One word of a shell command; bytes that are not plain ASCII as octal escapes of `printf`."""
    text = argument.decode("latin-1")
    if _PLAIN.fullmatch(text):
        return shlex.quote(text)
    escaped = "".join(
        character if _LITERAL.fullmatch(character) else f"\\{ord(character):03o}" for character in text
    )
    return f"\"$(printf '{escaped}')\""
