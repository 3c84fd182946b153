"""Parser events into a JSON value and the positions of its parts, with every limit checked on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from .mistakes import QUOTE_COMMA, QUOTE_STAR, QUOTE_TEMPLATE
from .problem import Place, Problem, Related
from .scalars import plain
from .spots import JSON, Anchor, Open, Spot
from .wording import cut

__all__ = ["JSON", "Builder", "Limits", "Refused", "Spot"]

_STANDARD = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_STANDARD}str"})
_LIST_TAGS = frozenset({None, "!", f"{_STANDARD}seq"})
_MAP_TAGS = frozenset({None, "!", f"{_STANDARD}map"})


@dataclass(frozen=True, slots=True)
class Limits:
    """`size` in bytes. `nodes` counts values, aliases written out; `depth` counts nested collections."""

    size: int = 1 << 20
    depth: int = 64
    nodes: int = 200_000
    aliases: int = 1_000


class Refused(Exception):
    """Reading stops: going on would only find consequences, or cost too much."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Builder:
    """Takes events one by one; `value` and `spot` are the root once the document ended.

    Problems that leave the rest readable are collected in `problems`; others raise `Refused`.
    """

    file: str
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    value: JSON = None
    spot: Spot | None = None
    documents: int = 0
    empty: bool = True
    _stack: list[Open] = field(default_factory=list)
    _anchors: dict[str, Anchor] = field(default_factory=dict)
    _nodes: int = 0
    _aliases: int = 0

    def take(self, event: yaml.Event) -> None:
        """Raises `Refused` when the document cannot be read on."""
        take = self._takers.get(type(event))
        if take is not None:
            take(self, event)

    def _document(self, event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            hint = "one document a file: put what follows the --- into a file of its own"
            raise Refused(Problem("HW004", "a second document starts here", self._at(event), hint))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._expects_key():
            self._key(event)
            return
        self._count(event, 1)
        if event.value == "" and self._stack and _end_of(event) == self._stack[-1].key_end:
            self._bare_key(self._stack[-1])
            return
        spot = _spot(event)
        value = self._resolve(event)
        self._anchored(event, value, spot)
        self._put(value, spot)
        if not self._stack:
            self.empty = value is None and event.value == "" and event.implicit[0]

    def _resolve(self, event: yaml.ScalarEvent) -> JSON:
        if event.implicit[0]:
            try:
                return plain(event.value)
            except ValueError as error:
                hint = "put it in quotes if it is text"
                self.problems.append(Problem("HW009", str(error), self._at(event), hint))
                return None
        if not event.implicit[1] and event.tag not in _TEXT_TAGS:
            self._tag(event)
        text: str = event.value
        return text

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if self._expects_key():
            self._refuse_key(event, "a mapping" if mapping else "a list")
        readable = event.tag in (_MAP_TAGS if mapping else _LIST_TAGS)
        if not readable:
            self._tag(event)
        self._count(event, 1)
        if len(self._stack) >= self.limits.depth:
            self._too_large(event, f"more than {self.limits.depth} levels")
        spot = _spot(event)
        spot.parts = {} if mapping else []
        spot.keys = {} if mapping else None
        anchor = self._anchored(event, None, None)
        # The keys of a set have no values, and that it is one has been said.
        self._stack.append(Open({} if mapping else [], spot, anchor, self._nodes - 1, bare=not readable))

    def _end(self, _event: yaml.Event) -> None:
        done = self._stack.pop()
        if done.anchor:
            done.anchor.value, done.anchor.spot = done.value, done.spot
            done.anchor.nodes, done.anchor.height = self._nodes - done.before, done.height
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, done.height + 1)
        self._put(done.value, done.spot)
        self.empty = False

    def _alias(self, event: yaml.AliasEvent) -> None:
        if self._expects_key():
            self._refuse_key(event, "an alias")
        anchor, spot = self._meant(event)
        self._aliases += 1
        if self._aliases > self.limits.aliases:
            self._too_large(event, f"more than {self.limits.aliases:,} aliases")
        self._count(event, anchor.nodes)
        if len(self._stack) + anchor.height > self.limits.depth:
            self._too_large(event, f"more than {self.limits.depth} levels, with aliases written out")
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, anchor.height + 1)
        self._put(anchor.value, spot)

    def _meant(self, event: yaml.AliasEvent) -> tuple[Anchor, Spot]:
        name = event.anchor or ""
        anchor = self._anchors.get(name)
        if anchor is None:
            message = f"no anchor &{cut(name)} for this alias"
            raise Refused(Problem("HW010", message, self._at(event), QUOTE_STAR))
        if anchor.spot is None:
            message = f"the anchor &{cut(name)} contains itself"
            related = (Related(anchor.place, "it starts here"),)
            raise Refused(Problem("HW010", message, self._at(event), related=related))
        return anchor, anchor.spot

    def _expects_key(self) -> bool:
        return bool(self._stack) and not self._stack[-1].wants_value and type(self._stack[-1].value) is dict

    def _key(self, event: yaml.ScalarEvent) -> None:
        text = event.value
        if event.implicit[0]:
            if text == "<<":
                hint = "write the keys out, or use `defaults`"
                self.problems.append(Problem("HW006", "merge keys (<<) are not read", self._at(event), hint))
            self._plain_key(event)
        elif not event.implicit[1] and event.tag not in _TEXT_TAGS:
            self._tag(event)
        if event.anchor:
            self._anchored(event, text, _spot(event))
        top = self._stack[-1]
        top.key, top.wants_value = text, True
        top.key_place = _position(event)
        top.key_end = _end_of(event)
        if top.spot.keys is not None and text in top.spot.keys:
            self._duplicate(event, top.spot.keys[text])

    def _duplicate(self, event: yaml.ScalarEvent, first: tuple[int, int]) -> None:
        shown = event.value if len(event.value) <= 80 else f"{event.value[:77]}..."
        place = self._at(event)
        related = (Related(Place(self.file, *first), "first one here"),)
        self.problems.append(Problem("HW005", f'duplicate key "{shown}"', place, related=related))

    def _plain_key(self, event: yaml.ScalarEvent) -> None:
        try:
            value = plain(event.value)
        except ValueError:
            value = None
        if not isinstance(value, str):
            what = "a key is missing" if event.value == "" else f"the key {cut(event.value)} is not text"
            hint = "keys are text" if event.value == "" else f'put it in quotes: "{cut(event.value)}"'
            self.problems.append(Problem("HW008", what, self._at(event), hint))

    def _bare_key(self, top: Open) -> None:
        """`{if: f(1, true)}` has a key `true)` without a value: the comma has ended the text before it."""
        place = Place(self.file, *top.key_place)
        if self.problems and self.problems[-1].place == place:
            self.problems.pop()  # such as that it is not text: nobody means it to be a key
        top.wants_value = False
        if top.bare:
            return
        top.bare = True
        before = top.before_bare()
        if before is None:
            self._put(None, Spot(*top.key_place))
            self.problems.append(
                Problem("HW024", "a key without a value", place, "write a colon and a value")
            )
            return
        message = "YAML ends this text at the comma and reads what follows as a key"
        self.problems.append(Problem("HW024", message, Place(self.file, *before), QUOTE_COMMA))

    def _refuse_key(self, event: yaml.Event, what: str) -> None:
        if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
            outer = self._stack[-1].spot
            message = "YAML reads {{ as a mapping that is a key, which it cannot be"
            raise Refused(
                Problem("HW008", message, Place(self.file, outer.line, outer.column), QUOTE_TEMPLATE)
            )
        hint = "keys are text and are written out"
        raise Refused(Problem("HW008", f"{what} cannot be a key", self._at(event), hint))

    def _put(self, value: JSON, spot: Spot) -> None:
        if not self._stack:
            self.value, self.spot = value, spot
            return
        top = self._stack[-1]
        if type(top.value) is list and type(top.spot.parts) is list:
            top.value.append(value)
            top.spot.parts.append(spot)
        elif type(top.value) is dict and type(top.spot.parts) is dict and top.key is not None:
            if top.spot.keys is not None and top.key not in top.spot.keys:
                top.spot.keys[top.key] = top.key_place
                top.spot.parts[top.key] = spot
                top.value[top.key] = value
            top.wants_value = False

    def _anchored(self, event: yaml.NodeEvent, value: JSON, spot: Spot | None) -> Anchor | None:
        """Note an anchor. A name stands for one value in a file: a second meaning would be read past."""
        if not event.anchor:
            return None
        first = self._anchors.get(event.anchor)
        if first:
            message = f"the anchor &{cut(event.anchor)} is defined twice"
            related = (Related(first.place, "first one here"),)
            self.problems.append(Problem("HW010", message, self._at(event), related=related))
        anchor = self._anchors[event.anchor] = Anchor(self._at(event), value, spot)
        return anchor

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > self.limits.nodes:
            self._too_large(event, f"more than {self.limits.nodes:,} values, with aliases written out")

    def _too_large(self, event: yaml.Event, what: str) -> None:
        raise Refused(Problem("HW011", f"the file holds {what}", self._at(event)))

    def _tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        shown = str(event.tag).replace(_STANDARD, "!!")
        hint = "write the value without a tag; secrets are references such as {env: NAME}"
        self.problems.append(Problem("HW007", f"the tag {cut(shown)} is not read", self._at(event), hint))

    def _at(self, event: yaml.Event) -> Place:
        return Place(self.file, *_position(event))

    _takers: ClassVar[Mapping[type[yaml.Event], Callable[[Builder, Any], None]]] = {
        yaml.AliasEvent: _alias,
        yaml.DocumentStartEvent: _document,
        yaml.MappingEndEvent: _end,
        yaml.MappingStartEvent: _start,
        yaml.ScalarEvent: _scalar,
        yaml.SequenceEndEvent: _end,
        yaml.SequenceStartEvent: _start,
    }


def _spot(event: yaml.Event) -> Spot:
    return Spot(*_position(event))


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None  # every event of the C parser has one
    return mark.line + 1, mark.column + 1


def _end_of(event: yaml.Event) -> int:
    """In characters from the start of the text."""
    return event.end_mark.index if event.end_mark else -1
