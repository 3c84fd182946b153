"""`DataSchema`: compiled once, then says of any data whether it fits, and where it does not.

Nothing is fetched. Regular expressions run in time linear in the text, so no data can make one run away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import FancyRegexOptions, RegexOptions, ValidationError

from ..builder import JSON
from .forms import Forms, has_forms
from .parts import Path
from .sentences import Asked, Misfit, sentences

__all__ = ["DataSchema", "Misfit", "Uncompilable", "is_regex"]

MOST_TOLD: Final = 20  # misfits of one value
_LARGEST_REGEX: Final = 1 << 20  # bytes of one compiled expression
_LINEAR = RegexOptions(size_limit=_LARGEST_REGEX, dfa_size_limit=_LARGEST_REGEX)
LARGE: Final = RegexOptions()  # ten times as much
BACKTRACKING: Final = FancyRegexOptions()
_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "offline": True,
        "validate_formats": True,
        "ignore_unknown_formats": False,
        "pattern_options": _LINEAR,
    }
)
_OF_THE_DOCUMENT = frozenset({"$schema", "$id"})


class Uncompilable(ValueError):
    """A schema that cannot be compiled: `path` leads to the fault in it."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True, eq=False)
class DataSchema:
    """A compiled schema. `written` is the schema as it stands in the bundle. Threads may share it."""

    written: JSON = field(repr=False)
    _validator: jsonschema_rs.Draft202012Validator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises `Uncompilable`."""
        object.__setattr__(self, "_validator", _validator(self.written))

    def examples(self) -> list[JSON]:
        """Those of its `examples` that fit it."""
        examples = self.written.get("examples") if isinstance(self.written, dict) else None
        return [each for each in examples if self.fits(each)] if isinstance(examples, list) else []

    def fits(self, data: JSON) -> bool:
        """Whether this data, any JSON, is as the schema asks."""
        return self._validator.is_valid(data)

    def misfits(self, data: JSON, *, thorough: bool = True) -> list[Misfit]:
        """Where it is not, at most 20 places; none when it fits.

        Without `thorough` the first alone, which costs little however many there are.
        """
        found = list(islice(self._misfits(data, thorough=thorough), MOST_TOLD if thorough else 1))
        if not found and not self.fits(data):  # whatever was overlooked: a no stays a no
            found.append(Misfit((), "the data does not fit"))
        return found

    def _misfits(self, data: JSON, *, thorough: bool) -> Iterator[Misfit]:
        forms = _forms(self) if has_forms(self.written) else None
        validator = forms.root if forms else self._validator
        written, branches = (forms.written, forms.branches) if forms else (self.written, {})
        asked = Asked((written,), branches, thorough)
        if thorough:
            for error in validator.iter_errors(data):
                yield from sentences(error, asked)
            return
        try:
            validator.validate(data)
        except ValidationError as error:
            yield from sentences(error, asked)


@lru_cache(maxsize=64)
def _forms(schema: DataSchema) -> Forms:
    """Made when something has to be explained for the first time, which may be never."""
    return Forms(schema.written, _OPTIONS)


def is_regex(text: str, options: RegexOptions | FancyRegexOptions = _LINEAR) -> bool:
    """Whether this is a regular expression: one that runs in linear time and is small, unless told."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text}, offline=True, pattern_options=options)
    except ValueError:
        return False
    return True


def _validator(schema: JSON) -> jsonschema_rs.Draft202012Validator:
    body: Any = schema
    if isinstance(schema, dict):
        body = {key: value for key, value in schema.items() if key not in _OF_THE_DOCUMENT}
    try:
        return jsonschema_rs.Draft202012Validator(body, **_OPTIONS)
    except ValidationError as error:
        raise Uncompilable(error.message, tuple(error.instance_path)) from None
    except (ValueError, RecursionError) as error:
        raise Uncompilable(str(error), ()) from None
