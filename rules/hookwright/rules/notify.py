"""Whom to tell when a delivery failed for good: notifiers as written, and what is wrong with naming them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType

from hookwright.schemas.problem import Problem

from .bundle import Bundle, Part
from .event import JSON
from .merge import Layer
from .model import NotifierSettings
from .namespace import Namespace

KEY = "notify_on_failure"
_OURS = frozenset({"id", "type", "default"})  # the rest is the plugin's


def notifiers(written: Iterable[Layer]) -> tuple[NotifierSettings, ...]:
    """The notifiers of valid entries, ordered by id."""
    return tuple(sorted(map(_notifier, written), key=lambda one: one.id))


def notified(written: JSON, known: Sequence[NotifierSettings]) -> tuple[str, ...]:
    """The ids that `notify_on_failure` stands for, each once."""
    if isinstance(written, list):
        return tuple(dict.fromkeys(str(name) for name in written))
    return tuple(one.id for one in known if one.default) if written is True else ()


def notify_problems(bundle: Bundle, names: Namespace) -> Iterator[Problem]:
    """Names of notifiers that do not exist, and `true` where it would tell nobody."""
    nobody = names.complete and not any(part.value.get("default") is True for part in bundle.notifiers)
    parts = [bundle.defaults] if bundle.defaults else []
    for part in (*parts, *(entry.part for entry in bundle.entries)):
        if nobody and part.value.get(KEY) is True:
            yield _nobody(part, names.notifiers)
        yield from names.notifier_problems(part, KEY)


def _notifier(written: Layer) -> NotifierSettings:
    config: Mapping[str, JSON] = {key: value for key, value in written.items() if key not in _OURS}
    return NotifierSettings(
        id=str(written["id"]),
        type=str(written["type"]),
        default=written.get("default") is True,
        config=MappingProxyType(config),
    )


def _nobody(part: Part, ids: Set[str]) -> Problem:
    hint = "write `default: true` at one of the notifiers" if ids else "add one under `notifiers:`"
    message = "nobody is told: no notifier has `default: true`"
    return part.problem("HW123", message, KEY, hint=hint, severity="warning")
