"""The reference: a matcher that is slow and obvious, written from the definition of the language alone.

A pattern, taken as it is written, is multiplied out into the ways it can be met: lists of conditions that
must all hold. An event is the list of its leaves, each with the list elements it lies in. A way holds when
each of its conditions can take a leaf so that no two of them lie in different elements of one list, and no
leaf that must be absent lies together with those taken. All possibilities are gone through.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeAlias

Elements: TypeAlias = frozenset[tuple[int, int]]
"""(number of the list, position in it) for every list that an element is chosen of."""
NOWHERE: Elements = frozenset()


class Leaf(NamedTuple):
    path: str
    value: Any
    elements: Elements


class Met(NamedTuple):
    """A leaf at `path` must meet one of `alternatives`."""

    path: str
    alternatives: list[Any]


class Absent(NamedTuple):
    path: str


class Never(NamedTuple):
    """`pattern`, below `path`, must not match by itself."""

    path: str | None
    pattern: dict[str, Any]


Way: TypeAlias = "list[Met | Absent | Never]"


def matches(pattern: dict[str, Any], event: Any) -> bool:
    return any_holds(ways(pattern, None), list(leaves_of(event)))


# -------------------------------------------------------------------------------------- leaves and elements


def leaves_of(event: Any) -> Iterator[Leaf]:
    lists = itertools.count()

    def below(value: Any, path: str | None, elements: Elements) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for key, under in value.items():
                yield from below(under, joined(path, key), elements)
        elif isinstance(value, list):
            number = next(lists)
            for position, each in enumerate(value):
                chosen = {(number, position)} if isinstance(each, dict | list) else NOWHERE
                yield from below(each, path, elements | chosen)
        elif path is not None:
            yield Leaf(path, value, elements)

    return below(event, None, NOWHERE)


def joined(path: str | None, key: str) -> str:
    return key if path is None else f"{path}.{key}"


def possible(elements: Elements) -> bool:
    """No list has two of its elements chosen."""
    return len({number for number, _ in elements}) == len(elements)


def any_holds(ways: list[Way], leaves: list[Leaf]) -> bool:
    return any(holds_together(way, leaves) for way in ways)


def holds_together(way: Way, leaves: list[Leaf]) -> bool:
    choices = {NOWHERE}
    for each in way:
        if isinstance(each, Never) and any_holds(ways(each.pattern, each.path), leaves):
            return False
        if isinstance(each, Met):
            taken = [leaf.elements for leaf in leaves if leaf.path == each.path and meets(each, leaf.value)]
            choices = {
                choice | elements for choice in choices for elements in taken if possible(choice | elements)
            }
    absent = {each.path for each in way if isinstance(each, Absent)}
    unwanted = [leaf.elements for leaf in leaves if leaf.path in absent]
    return any(not any(possible(choice | elements) for elements in unwanted) for choice in choices)


def meets(wanted: Met, value: Any) -> bool:
    return any(holds(alternative, value) for alternative in wanted.alternatives)


# ------------------------------------------------------------------------------------------ and, or, not


def ways(pattern: dict[str, Any], path: str | None) -> list[Way]:
    members = [ways_of_member(key, value, path) for key, value in pattern.items()]
    return [list(itertools.chain(*parts)) for parts in itertools.product(*members)]


def ways_of_member(key: str, value: Any, path: str | None) -> list[Way]:
    if key == "$or":
        return [way for branch in value for way in ways(branch, path)]
    if key == "$and":
        branches = [ways(branch, path) for branch in value]
        return [list(itertools.chain(*parts)) for parts in itertools.product(*branches)]
    if key == "$not":
        return [[Never(path, value)]]
    here = joined(path, ESCAPED.get(key, key))
    if isinstance(value, dict):
        return ways(value, here)
    alternatives = value if isinstance(value, list) else [value]
    present = [each for each in alternatives if each != {"exists": False}]
    met: list[Way] = [[Met(here, present)]] if present else []
    return met + ([[Absent(here)]] if len(present) < len(alternatives) else [])


ESCAPED = {"=prefix": "prefix", "==prefix": "=prefix", "=$or": "$or"}  # as far as is drawn

# ----------------------------------------------------------------------------------------------- operators


def holds(alternative: Any, value: Any) -> bool:
    if not isinstance(alternative, dict):
        return same(alternative, value)
    ((name, operand),) = alternative.items()
    if name == "exists":
        return True
    if name == "anything-but":
        return not refused(operand, value)
    if name == "numeric":
        return is_number(value) and compares(operand, value)
    if name == "number":
        number = spelt(value) if isinstance(value, str) else value
        return is_number(number) and compares(operand, number)
    return isinstance(value, str) and text_holds(name, operand, value)


def same(one: Any, other: Any) -> bool:
    if is_number(one) and is_number(other):
        return one == other
    return type(one) is type(other) and one == other


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def compares(operand: list[Any], value: Any) -> bool:
    pairs = [(operand[at], operand[at + 1]) for at in range(0, len(operand), 2)]
    return all(compare(sign, value, bound) for sign, bound in pairs)


def compare(sign: str, value: Any, bound: Any) -> bool:
    return {
        "<": value < bound,
        "<=": value <= bound,
        "=": value == bound,
        ">": value > bound,
        ">=": value >= bound,
    }[sign]


def spelt(text: str) -> int | float | None:
    """The number that is spelt `[sign] digits [. digits] [e [sign] digits]`."""
    mantissa, exponential, exponent = unsigned(text).replace("E", "e").partition("e")
    whole, point, fraction = mantissa.partition(".")
    pieces = [whole] + [fraction] * bool(point) + [unsigned(exponent)] * bool(exponential)
    if not all(piece and set(piece) <= set("0123456789") for piece in pieces):
        return None
    return float(text) if point or exponential else int(text)


def unsigned(text: str) -> str:
    return text[1:] if text.startswith(("+", "-")) else text


def text_holds(name: str, operand: Any, value: str) -> bool:
    if isinstance(operand, dict):
        operand, value = operand["equals-ignore-case"].casefold(), value.casefold()
    if name == "exactly":
        return value == operand
    if name == "prefix":
        return value[: len(operand)] == operand
    if name == "suffix":
        return len(value) >= len(operand) and value[len(value) - len(operand) :] == operand
    if name == "equals-ignore-case":
        return value.casefold() == operand.casefold()
    if name == "wildcard":
        return wild(tokens(operand), value)
    assert name == "cidr"
    return within(operand, value)


STAR = object()


def tokens(written: str) -> list[Any]:
    """The characters of a wildcard, `STAR` for each star that is not escaped."""
    if not written:
        return []
    if written[0] == "\\":
        return [written[1], *tokens(written[2:])]
    return [STAR if written[0] == "*" else written[0], *tokens(written[1:])]


def wild(shape: list[Any], value: str) -> bool:
    if not shape:
        return not value
    if shape[0] is STAR:
        return any(wild(shape[1:], value[skipped:]) for skipped in range(len(value) + 1))
    return value[:1] == shape[0] and wild(shape[1:], value[1:])


def within(network: str, value: str) -> bool:
    """Whether the address has the first bits of the network's, and as many bits."""
    written, _, bits = network.partition("/")
    try:
        base, address = ip_address(written), ip_address(value)
    except ValueError:
        return False
    free = base.max_prefixlen - int(bits)
    same_bits = base.version == address.version and int(base) >> free == int(address) >> free
    return same_bits and "%" not in value


def refused(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        ((name, inner),) = operand.items()
        return any(holds({name: each}, value) for each in (inner if isinstance(inner, list) else [inner]))
    return any(same(each, value) for each in (operand if isinstance(operand, list) else [operand]))
