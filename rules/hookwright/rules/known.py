"""The keys and values this version reads: what a newer one published is refused, not half obeyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from .event import JSON
from .merge import GROWING, LISTED, Layer
from .targets import FIELDS, TEMPLATE

BREAKER = frozenset({"failures", "probe", "probe_max"})
RETRY = GROWING | {LISTED, "retry_after", "max_age"}
DISABLE_AFTER = frozenset({"failures", "for", "tries", "status"})
TLS = frozenset({"ca", "certificate", "key"})
BATCH = frozenset({"window", "max_events", "max_bytes", "key", "on_too_large"})
SCHEDULE = frozenset({"id", "timezone", "weekdays", "between"})
DEDUPE = frozenset({"key", "window"})
TARGET = frozenset(FIELDS) | {TEMPLATE}
SUBSCRIBER = frozenset(
    {
        "id",
        "description",
        "event",
        "source",
        "match",
        "if",
        "delay",
        "batch",
        "order_by",
        "dedupe",
        "hold_outside",
        "skip_outside",
        "disable_after",
        "notify_on_failure",
        "labels",
        "owner",
        "enabled",
        "redact",
    }
)
LAPP = frozenset({"name", "config", "stage"})
WEBHOOK = SUBSCRIBER | TARGET | {"type", "lapp"}
RULE = SUBSCRIBER | {"actions"}
ACTION = frozenset({"post", "notify", "lapp", "emit"})
NOTIFY = frozenset({"to", "message"})
EMIT = frozenset({"type", "subject", "data"})
OF_RUNS = frozenset({"cron", "key", "mode", "max", "on_overflow", "vars", "steps", "on_failure"})
AUTOMATION = SUBSCRIBER | OF_RUNS
CRON = frozenset({"at", "timezone", "missed"})
STEP = ACTION | {
    "id",
    "wait",
    "wait_for",
    "if",
    "then",
    "else",
    "choose",
    "for_each",
    "set",
    "stop",
    "on_error",
}
WAIT_FOR = frozenset({"event", "match", "timeout"})
CHOICE = frozenset({"when", "do"})
FOR_EACH = frozenset({"in", "as", "parallel", "do"})
EVENT = frozenset({"type", "description", "schema"})
LISTS = ("webhooks", "rules", "automations", "events", "notifiers", "schedules")  # of mappings, at the root
ROOT = frozenset({"bundle", "defaults", *LISTS})
_BELOW: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "batch": BATCH,
        "cron": CRON,
        "breaker": BREAKER,
        "dedupe": DEDUPE,
        "lapp": LAPP,
        "disable_after": DISABLE_AFTER,
        "retry": RETRY,
        "tls": TLS,
    }
)
_MAPPING = (Mapping,)
_TAKES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("auth", "cron", "dedupe", "headers", "labels", "match"), _MAPPING),
        **dict.fromkeys(("query", "retry", "signing", "tls", "vars"), _MAPPING),
        **dict.fromkeys(("batch", "breaker", "disable_after"), (Mapping, bool)),
        **dict.fromkeys(("enabled", "entity_params"), (bool,)),
        **dict.fromkeys(("event", "source"), (str, list)),
        "if": (str, bool),
        "notify_on_failure": (bool, list),
        "lapp": (str, Mapping),
        "redact": (list,),
        **dict.fromkeys(("key", "mode", "on_overflow"), (str,)),
        "max": (int, float),
        **dict.fromkeys(("order_by", "hold_outside", "skip_outside"), (str,)),
        "rate": (str,),
        "url": (str,),
    }
)
"""What may stand under the keys of which another value would be read past."""


def unknown_keys(content: Layer) -> Iterator[str]:
    """What this version would not read of a source's content: `webhooks/0/signing`, a template somewhere."""
    yield from _beyond(content, ROOT, "")
    yield from _no_mappings(content, LISTS, "")
    yield from _no_mapping(content, "defaults", "")
    for key in ("defaults", "webhooks"):
        for where, part in _parts(content, key):
            yield from _settings(part, WEBHOOK, where)
    for where, part in _parts(content, "rules"):
        yield from _rule(part, where)
    for where, part in _parts(content, "automations"):
        yield from _automation(part, where)
    for where, part in _parts(content, "events"):
        yield from _beyond(part, EVENT, where)
    for where, part in _parts(content, "schedules"):
        yield from _beyond(part, SCHEDULE, where)


