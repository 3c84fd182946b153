"""The examples of a code, put before the real `validate`: what is shown of them is what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hookwright.engine.revisions import table_of
from hookwright.engine.simulation.timeline import read_timeline
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.registry import Plugins
from hookwright.schemas.explanation import ExampleFile
from hookwright.schemas.problem import Place, Problem

from .bundle import Bundle
from .live import configure

API_FILE = Path(".hookwright/api/webhooks.yaml")  # where a server keeps what is made over the API


@contextmanager
def laid_out(files: Sequence[ExampleFile]) -> Iterator[Path]:
    """A folder with these files, gone afterwards."""
    with TemporaryDirectory(prefix="hookwright-") as folder:
        for file in files:
            file.write(Path(folder))
        yield Path(folder)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What is wrong with the bundle in `folder` and the timelines beside it, files named from there.

    With built-in plugins only.
    """
    configuration, problems = configure(Bundle(folder, _plugins()), folder / API_FILE)
    if configuration is not None:
        table = table_of(configuration.source)
        read = [read_timeline(path, table) for path in sorted(folder.glob("*.timeline.yaml"))]
        problems = (*problems, *(problem for each in read if isinstance(each, tuple) for problem in each))
    return tuple(_from(folder, problem) for problem in problems)


@cache
def _plugins() -> Plugins:
    return load_plugins(allow=())


def _from(folder: Path, problem: Problem) -> Problem:
    related = tuple(replace(each, place=_named(folder, each.place)) for each in problem.related)
    return replace(problem, place=_named(folder, problem.place), related=related)


def _named(folder: Path, place: Place) -> Place:
    file = Path(place.file)
    return replace(place, file=str(file.relative_to(folder))) if file.is_relative_to(folder) else place
