"""The small grammar of quantities: durations, sizes and rates, always with their unit."""

from __future__ import annotations

import re
from functools import lru_cache

_DURATION = re.compile(
    r"(?=.)(?:(?P<d>[0-9]{1,7})d)?(?:(?P<h>[0-9]{1,9})h)?(?:(?P<m>[0-9]{1,9})m(?!s))?"
    r"(?:(?P<s>[0-9]{1,9})s)?(?:(?P<ms>[0-9]{1,9})ms)?",
    re.ASCII,
)
_MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}

_SIZE = re.compile(r"([0-9]{1,12})(B|KiB|MiB)", re.ASCII)
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}

_RATE = re.compile(r"([1-9][0-9]{0,8})/([smh])", re.ASCII)


@lru_cache(maxsize=1024)  # a preset's are asked for by every subscriber
def duration(text: str) -> int:
    """Milliseconds: `duration("1h30m")` is 5,400,000. Every duration fits a double exactly.

    Raises ValueError for anything but whole numbers with d, h, m, s or ms, largest unit first.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{_shown(text)} is not a duration; {_duration_hint(text)}")
    return sum(int(amount) * _MILLISECONDS[unit] for unit, amount in found.groupdict("0").items())


def spelt(milliseconds: int) -> str:
    """A duration for people, in its two largest units, what is less left out: `27h 35m`, `2d 4h`, `40s`.

    Hours go up to two days, since a night is told in hours.
    """
    units = ["h", "m", "s", "ms"] if milliseconds < 2 * _MILLISECONDS["d"] else ["d", "h"]
    amounts: list[str] = []
    for unit in units:
        amount, rest = divmod(milliseconds, _MILLISECONDS[unit])
        if amount:
            amounts.append(f"{amount}{unit}")
        elif amounts:
            break
        milliseconds = rest
    return " ".join(amounts[:2]) or "0s"


def size(text: str) -> int:
    """Bytes: `size("1MiB")` is 1,048,576.

    Raises ValueError for anything but a whole number of B, KiB or MiB.
    """
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"{_shown(text)} is not a size; write 512B, 256KiB or 1MiB")
    return int(found[1]) * _BYTES[found[2]]


def rate(text: str) -> tuple[int, int]:
    """How many in how many milliseconds: `rate("600/m")` is (600, 60,000).

    Raises ValueError for anything but a whole number above zero, a slash and s, m or h.
    """
    found = _RATE.fullmatch(text)
    if not found:
        raise ValueError(f"{_shown(text)} is not a rate; write 10/s, 600/m or 1000/h")
    return int(found[1]), _MILLISECONDS[found[2]]


def _duration_hint(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return f"a bare number has no unit: write {text}s"
    return "write 30s, 5m or 1h30m: largest unit first"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