def _rule(rule: Layer, where: str) -> Iterator[str]:
    yield from _settings(rule, RULE, where)
    yield from _no_mappings(rule, ("actions",), where)
    for below, action in _parts(rule, "actions"):
        yield from _beyond(action, ACTION, f"{where}{below}")
        yield from _action(action, f"{where}{below}")


def _automation(automation: Layer, where: str) -> Iterator[str]:
    yield from _settings(automation, AUTOMATION, where)
    yield from _no_mappings(automation, ("steps", "on_failure"), where)
    for below, action in _parts(automation, "on_failure"):
        yield from _beyond(action, ACTION, f"{where}{below}")
        yield from _action(action, f"{where}{below}")
    yield from _steps(automation, "steps", where)


def _steps(part: Layer, key: str, where: str) -> Iterator[str]:
    """The steps in the list under `key`, and those inside of them."""
    yield from _no_mappings(part, (key,), where)
    for below, step in _parts(part, key):
        here = f"{where}{below}"
        yield from _beyond(step, STEP, here)
        yield from _action(step, here)
        for inside in ("then", "else"):
            yield from _steps(step, inside, here)
        yield from _no_mappings(step, ("choose",), here)
        for kind, keys in (("wait_for", WAIT_FOR), ("choose", CHOICE), ("for_each", FOR_EACH)):
            for deeper, found in _parts(step, kind):
                yield from _beyond(found, keys, f"{here}{deeper}")
                yield from _steps(found, "do", f"{here}{deeper}")


def _action(action: Layer, where: str) -> Iterator[str]:
    """What is done under one of the keys of an action, or of a step."""
    for kind in ("post", "notify", "emit"):
        yield from _no_mapping(action, kind, where)
    for kind, keys in (("notify", NOTIFY), ("emit", EMIT)):
        for below, said in _parts(action, kind):
            yield from _beyond(said, keys, f"{where}{below}")
    for below, target in _parts(action, "post"):
        yield from _settings(target, TARGET, f"{where}{below}")
    if not _is_read("lapp", action.get("lapp", "")):
        yield f"the value of {where}lapp"
    for below, lapp in _parts(action, "lapp"):
        yield from _beyond(lapp, LAPP, f"{where}{below}")


def _settings(part: Layer, known: frozenset[str], where: str) -> Iterator[str]:
    yield from _beyond(part, known, where)
    yield from (f"the value of {where}{key}" for key, value in part.items() if not _is_read(key, value))
    for key, keys in _BELOW.items():
        for below, deeper in _parts(part, key):
            yield from _beyond(deeper, keys, f"{where}{below}")


def _is_read(key: str, value: JSON) -> bool:
    if key == "type":
        return value in {"webhook", "lapp"}
    return key not in _TAKES or isinstance(value, _TAKES[key])


def _no_mapping(part: Layer, key: str, where: str) -> Iterator[str]:
    if not isinstance(part.get(key, {}), Mapping):
        yield f"the value of {where}{key}"


def _no_mappings(part: Layer, keys: tuple[str, ...], where: str) -> Iterator[str]:
    """The lists that are none, and their items that are no mappings."""
    for key in keys:
        items = part.get(key, [])
        if not isinstance(items, list):
            yield f"the value of {where}{key}"
            continue
        for index, item in enumerate(items):
            if not isinstance(item, Mapping):
                yield f"the value of {where}{key}/{index}"


def _beyond(part: Layer, known: frozenset[str], where: str) -> Iterator[str]:
    return (f"{where}{key}" for key in part if key not in known)


def _parts(part: Layer, key: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The mapping under `key`, or the mappings in the list there, and the way to each."""
    value = part.get(key)
    if isinstance(value, Mapping):
        yield f"{key}/", value
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, Mapping):
            yield f"{key}/{index}/", item
