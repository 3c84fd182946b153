"""What a name in a bundle refers to: event types by name, label or glob; encoders by name or content type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hookwright.schemas.catalogue import nearest_events
from hookwright.schemas.nearest import nearest, question

from .glob import compile_glob, is_glob


@dataclass(frozen=True, slots=True)
class EventNames:
    """Every event type there is, and the labels people know some of them by."""

    types: frozenset[str]
    labels: Mapping[str, str]

    def resolve(self, name: str) -> tuple[str, ...]:
        """The types a name, a label or a glob selects, sorted; empty when there are none."""
        if name in self.types:
            return (name,)
        if name in self.labels:
            return (self.labels[name],)
        if is_glob(name):
            matches = compile_glob(name).match
            return tuple(sorted(each for each in self.types if matches(each)))
        return ()

    def did_you_mean(self, name: str) -> str | None:
        """A question with the best guess, or None. Of a glob, the one that selects something."""
        if is_glob(name):
            return question(name, nearest(name, sorted(self._globs_like(name)), limit=1))
        return question(name, nearest_events(name, [*sorted(self.types), *sorted(self.labels)], limit=1))

    def _globs_like(self, glob: str) -> set[str]:
        """Globs that select something, each made from a type's own words and the stars of `glob`."""
        mark = "." if "." in glob else "_"
        words = glob.split(mark)
        found: set[str] = set()
        for kind in self.types:
            known = kind.split(mark)
            there = known[-len(words) :] if words[0].startswith("*") else known[: len(words)]
            made = mark.join(_starred(word, each) for word, each in zip(words, there, strict=False))
            if is_glob(made) and compile_glob(made).match(kind):
                found.add(made)
        return found


def _starred(word: str, known: str) -> str:
    """`known` with the stars that a word of a glob begins or ends with: `Oportun*` gives `Opportunity*`."""
    if word.strip("*"):
        return f"{'*' if word.startswith('*') else ''}{known}{'*' if word.endswith('*') else ''}"
    return "*" if word else known


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoders there are, and the content types each of them claims."""

    claims: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, claims: Mapping[str, Iterable[str]]) -> Encoders:
        return cls({name: tuple(sorted(types)) for name, types in sorted(claims.items())})

    @property
    def content_types(self) -> frozenset[str]:
        """All that some encoder makes."""
        return frozenset(each for types in self.claims.values() for each in types)

    def claimants(self, content_type: str) -> tuple[str, ...]:
        """The encoders that write this content type (its parameters, such as a charset, do not count)."""
        bare = content_type.partition(";")[0].strip().lower()
        return tuple(name for name, types in self.claims.items() if bare in types)
