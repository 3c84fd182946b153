"""The public API as its users type against it; checked by pyright in strict mode, never run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hookwright.plugins import hookimpl
from hookwright.plugins.hookspecs import BodyContext, Encoded, Encoder
from hookwright.rules import PatternError, PatternIndex


def match() -> frozenset[str]:
    index = PatternIndex({"hot": {"ProspectStage": ["Qualified", {"prefix": "Hot"}]}})
    return index.match({"ProspectStage": "Hot lead"})


def explain() -> tuple[str, str | None]:
    try:
        PatternIndex({"wrong": {"Stage": [{"prefx": "Hot"}]}})
    except PatternError as error:
        return error.message, error.hint
    return "", None


class Shout:
    name = "shout"
    content_types = ("text/x-shout",)
    schema: Mapping[str, object] = MappingProxyType({})

    def encode(self, value: object, context: BodyContext) -> Encoded:
        return Encoded(str(value).upper().encode())


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [Shout()]
