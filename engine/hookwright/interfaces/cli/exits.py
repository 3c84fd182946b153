"""Exit codes: the one public list of what the command's end tells a script."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended. A usage error is 4, never 2: a typo must not read as "differences exist"."""

    FINE = 0
    """Done, nothing wrong."""
    NO = 1
    """It ran, and the answer is no: invalid files, a rejected event, a failed delivery with --fail."""
    DIFFERENT = 2
    """It ran, and differences exist. Only with --detailed-exitcode."""
    CONFLICT = 3
    """Somebody else holds what is needed, or it has moved on: a lock, an owner, a newer revision."""
    USAGE = 4
    """The command line, the environment or hookwright.toml is wrong."""
    NOTHING = 5
    """Nothing was selected: no files, no delivery of that name."""
    UNREACHABLE = 6
    """A server, Redis or a secret store cannot be reached, or does not accept the token."""
    BUG = 70
    """A fault of Hookwright's own."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Stop(Exception):
    """Ends a command with an exit code and one line on standard error."""

    def __init__(self, exit_: Exit, message: str) -> None:
        super().__init__(message)
        self.exit = exit_
        self.message = message
