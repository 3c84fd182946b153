"""The files of a catalogue, checked when they are read: a slip in one is a sentence with its place."""

from __future__ import annotations

import json
from functools import cache

import jsonschema_rs

from .builder import JSON
from .document import Document, parse
from .problem import Place
from .schema import load_schema
from .wording import cut

_MESSAGE = 200  # characters of a message that may quote the value


class CatalogueError(ValueError):
    """A file of a catalogue says something it may not. `place` is where."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


def read_catalogue_file(raw: bytes, *, name: str, kind: str) -> tuple[Document, dict[str, JSON]]:
    """The document and its value, which is what the catalogue's schema calls a `kind` ("names", "family").

    Raises `CatalogueError` for the first thing that is wrong.
    """
    reading = parse(raw, name=name)
    for problem in reading.problems:
        raise CatalogueError(problem.place, problem.message)
    document = reading.document
    assert document is not None  # or there would be a problem
    for error in _validator(kind).iter_errors(document.value):
        path = [step if isinstance(step, int) else str(step) for step in error.instance_path]
        where = "/".join(map(str, path))
        raise CatalogueError(document.place(path), f"{where or kind}: {_said(error)}")
    assert isinstance(document.value, dict)  # so the schema says
    return document, document.value


def _said(error: jsonschema_rs.ValidationError) -> str:
    value = error.instance
    if isinstance(value, bool | int | float) and '"null"' in error.message:
        return f'{json.dumps(value)} is neither text nor null; put it in quotes: "{json.dumps(value)}"'
    return cut(error.message, _MESSAGE)


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$defs": load_schema("catalogue")["$defs"], "$ref": f"#/$defs/{kind}"}
    return jsonschema_rs.Draft202012Validator(schema, offline=True)
