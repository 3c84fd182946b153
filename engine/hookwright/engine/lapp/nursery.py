"""The nursery: a process that has loaded the plugins, and forks a guardian for each call it is told of.

    python -P -m hookwright.engine.lapp.nursery DESCRIPTOR [NAME...]

Each message on the socket DESCRIPTOR brings one end of another one, over which the guardian is spoken to.
NAMEs are the plugins to load, as in `load_plugins`; without any, all are. It ends when its socket does.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from hookwright.plugins.hookspecs import Lapp
from hookwright.plugins.loader import load_plugins

from .guardian import guard


def main(arguments: Sequence[str]) -> None:
    """Serve the socket until its other end closes. To be called in a process of its own."""
    control = socket.socket(fileno=int(arguments[0]))
    names = arguments[1:]
    os.dup2(2, 1)  # what a plugin prints while it loads is no answer
    lapps = load_plugins(allow=names or None).lapps
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for those who started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guardians need no farewell
    gc.collect()
    gc.freeze()  # what is never looked at again is never copied for a child
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as line:
            _fork(control, line, lapps)


def _fork(control: socket.socket, line: socket.socket, lapps: Mapping[str, Lapp]) -> None:
    try:
        if os.fork():
            return
    except OSError:  # whoever waits sees that the line is closed
        return
    status = 1
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        guard(line, lapps)
        status = 0
    except Exception as error:  # noqa: BLE001  # not to return into the loop of the nursery
        sys.stderr.write(f"a Lapp's guardian broke down: {type(error).__name__}\n")
    finally:
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1:])
