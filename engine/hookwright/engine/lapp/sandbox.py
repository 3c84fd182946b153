"""`Sandbox`: where Lapps are called. Its nursery is started when first needed, and anew when it is gone."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Final

from .order import Order, Report, receive, send

STARTING: Final = 30.0  # seconds for the plugins to load, beside the time of a call
_ENVIRONMENT: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
)
"""All that of our environment is let in: what else there is may be a secret."""

_LOST: Final = "the process that was to call it is gone"
_CUT_OFF: Final = "it was cut off"


class Sandbox:
    """For any thread. `plugins` are the plugins to load, as in `load_plugins`; none means all."""

    def __init__(self, plugins: Sequence[str] = ()) -> None:
        self._plugins = tuple(plugins)
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lines: set[socket.socket] = set()
        self._closed = False

    def call(self, order: Order) -> Report:
        """Call a Lapp, and wait for that to end: a little longer than its time at most. Never raises."""
        line: socket.socket | None = None
        try:
            line = self._line()
            line.settimeout(order.limits.time + STARTING)
            send(line, order)
            report = receive(line, Report)
        except TimeoutError:
            self._renew()  # a plugin that never loads, or a nursery that stands still
            report = Report(end="timeout", error="it did not even end when it was told to")
        except OSError:
            report = None
        finally:
            if line is not None:
                self._hang_up(line)
        return report or Report(end="lost", error=_CUT_OFF if self._closed else _LOST)

    def close(self) -> None:
        """Cut everything off: what is under way ends at once."""
        with self._lock:
            self._closed = True
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            self._end()

    def _line(self) -> socket.socket:
        """A line to a fresh guardian. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            if self._closed:
                ours.close()
                raise BrokenPipeError(_CUT_OFF)
            try:
                socket.send_fds(self._started(), [b"c"], [theirs.fileno()])
            except OSError:  # it was killed, perhaps by a Lapp
                self._end()
                socket.send_fds(self._started(), [b"c"], [theirs.fileno()])
            self._lines.add(ours)
        return ours

    def _hang_up(self, line: socket.socket) -> None:
        with self._lock:
            self._lines.discard(line)
        line.close()

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._nursery = subprocess.Popen(  # noqa: S603  # our own interpreter
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        f"{__package__}.nursery",
                        str(theirs.fileno()),
                        *self._plugins,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    env=_environment(),
                )
        return self._control

    def _renew(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._nursery is not None:
            self._nursery.kill()
            self._nursery.wait()
        self._control = self._nursery = None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    path = os.pathsep.join(each for each in sys.path if each)
    return {**kept, "PYTHONPATH": path}
