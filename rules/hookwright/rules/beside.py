"""Load a bundle that stands beside another one: webhooks made over the API, beside those from git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hookwright.schemas.builder import Spot
from hookwright.schemas.document import Document
from hookwright.schemas.preset import load_preset
from hookwright.schemas.problem import Place, Problem, Related
from hookwright.schemas.validate import Fragments, validate

from .build import Settings, build, event_names
from .bundle import Bundle, conflicts, gather
from .check import Check
from .consequences import beyond, in_order
from .lapps import Lapps, lapps_of
from .lending import LENT
from .load import BUILT_IN_ENCODERS, RESERVED, Loaded
from .references import Encoders
from .source import Source

_HOLDS = frozenset({"version", "webhooks"})


def load_beside(
    document: Document,
    host: Source,
    *,
    fragments: Fragments | None = None,
    encoders: Mapping[str, Iterable[str]] = BUILT_IN_ENCODERS,
) -> Loaded:
    """The bundle `api`, which `document` is, and `host` as one source: `host` with the bundle beside it.

    Without any problem the model is that of both. Ids are unique over both; event types and notifiers are the
    host's. A bundle that says nothing leaves the host as it is.
    """
    bundle = gather([document])
    schema = validate(document, fragments)
    found = [*_own(bundle), *_taken(bundle, host.places), *conflicts(bundle)]
    found += _checked(bundle, host, encoders, lapps_of(fragments))
    problems = tuple(in_order([*schema, *beyond(schema, found)]))
    if any(problem.severity == "error" for problem in problems):
        return Loaded(None, None, problems)
    joined = replace(host, beside=(_source(bundle, host),) if bundle.entries else ())
    return Loaded(build(joined), joined, problems)


def _checked(
    bundle: Bundle, host: Source, encoders: Mapping[str, Iterable[str]], lapps: Lapps
) -> Iterator[Problem]:
    lent = gather([_lent(host)])
    names = event_names(lent.declared_types())
    settings = Settings(load_preset(host.preset), {}, names)
    seen = replace(
        bundle,
        notifiers=lent.notifiers,
        declared=lent.declared,
        schedules=lent.schedules,
        defaults=None,
    )
    check = Check(settings, Encoders.of(encoders), host.allow_undeclared_events, lapps=lapps)
    yield from check.bundle(seen)


def _lent(host: Source) -> Document:
    """What the host lends, as a document of its own; nobody asks where its parts stand."""
    return Document("", {key: host.content[key] for key in LENT if key in host.content}, Spot(0, 0))


def _source(bundle: Bundle, host: Source) -> Source:
    return Source(
        bundle=RESERVED,
        preset=host.preset,
        preset_version=host.preset_version,
        content=bundle.content(),
        places=bundle.places(),
        encoders=host.encoders,
        allow_undeclared_events=host.allow_undeclared_events,
    )


def _own(bundle: Bundle) -> Iterator[Problem]:
    for root in bundle.roots:
        for key in root.value:
            if key not in _HOLDS:
                hint = "write it into a file of your own bundle"
                yield root.problem("HW131", f"`{key}` cannot stand here", key, hint=hint, key=True)


def _taken(bundle: Bundle, places: Mapping[str, Place]) -> Iterator[Problem]:
    hint = "rename one, or take one away"
    for entry in bundle.entries:
        if entry.id is not None and entry.id in places:
            related = (Related(places[entry.id], "first one here"),)
            yield entry.part.problem("HW101", f'duplicate id "{entry.id}"', "id", hint=hint, related=related)
