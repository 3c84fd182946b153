"""The operators: frozen values that say yes or no of one leaf (a string, number, boolean or null)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TypeAlias

from .numbers import Number, is_number, read_decimal

Scalar: TypeAlias = "None | bool | int | float | str"

# No textual IP address is longer: "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".
_LONGEST_ADDRESS = 45


def exact_key(value: Scalar) -> Hashable:
    """A hashable stand-in for `value`, equal for equal leaves only: `True` is not 1, while 300.0 is 300."""
    return (value, bool) if value is True or value is False else value


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """Equal and of one kind: strings to strings, numbers by value, `true`, `false` and null to themselves."""

    value: Scalar

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and exact_key(self.value) == exact_key(other.value)

    def __hash__(self) -> int:
        return hash(exact_key(self.value))

    def holds(self, value: Scalar) -> bool:
        return exact_key(value) == exact_key(self.value)


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string that begins with `text`; both are casefolded first when `ignore_case`."""

    text: str
    ignore_case: bool = False

    def holds(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        return (
            value.casefold().startswith(self.text.casefold())
            if self.ignore_case
            else value.startswith(self.text)
        )


@dataclass(frozen=True, slots=True)
class Suffix:
    """A string that ends with `text`; both are casefolded first when `ignore_case`."""

    text: str
    ignore_case: bool = False

    def holds(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        return (
            value.casefold().endswith(self.text.casefold()) if self.ignore_case else value.endswith(self.text)
        )


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    """A string that is `text` after `str.casefold` on both sides."""

    text: str

    def holds(self, value: Scalar) -> bool:
        return isinstance(value, str) and value.casefold() == self.text.casefold()


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A string made of `parts` in order with anything between them; one part is the whole string.

    The first part is held to the start and the last to the end, then every other one is looked for once, from
    left to right: the earliest place is always as good as a later one, so nothing is ever tried again.
    """

    parts: tuple[str, ...]

    def holds(self, value: Scalar) -> bool:
        if not isinstance(value, str):
            return False
        first, last = self.parts[0], self.parts[-1]
        if len(self.parts) == 1:
            return value == first
        end = len(value) - len(last)
        position = len(first)
        if end < position or not (value.startswith(first) and value.endswith(last)):
            return False
        for part in self.parts[1:-1]:
            found = value.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Any leaf, null among them, that none of `refused` holds for."""

    refused: tuple[Exact | Prefix | Suffix | EqualsIgnoreCase | Wildcard, ...]

    def holds(self, value: Scalar) -> bool:
        return not any(test.holds(value) for test in self.refused)


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number between the bounds that are not None. `reads_text`: a decimal string counts as its number."""

    lower: Number | None = None
    upper: Number | None = None
    lower_included: bool = False
    upper_included: bool = False
    reads_text: bool = False

    def holds(self, value: Scalar) -> bool:
        if self.reads_text and isinstance(value, str):
            number = read_decimal(value)
            return number is not None and self._above(number) and self._below(number)
        return is_number(value) and self._above(value) and self._below(value)

    def _above(self, number: Number) -> bool:
        if self.lower is None:
            return True
        return number >= self.lower if self.lower_included else number > self.lower

    def _below(self, number: Number) -> bool:
        if self.upper is None:
            return True
        return number <= self.upper if self.upper_included else number < self.upper


@dataclass(frozen=True, slots=True)
class Cidr:
    """A string that is an IP address of the network's own version inside it."""

    network: IPv4Network | IPv6Network

    def holds(self, value: Scalar) -> bool:
        if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS or "%" in value:
            return False
        try:
            address = ip_address(value)
        except ValueError:
            return False
        return address.version == self.network.version and address in self.network


@dataclass(frozen=True, slots=True)
class Present:
    """Any leaf at all: `{exists: true}`."""

    def holds(self, value: Scalar) -> bool:  # noqa: ARG002 - every operator answers for a value
        return True


@dataclass(frozen=True, slots=True)
class Absent:
    """No leaf at all: `{exists: false}`. It is asked of a field as a whole, so it has no `holds`."""


Test: TypeAlias = (
    Exact | Prefix | Suffix | EqualsIgnoreCase | Wildcard | AnythingBut | Numeric | Cidr | Present
)
