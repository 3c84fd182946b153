"""Read a `Target` from its merged settings. What they leave out keeps the built-in value of `model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from hookwright.schemas.grammar import duration

from .event import JSON
from .expression.slots import slots
from .merge import LISTED, Layer
from .model import Auth, Breaker, Rate, RetryPolicy, SecretReference, Target, Text, Tls
from .references import Encoders
from .telling import BodyTemplate

BUILT_IN = Target(url="")
BUILT_IN_BREAKER = Breaker()
MAX_WAIT = 24 * 3_600_000  # ms between two tries, unless `retry.max` says otherwise
BODYLESS = frozenset({"GET", "DELETE"})
"""Methods whose calls have no body: the event's data goes into the query, written as a form's fields are."""

CALLED = frozenset(
    {
        "url",
        "method",
        "query",
        "encoder",
        "content_type",
        "headers",
        "auth",
        "signing",
        "tls",
        "success",
        "body",
        "template",
        "entity_params",
    }
)
"""The keys of a target that say what is called over the network, and how."""

TEMPLATE = "template"
QUERY_ENCODER, QUERY_TYPE = "form", "application/x-www-form-urlencoded"
_INITIAL = "10s"
_MULTIPLIER = 3


def target(merged: Layer, encoders: Encoders, files: Mapping[str, str]) -> Target:
    """The target of valid settings. `files` are the texts of those it may name.

    Raises LookupError when no encoder claims its content type, or a file is not among them.
    """
    said: dict[str, Any] = {key: read(merged[key]) for key, read in FIELDS.items() if key in merged}
    if "tls" in said:
        said["tls"] = _with_files(said["tls"], files)
    if is_bodyless(merged):
        said |= {"encoder": QUERY_ENCODER, "content_type": QUERY_TYPE}
    elif "encoder" not in said:
        said["encoder"] = encoders.claimants(said.get("content_type", BUILT_IN.content_type))[0]
    if TEMPLATE in merged:
        said["body"] = BodyTemplate(files[str(merged[TEMPLATE])], whole=True)
    return _with_slots(Target(**said))


def _with_slots(target: Target) -> Target:
    named = (value for _, value in (*target.query, *target.headers) if isinstance(value, str))
    found = dict.fromkeys(slot for text in (target.url, *named) for slot in slots(text))
    return replace(target, slots=tuple(found)) if found else target


def is_bodyless(merged: Layer) -> bool:
    """Whether calls under these settings, valid or not, have no body."""
    method = merged.get("method")
    return isinstance(method, str) and method in BODYLESS


def retry_policy(retry: Layer) -> RetryPolicy:
    """What a `retry` setting says; waits are as listed, or min(initial * multiplier^(n-1), max)."""
    said: dict[str, Any] = {"waits": _waits(retry)}
    if "retry_after" in retry:
        said["retry_after"] = bool(retry["retry_after"])
    if "max_age" in retry:
        said["max_age"] = duration(str(retry["max_age"]))
    return RetryPolicy(**said)


def _waits(retry: Layer) -> tuple[int, ...]:
    if LISTED in retry:
        return tuple(duration(str(each)) for each in cast("list[JSON]", retry[LISTED]))
    attempts = _whole(retry.get("attempts", BUILT_IN.retry.tries))
    initial = duration(str(retry.get("initial", _INITIAL)))
    ceiling = duration(str(retry["max"])) if "max" in retry else MAX_WAIT
    multiplier = cast("float", retry.get("multiplier", _MULTIPLIER))
    return tuple(_growing(attempts - 1, initial, multiplier, ceiling))


def _growing(count: int, initial: int, multiplier: float, ceiling: int) -> list[int]:
    """Multiplied step by step and capped on the way: no power can overflow."""
    waits: list[int] = []
    wait = float(initial)
    for _ in range(count):
        wait = min(wait, float(ceiling))
        waits.append(round(wait))
        wait *= multiplier
    return waits


def success_codes(written: JSON) -> frozenset[int]:
    """The status codes `200`, `2xx` or a list of either stand for."""
    codes: set[int] = set()
    for each in written if isinstance(written, list) else [written]:
        if isinstance(each, str) and each.endswith("xx"):
            codes.update(range(int(each[0]) * 100, int(each[0]) * 100 + 100))
        else:
            codes.add(int(cast("int | str", each)))
    return frozenset(codes)


def breaker(written: JSON) -> Breaker | None:
    """A breaker, what it leaves out as built in; None for `false`."""
    if not isinstance(written, Mapping):
        return None
    failures = _whole(written.get("failures", BUILT_IN_BREAKER.failures))
    probe = _milliseconds(written.get("probe"), BUILT_IN_BREAKER.probe)
    longest = _milliseconds(written.get("probe_max"), BUILT_IN_BREAKER.probe_max)
    return Breaker(failures, probe, max(probe, longest))


def rate(written: JSON) -> Rate:
    """The rate that `10/s` stands for."""
    calls, unit = str(written).split("/")
    return Rate(int(calls), duration(f"1{unit}"))


def _milliseconds(written: JSON, otherwise: int) -> int:
    return otherwise if written is None else duration(str(written))


def _whole(written: JSON) -> int:
    """A whole number; `4.0` is one in JSON."""
    return int(cast("float", written))


def _auth(written: JSON) -> Auth:
    config = dict(cast("Mapping[str, JSON]", written))
    return Auth(str(config.pop("type")), MappingProxyType(config))


def _tls(written: JSON) -> Tls:
    """As written: in place of the texts stand the names of their files."""
    said = cast("Mapping[str, JSON]", written)
    key = _text(said["key"]) if "key" in said else None
    return Tls(
        str(said.get("ca", "")),
        str(said.get("certificate", "")),
        key if isinstance(key, SecretReference) else None,
    )


def _with_files(tls: Tls, files: Mapping[str, str]) -> Tls:
    return Tls(files[tls.ca] if tls.ca else "", files[tls.certificate] if tls.certificate else "", tls.key)


def _named(written: JSON) -> tuple[tuple[str, Text], ...]:
    """Sorted by name, so that the order of keys in YAML means nothing. A list repeats its name, in order."""
    entries = cast("Mapping[str, JSON]", written)
    return tuple(
        (name, _text(each))
        for name in sorted(entries, key=lambda name: (name.lower(), name))
        for each in lines(entries[name])
    )


def lines(written: JSON) -> list[JSON]:
    """The values a header is sent with: one, or each of a list."""
    return written if isinstance(written, list) else [written]


def _text(written: JSON) -> Text:
    if isinstance(written, dict):
        ((source, name),) = written.items()
        return SecretReference(source, str(name))
    return str(written)


FIELDS: Mapping[str, Callable[[JSON], object]] = {
    "auth": _auth,
    "body": BodyTemplate,
    "breaker": breaker,
    "concurrency": _whole,
    "content_type": str,
    "encoder": str,
    "entity_params": bool,
    "headers": _named,
    "method": str,
    "query": _named,
    "rate": rate,
    "retry": lambda written: retry_policy(cast("Layer", written)),
    "signing": _auth,
    "success": success_codes,
    "timeout": lambda written: duration(str(written)),
    "tls": _tls,
    "url": str,
}
