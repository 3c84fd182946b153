"""The words of a made-up CRM, the same in every run: events take their values from them, patterns too."""

from __future__ import annotations

import random
from typing import Final

_draw = random.Random(20_261_123)
_CONSONANTS: Final = "bcdfghklmnprstv"
_VOWELS: Final = "aeiou"


def _words(count: int, syllables: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        pairs = (_draw.choice(_CONSONANTS) + _draw.choice(_VOWELS) for _ in range(syllables))
        found["".join(pairs)] = None
    return list(found)


ENTITIES: Final = (
    *("Lead", "Contact", "Account", "Opportunity", "Activity", "Task"),
    *("Ticket", "Invoice", "Quote", "Campaign", "Call"),
)
TYPES: Final = (
    *(f"{entity}_Post_{done}" for entity in ENTITIES for done in ("Create", "Update", "Delete")),
    "Lead_Post_Merge",
)
STAGES: Final = ("New", "Contacted", "Qualified", "Unqualified", "Proposal", "Negotiation", "Won", "Lost")
SOURCES: Final = (
    *("web", "phone", "email", "partner", "ad", "event"),
    *("referral", "import", "api", "chat", "social", "walk-in"),
)
ACTORS: Final = ("user", "automation", "api", "import")
MEDIA: Final = ("cpc", "organic", "social", "display")
VERSIONS: Final = ("v1", "v2", "v3")
CHANGEABLE: Final = ("stage", "owner", "score", "amount", "email", "phone", "address", "tags")

TENANTS: Final = tuple(f"tenant-{number:03}" for number in range(200))
TEAMS: Final = tuple(f"team-{number}" for number in range(40))
CITIES: Final = tuple(word.capitalize() for word in _words(500, 3))
COUNTRIES: Final = tuple(first + second for first in "BDFGKLMN" for second in "AEIOU")
OWNERS: Final = tuple(f"{word}@sales.example" for word in _words(2000, 4))
FIRST_NAMES: Final = tuple(word.capitalize() for word in _words(400, 3))
DOMAINS: Final = tuple(
    word + _draw.choice([".com", ".io", ".in", ".de", ".co.uk"]) for word in _words(800, 3)
)
COMPANIES: Final = tuple(
    f"{word.capitalize()} {_draw.choice(['Ltd', 'Inc', 'GmbH', 'LLC', 'Pvt Ltd'])}"
    for word in _words(3000, 4)
)
PRODUCTS: Final = tuple(f"SKU-{number:04}" for number in range(600))
CAMPAIGNS: Final = tuple(f"campaign-{number}" for number in range(300))
TAGS: Final = tuple(_words(120, 3))
