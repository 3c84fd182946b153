"""Load a bundle: from files to a `Model`, or to every problem that keeps it from being one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookwright.schemas.document import Document, parse, read
from hookwright.schemas.preset import Preset, load_preset
from hookwright.schemas.problem import Place, Problem
from hookwright.schemas.validate import Fragments, validate

from .build import Settings, build, event_names
from .bundle import Bundle, conflicts, gather
from .certificates import Certificates
from .check import Check
from .collector import held_back
from .consequences import beyond, in_order
from .files import Files, find_files
from .lapps import Lapps, lapps_of
from .lint.repeats import repeats
from .lint.spans import span_warnings
from .model import Model
from .paths import root_of
from .references import Encoders
from .schema_files import with_schemas
from .source import Source
from .template_files import TemplateFiles

DEFAULT_PRESET = "leadsquared"
DEFAULT_BUNDLE = "default"
RESERVED = "api"  # the bundle of what is made over the API
BUILT_IN_ENCODERS: Mapping[str, Sequence[str]] = {
    "form": ("application/x-www-form-urlencoded",),
    "json": ("application/json",),
    "text": ("text/plain",),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """`model` and `source` are both there, or neither is and `problems` says why. Warnings stop nothing.

    `bundle` is what stands in the files, for those who tell where; None where there are none. `files` are
    what it names beside its YAML.
    """

    model: Model | None
    source: Source | None
    problems: tuple[Problem, ...]
    bundle: Bundle | None = None
    files: tuple[Path, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


@held_back()
def load(
    path: Path,
    *,
    fragments: Fragments | None = None,
    encoders: Mapping[str, Iterable[str]] = BUILT_IN_ENCODERS,
    allow_undeclared_events: bool = False,
    text: bytes | None = None,
) -> Loaded:
    """Load the bundle at `path`, a folder or one file, and report every problem of every file.

    With `text` that is the file, and `path` only what it is called. `fragments` are schemas of plugins, as
    `validate` takes them. `encoders` are names of encoders and the content types each claims. Never raises
    for what stands in the files or for files it cannot read.
    """
    files = find_files(path) if text is None else Files(((path, str(path)),), ())
    documents, unread, problems = _read(files, fragments, text)
    whole = with_schemas(gather(documents), path)
    bundle = whole.bundle
    claims = Encoders.of(encoders)
    root = root_of(path)
    certificates, templates = Certificates(root), TemplateFiles(root)
    found = [
        *conflicts(bundle),
        *whole.problems,
        *_reserved(bundle),
        *_checked(
            bundle,
            certificates,
            templates,
            claims,
            lapps_of(fragments),
            undeclared=allow_undeclared_events,
            complete=not unread,
        ),
    ]
    named = (*whole.files, *certificates.files.paths, *templates.files.paths)
    found = [problem for problem in found if problem.place not in unread]
    problems = in_order([*problems, *beyond(problems, found)])
    if any(problem.severity == "error" for problem in problems):
        return Loaded(None, None, tuple(problems), bundle, named)
    named_texts = {**certificates.files.texts, **templates.files.texts}
    source = _source(bundle, path, claims, named_texts, undeclared=allow_undeclared_events)
    model = build(source)
    problems = in_order([*problems, *repeats(bundle, model), *span_warnings(bundle, model)])
    return Loaded(model, source, tuple(problems), bundle, named)


def load_nothing(
    *, encoders: Mapping[str, Iterable[str]] = BUILT_IN_ENCODERS, allow_undeclared_events: bool = False
) -> Loaded:
    """A bundle without any file: it says nothing, and bundles may stand beside it."""
    source = _source(gather(()), None, Encoders.of(encoders), {}, undeclared=allow_undeclared_events)
    return Loaded(build(source), source, ())


def _reserved(bundle: Bundle) -> Iterator[Problem]:
    for root in bundle.roots:
        if root.value.get("bundle") == RESERVED:
            message = f'the name "{RESERVED}" is taken by what is made over the API'
            yield root.problem("HW130", message, "bundle", hint="choose another name, or leave `bundle` out")


def _read(
    files: Files, fragments: Fragments | None, text: bytes | None
) -> tuple[list[Document], set[Place], list[Problem]]:
    """The documents of all files, the places of what cannot be read, and every problem so far."""
    documents: list[Document] = []
    unread = {problem.place for problem in files.problems}
    problems = list(files.problems)
    for file, name in files.found:
        reading = read(file, name=name) if text is None else parse(text, name=name)
        problems += reading.problems
        unread.update(problem.place for problem in reading.problems)
        if reading.document is not None:
            documents.append(reading.document)
            problems += (each for each in validate(reading.document, fragments) if each.place not in unread)
    return documents, unread, problems


def _checked(
    bundle: Bundle,
    certificates: Certificates,
    templates: TemplateFiles,
    claims: Encoders,
    lapps: Lapps,
    *,
    undeclared: bool,
    complete: bool,
) -> Iterable[Problem]:
    settings = Settings(_preset(bundle), bundle.default_values, event_names(bundle.declared_types()))
    check = Check(settings, claims, undeclared, complete, certificates, lapps, templates)
    return check.bundle(bundle)


def _source(
    bundle: Bundle, path: Path | None, claims: Encoders, files: Mapping[str, str], *, undeclared: bool
) -> Source:
    preset = _preset(bundle)
    return Source(
        bundle=bundle.name or (DEFAULT_BUNDLE if path is None else _bundle_name(path)),
        preset=preset.name,
        preset_version=preset.version,
        content=bundle.content(),
        files=files,
        places=bundle.places(),
        encoders=claims.claims,
        allow_undeclared_events=undeclared,
    )


def _preset(bundle: Bundle) -> Preset:
    """The preset to check against; a name the schema refuses must not hide what else is wrong."""
    name = bundle.preset or DEFAULT_PRESET
    try:
        return load_preset(name if re.fullmatch("[a-z0-9-]{1,63}", name) else DEFAULT_PRESET)
    except FileNotFoundError:
        return load_preset(DEFAULT_PRESET)


def _bundle_name(path: Path) -> str:
    """A folder's own name as far as it can be a bundle's; a single file belongs to the default bundle."""
    if not path.is_dir():
        return DEFAULT_BUNDLE
    name = re.sub(r"[^a-z0-9]+", "-", path.resolve().name.lower()).strip("-")
    name = name[:63].rstrip("-")
    return DEFAULT_BUNDLE if name in {"", RESERVED} else name
