"""The rule sets event-ruler measures itself with, and made-up lots of the GeoJSON shape they ask about."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

RULES: Final = Path(__file__).parent / "citylots2_rules.json"

_STREETS: Final = (
    *("ACADIA", "ACEVEDO", "ANZA", "BALBOA", "BEACH", "BLAKE", "BLANCHE", "BROADWAY", "BUSH", "CABRILLO"),
    *("CALIFORNIA", "CHESTNUT", "CLAY", "CLEMENT", "DIEGO", "DRUMM", "FELL", "FILBERT", "FOLSOM", "FULTON"),
    *("FUNSTON", "GEARY", "GREEN", "GREENWICH", "GROVE", "HAIGHT", "HAYES", "HOWARD", "HYDE", "INDIANA"),
    *("IRVING", "JACKSON", "JEFFERSON", "JUDAH", "KING", "KIRKHAM", "LAKE", "LARKIN", "LAWTON", "LINCOLN"),
    *("MARKET", "MASON", "MISSION", "MORAGA", "NORIEGA", "OAK", "OCEAN", "ORTEGA", "PACHECO", "PAGE"),
    *("PINE", "POST", "QUINTARA", "RHODE ISLAND", "RIVERA", "SACRAMENTO", "SANTIAGO", "SLOAT", "SPEAR"),
    *("STERLING", "SUTTER", "TARAVAL", "TURK", "ULLOA", "UNION", "VALLEJO", "VICENTE", "WASHINGTON"),
    *(f"{number}TH" for number in range(4, 49)),
)
_KINDS: Final = {"ST": 55, "AVE": 27, "CT": 5, "DR": 4, "BLVD": 3, "WAY": 2, "TER": 2, None: 2}
_WANTED: Final = ("1430022", "2607117", "2607218", "3745012", "VACSTWIL")  # lots that the exact rules name


def rule_sets() -> dict[str, dict[str, dict[str, Any]]]:
    """The patterns of every set by name, and all but those over lists of objects as `COMBO`."""
    read = json.loads(RULES.read_text(encoding="utf-8"))
    sets = {
        name: {f"{name}-{number}": pattern for number, pattern in enumerate(patterns)}
        for name, patterns in read.items()
    }
    together = [patterns for name, patterns in sets.items() if name != "COMPLEX_ARRAYS"]
    return {**sets, "COMBO": {name: pattern for patterns in together for name, pattern in patterns.items()}}


def lots(count: int, seed: int) -> list[dict[str, Any]]:
    """`count` lots; equal arguments give equal lots."""
    draw = random.Random(seed)
    return [_lot(draw) for _ in range(count)]


def _lot(draw: random.Random) -> dict[str, Any]:
    block, lot = f"{draw.randint(1, 4999):04}", f"{draw.randint(1, 120):03}"
    number = None if draw.random() < 0.01 else str(draw.randint(1, 4999))
    corners = _corners(draw)
    return {
        "type": "Feature",
        "properties": {
            "MAPBLKLOT": draw.choice(_WANTED) if draw.random() < 0.003 else block + lot,
            "BLKLOT": block + lot,
            "BLOCK_NUM": block,
            "LOT_NUM": lot,
            "FROM_ST": number,
            "TO_ST": number,
            "STREET": None if draw.random() < 0.01 else draw.choice(_STREETS),
            "ST_TYPE": draw.choices(list(_KINDS), list(_KINDS.values()))[0],
            "ODD_EVEN": draw.choice("OE"),
        },
        "geometry": {
            "type": "MultiPolygon" if draw.random() < 0.0006 else "Polygon",
            "coordinates": corners,
            "firstCoordinates": corners[0],
        },
    }


def _corners(draw: random.Random) -> list[dict[str, float]]:
    """The corners of a lot, the first one again at the end."""
    east, north = -122.5 + draw.random() * 0.12, 37.71 + draw.random() * 0.1
    corners: list[dict[str, float]] = [
        {"x": east + draw.random() / 1000, "y": north + draw.random() / 1000, "z": 0}
        for _ in range(draw.choice([5, 5, 5, 6, 7, 8, 9, 12]))
    ]
    return [*corners, corners[0]]
