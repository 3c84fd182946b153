"""The plugin `hookwright-wild`, whose Lapps behave badly: installed for the tests of this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SITE = Path(__file__).parent / "site"


@contextmanager
def installed() -> Iterator[None]:
    """Within it the plugin is found, here and in what is started from here with our `sys.path`."""
    sys.path.insert(0, str(SITE))
    try:
        yield
    finally:
        sys.path.remove(str(SITE))
