"""Whether one test of a leaf implies or excludes another: sound, and silent where it cannot tell."""

from __future__ import annotations

from ..pattern.operators import AnythingBut, Cidr, Exact, Numeric, Present, Test
from .kinds import TEXT, kinds_of
from .texts import example, shape_of, takes_all_text


def implies(narrow: Test, wide: Test) -> bool:
    """Whether `wide` certainly holds wherever `narrow` does."""
    if isinstance(wide, Present) or narrow == wide:
        return True
    if isinstance(narrow, Exact):
        return wide.holds(narrow.value)
    if isinstance(wide, AnythingBut):
        return _never_refused(narrow, wide)
    if isinstance(narrow, Numeric) and isinstance(wide, Numeric):
        return _within(narrow, wide)
    if isinstance(narrow, Cidr) and isinstance(wide, Cidr):
        return _inside(narrow, wide)
    return _text_implies(narrow, wide)


def excludes(one: Test, other: Test) -> bool:
    """Whether certainly no leaf passes both tests."""
    for test, against in ((one, other), (other, one)):
        if isinstance(test, Exact):
            return not against.holds(test.value)
        if isinstance(test, AnythingBut):
            return any(implies(against, refused) for refused in test.refused)
    if not kinds_of(one) & kinds_of(other):
        return True
    if isinstance(one, Numeric) and isinstance(other, Numeric):
        return _apart(one, other) or _apart(other, one)
    if isinstance(one, Cidr) and isinstance(other, Cidr):
        return not (_inside(one, other) or _inside(other, one))
    shape, against_shape = shape_of(one), shape_of(other)
    return shape is not None and against_shape is not None and shape.excludes(against_shape)


def _never_refused(narrow: Test, wide: AnythingBut) -> bool:
    if isinstance(narrow, AnythingBut):
        return all(any(implies(each, mine) for mine in narrow.refused) for each in wide.refused)
    return not isinstance(narrow, Present) and all(excludes(narrow, each) for each in wide.refused)


def _text_implies(narrow: Test, wide: Test) -> bool:
    if takes_all_text(wide):
        return kinds_of(narrow) <= TEXT
    shape, wide_shape = shape_of(narrow), shape_of(wide)
    if shape is None or wide_shape is None or (shape.folded and not wide_shape.folded):
        return False
    text = example(shape.fold() if wide_shape.folded else shape, wide)
    return text is not None and wide.holds(text)


def _within(narrow: Numeric, wide: Numeric) -> bool:
    """Whether one range lies in the other, text as far as it is read included."""
    if narrow.reads_text and not wide.reads_text:
        return False
    lower = wide.lower is None or (
        narrow.lower is not None
        and (
            narrow.lower > wide.lower
            or (narrow.lower == wide.lower and (wide.lower_included or not narrow.lower_included))
        )
    )
    upper = wide.upper is None or (
        narrow.upper is not None
        and (
            narrow.upper < wide.upper
            or (narrow.upper == wide.upper and (wide.upper_included or not narrow.upper_included))
        )
    )
    return lower and upper


def _apart(lower: Numeric, higher: Numeric) -> bool:
    """Whether the first range ends before the second begins."""
    if lower.upper is None or higher.lower is None:
        return False
    touching = lower.upper_included and higher.lower_included
    return lower.upper < higher.lower or (lower.upper == higher.lower and not touching)


def _inside(one: Cidr, other: Cidr) -> bool:
    network, around = one.network, other.network
    return (
        network.version == around.version
        and network.prefixlen >= around.prefixlen
        and network.network_address in around
    )
