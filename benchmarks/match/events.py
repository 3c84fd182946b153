"""Events of the made-up CRM: 10 to 40 fields, two to three levels deep, some of them there only sometimes."""

from __future__ import annotations

import random
from typing import Any

from . import vocabulary as words


def events(count: int, seed: int) -> list[dict[str, Any]]:
    """`count` events; equal arguments give equal events."""
    draw = random.Random(seed)
    return [_event(draw) for _ in range(count)]


def _event(draw: random.Random) -> dict[str, Any]:
    kind = draw.choice(words.TYPES)
    return {
        "id": f"{draw.getrandbits(64):016x}",
        "type": kind,
        "time": _moment(draw),
        "tenant": draw.choice(words.TENANTS),
        "api_version": draw.choice((*words.VERSIONS, "v2")),
        "actor": {
            "kind": draw.choice(words.ACTORS),
            "address": f"10.{draw.randrange(4)}.{draw.randrange(256)}.{draw.randint(1, 254)}",
        },
        "data": {
            "entity": kind.partition("_")[0],
            "record": _record(draw),
            "changed": draw.sample(words.CHANGEABLE, draw.randint(0, 3)),
        },
    }


def _record(draw: random.Random) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": f"{draw.getrandbits(48):012x}",
        "stage": draw.choice(words.STAGES),
        "source": draw.choice(words.SOURCES),
        "owner": {"email": draw.choice(words.OWNERS), "team": draw.choice(words.TEAMS)},
        "score": draw.randint(0, 100),
        "active": draw.random() < 0.8,
    }
    for part, chance in ((_person, 0.9), (_place, 0.9), (_business, 0.8), (_origin, 0.4), (_remarks, 0.3)):
        if draw.random() < chance:
            record.update(part(draw))
    for _ in range(draw.randint(0, 8)):
        record[f"custom_{draw.randint(1, 40)}"] = _custom(draw)
    return record


def _person(draw: random.Random) -> dict[str, Any]:
    name = draw.choice(words.FIRST_NAMES)
    found = {
        "first_name": name,
        "email": f"{name.lower()}.{draw.randint(1, 9999)}@{draw.choice(words.DOMAINS)}",
    }
    if draw.random() < 0.75:
        found["phone"] = f"+{draw.randint(10**10, 10**11)}"
    return found


def _place(draw: random.Random) -> dict[str, Any]:
    city, country = draw.choice(words.CITIES), draw.choice(words.COUNTRIES)
    return {"address": {"city": city, "country": country, "zip": f"{draw.randrange(10**6):06}"}}


def _business(draw: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"company": draw.choice(words.COMPANIES)}
    if draw.random() < 0.75:
        found["amount"] = round(draw.random() * 100_000, 2)
    if draw.random() < 0.5:
        found["product"] = draw.choice(words.PRODUCTS)
    return found


def _origin(draw: random.Random) -> dict[str, Any]:
    campaign, medium = draw.choice(words.CAMPAIGNS), draw.choice(words.MEDIA)
    tags = draw.sample(words.TAGS, draw.randint(0, 4))
    return {"tags": tags, "utm": {"campaign": campaign, "medium": medium, "term": draw.choice(words.TAGS)}}


def _remarks(draw: random.Random) -> dict[str, Any]:
    last = {
        "code": draw.randint(1, 200),
        "note": " ".join(draw.choices(words.TAGS, k=6)),
        "at": _moment(draw),
    }
    notes = None if draw.random() < 0.3 else " ".join(draw.choices(words.TAGS, k=12))
    return {"last_activity": last, "notes": notes}


def _custom(draw: random.Random) -> Any:
    return draw.choice(
        [draw.choice(words.CITIES), draw.randint(0, 1000), draw.random() < 0.5, draw.choice(words.TAGS)]
    )


def _moment(draw: random.Random) -> str:
    return f"2026-11-{draw.randint(1, 28):02}T{draw.randrange(24):02}:{draw.randrange(60):02}:00Z"
