"""What no signal may tear: between its halves a process would be running that nobody knows of."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..stopping import stop_signals


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Stop signals that arrive meanwhile are handled when this is over, as they would have been before.

    They are noted, not blocked: a process started meanwhile would inherit a block. Handlers only ever run in
    the main thread, so in any other there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {sign: signal.getsignal(sign) for sign in stop_signals()}
    for sign in handlers:
        signal.signal(sign, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for sign, handler in handlers.items():
            signal.signal(sign, signal.SIG_DFL if handler is None else handler)
        for number in came:
            signal.raise_signal(number)
