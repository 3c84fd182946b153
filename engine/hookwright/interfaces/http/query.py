"""The query of a request that lists something: its filters, how many, from where."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.requests import Request

from .problems import Refusal, Refused

PAGE, PAGE_LIMIT = 50, 500
_OTHERS = ("limit", "cursor")


def bad_query(parameter: str, detail: str) -> Refused:
    """What is wrong with a parameter (400)."""
    return Refused(Refusal(400, "Bad query", f"{parameter}: {detail}", members={"parameter": parameter}))


def read_query(request: Request, parameters: Collection[str]) -> dict[str, str]:
    """All that is given, `limit` and `cursor` too. Raises `Refused` for what is unknown or given twice."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in parameters and name not in _OTHERS:
            known = ", ".join((*parameters, *_OTHERS))
            raise bad_query(name[:50], f"not a parameter; there are {known}")
        if name in given:
            raise bad_query(name, "given twice")
        given[name] = value
    return given


def limit_of(text: str | None) -> int:
    """How many to list. Raises `Refused`."""
    if text is None:
        return PAGE
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= PAGE_LIMIT:
        raise bad_query("limit", f"a number from 1 to {PAGE_LIMIT}")
    return int(text)
